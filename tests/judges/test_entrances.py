"""Clients that go through a Service are reported beside those that follow the Sentinels, with what made them differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from redis_resilience.judges.judge import judge
from redis_resilience.model.operations import Cause
from redis_resilience.model.plan import Load, Writers
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import Finding, Judgement, Verdict

OUTAGE, WRITES, RESTORED = "entrances.outage", "entrances.writes", "availability.restored"
SERVICE = "service/redis"


def beside(
    kill: Any, *groups: Writers, back: int = 2020, stale: tuple[int, int] = (0, 0), never: bool = False, **expect: Any
) -> Any:
    """The kill of `master_kill`; a client through the Service writes again at `back`, after READONLY of redis-2.

    stale: when redis-0 acknowledges what it writes, though redis-1 is master. never: nothing ever listens there.
    """
    story = kill(**expect)
    through = groups or (Writers(count=1, rate=100.0), Writers(count=1, rate=100.0, target=SERVICE))
    story.plan = replace(story.plan, load=Load(writers=through, min_share=0.0))
    story.operations = [(*row[:5], 1, *row[6:]) for row in story.operations]
    for key, at in enumerate(range(0, 3490, 10), start=len(story.operations)):
        if never:
            story.write(key, at, client=2, server=NO_SERVER, connection=0, cause=Cause.REFUSED)
        elif at < 500 or at >= back or stale[0] <= at < stale[1]:
            old = at < 500 or stale[0] <= at < stale[1]
            story.write(key, at, client=2, server=0 if old else 1)
        elif at < 2300:
            story.write(key, at, client=2, server=NO_SERVER, connection=0, cause=Cause.REFUSED)
        else:
            story.write(key, at, client=2, server=2, cause=Cause.READONLY)
    gone = range(350 + stale[0] // 10, 350 + stale[1] // 10)
    keys = [row[0] for row in story.operations if row[8] == Cause.NONE and row[0] not in gone]
    for number, role in enumerate(("replica", "master", "replica")):
        story.final(number, keys, role=role, run_id="run-0b" if number == 0 else None)
    return story


def judged(story: Any) -> tuple[Judgement, dict[str, Finding]]:
    found = judge(story.history())
    return found, {finding.name: finding for finding in found.findings}


def test_nothing_is_said_where_no_client_goes_through_one(kill: Any) -> None:
    assert not {OUTAGE, WRITES} & judged(kill())[1].keys()


def test_what_kept_them_out_longer_is_counted_by_cause(kill: Any) -> None:
    """Only attempts after the others wrote again; the outage of the others stays what it was."""
    found, by_name = judged(beside(kill, back=2500))

    told = by_name[OUTAGE]
    assert told.verdict is Verdict.PASS
    assert told.text.endswith(
        "service/redis: 2010 ms without an acknowledged write, 1530 ms for clients that follow the Sentinels; they "
        "wrote again 480 ms later: 27 found nothing that accepted a connection, 20 were sent to a replica (redis-2)"
    )
    assert round(found.availability.outage_ms) == 1530
    assert found.figures["entrances"] == {"service/redis outage_ms": 2010.0}


def test_a_pod_that_became_ready_just_before_is_named(kill: Any) -> None:
    """A Service leads to no other: its readiness is what was waited for."""
    story = beside(kill, back=2500)
    story.event(2440, "kubernetes", "pod-ready", pod="redis-1", uid="u")

    assert judged(story)[1][OUTAGE].text.endswith("; redis-1, which answered first, became ready 61 ms before that")


def test_who_writes_again_no_later_has_nothing_to_explain(kill: Any) -> None:
    assert judged(beside(kill))[1][OUTAGE].text.endswith("; they wrote again no later")


def test_who_never_writes_again_fails_like_any_client(kill: Any) -> None:
    """The Service leads nowhere, or to a replica, for good."""
    _, by_name = judged(beside(kill, back=9000))

    assert "they had not written again" in by_name[OUTAGE].text
    assert by_name[RESTORED].verdict is not Verdict.PASS
    assert "group 2 (service/redis)" in by_name[RESTORED].text


def test_alone_they_are_compared_with_nobody(kill: Any) -> None:
    story = beside(kill, Writers(count=2, rate=200.0, target=SERVICE), back=2500)

    assert judged(story)[1][OUTAGE].text.endswith("; no clients that follow the Sentinels are beside them")


def test_an_entrance_that_never_led_there_is_no_measurement(kill: Any) -> None:
    told = judged(beside(kill, never=True))[1][OUTAGE]
    assert told.verdict is Verdict.UNKNOWN
    assert "found nothing that accepted a connection; is that its name and port" in told.text


def test_what_an_old_master_acknowledged_is_named_with_what_is_lost(kill: Any) -> None:
    """Through the Service, while the Sentinels and the others had another one."""
    found, by_name = judged(beside(kill, back=2600, stale=(2100, 2200), max_lost=None))

    assert "service/redis: 149 acknowledged, 10 of them by redis-0, which was not the master, 10 lost" in (
        by_name[WRITES].text
    )
    assert found.writes.lost_by_cause == {"split brain": 10}


def test_losses_are_counted_like_any_others(kill: Any) -> None:
    assert judged(beside(kill, back=2600, stale=(2100, 2200)))[1]["ledger.lost"].verdict is Verdict.FAIL
