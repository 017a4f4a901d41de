"""One client or one group that is shut out decides, however well all others are served."""

from dataclasses import replace
from typing import Any

import pytest

from redis_resilience.judges.judge import judge
from redis_resilience.model.events import Role
from redis_resilience.model.operations import Cause
from redis_resilience.model.plan import Load, Windows, Writers
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import Verdict
from tests.judges.conftest import ns

OUTAGE, RESTORED = "availability.outage", "availability.restored"
HEALED, QUIESCED = 3200, 3500


def served(kill: Any, *, groups: tuple[Writers, ...] = (Writers(count=2, rate=200.0),), **expect: Any) -> Any:
    """The kill of `master_kill`, of which the writers after the first have nothing to report yet."""
    story = kill(**expect)
    story.plan = replace(story.plan, load=Load(writers=groups, min_share=0.0))
    story.operations = [(*row[:5], 1, *row[6:]) for row in story.operations]
    return story


def second(story: Any, *, shut_out: tuple[int, int], until: int = 3490, every: int = 10, client: int = 2) -> Any:
    """Another client writes all the time, but for that time in which no attempt of it is acknowledged."""
    for key, at in enumerate(range(0, until, every), start=len(story.operations)):
        gone = shut_out[0] <= at < shut_out[1]
        server = NO_SERVER if gone else 0 if at < 500 else 1
        story.write(key, at, client=client, server=server, cause=Cause.REFUSED if gone else Cause.NONE)
    keys = [row[0] for row in story.operations if row[8] == Cause.NONE]
    for number, role in enumerate(("replica", "master", "replica")):
        story.final(number, keys, role=role, run_id="run-0b" if number == 0 else None)
    return story


def extended(story: Any, *, to: int) -> Any:
    """The wait for redundancy after the heal took until then; all is watched, and read, that much later."""
    late = {name: to + 100 * number for number, name in enumerate(("quiesce", "read", "done"))}
    story.events = [
        event for event in story.events if getattr(event, "name", "") not in late and event.label != "load-end"
    ]
    for name, at in late.items():
        story.phase(at, name)
    story.event(to + 90, "probe", "load-end", writes=len(story.operations))
    for at in range(3600, to + 200, 20):
        for number, role in enumerate((Role.REPLICA, Role.MASTER, Role.REPLICA)):
            story.sample(number, at, role, offset=at * 10, source=NO_SERVER if role is Role.MASTER else 1)
    story.finals = {
        name: replace(final, begin_ns=ns(to + 110), end_ns=ns(to + 150)) for name, final in story.finals.items()
    }
    return story


def half_refused(story: Any, *, since: int, until: int = 3490) -> Any:
    """Another client's writes, of which every second one is refused from then on, until there is a new master."""
    for key, at in enumerate(range(0, until, 5), start=len(story.operations)):
        cause = Cause.REFUSED if 500 <= at < 2020 else Cause.NOREPLICAS if at >= since and key % 2 else Cause.NONE
        server = NO_SERVER if cause is Cause.REFUSED else 0 if at < 500 else 1
        story.write(key, at, client=2, server=server, cause=cause)
    keys = [row[0] for row in story.operations if row[8] == Cause.NONE]
    for number, role in enumerate(("replica", "master", "replica")):
        story.final(number, keys, role=role, run_id="run-0b" if number == 0 else None)
    return story


def findings(story: Any) -> dict[str, Any]:
    return {finding.name: finding for finding in judge(story.history()).findings}


def test_all_clients_are_back(kill: Any) -> None:
    found = findings(second(served(kill, max_outage_s=2.0), shut_out=(500, 2020)))

    assert (found[OUTAGE].verdict, found[RESTORED].verdict) == (Verdict.PASS, Verdict.PASS)
    assert found[RESTORED].text.endswith("; all did")


def test_one_client_that_is_shut_out_longer_than_allowed_fails_though_the_others_write(kill: Any) -> None:
    found = findings(second(served(kill, max_outage_s=2.0), shut_out=(500, 3000)))

    assert found[OUTAGE].verdict is Verdict.FAIL
    assert "client 2 of group 1 (master) for 2490 ms without one by themselves" in found[OUTAGE].text


def test_a_client_that_is_shut_out_for_good_never_passes(kill: Any) -> None:
    """Without a limit, too: `fail` where the wait after the heal ran out meanwhile, `unknown` where it was shorter."""
    soon = findings(second(served(kill), shut_out=(500, 9000)))
    assert soon[RESTORED].verdict is Verdict.UNKNOWN
    assert soon[RESTORED].text.endswith(
        "(master) for 2980 ms without one up to the end, which is too short to tell whether for good"
    )

    story = served(kill)
    story.plan = replace(story.plan, windows=Windows(heal_s=1.0))
    late = findings(extended(second(story, shut_out=(500, 9000), until=4300), to=4400))
    assert late[RESTORED].verdict is Verdict.FAIL
    assert "client 2 of group 1 (master) for 3790 ms without one up to the end" in late[RESTORED].text


def test_a_client_that_was_never_served_is_no_pass(kill: Any) -> None:
    assert findings(second(served(kill), shut_out=(0, 9000)))[RESTORED].verdict is Verdict.UNKNOWN
    assert findings(second(served(kill, max_outage_s=2.0), shut_out=(0, 9000)))[OUTAGE].verdict is Verdict.FAIL


@pytest.mark.parametrize(("target", "verdict"), [("redis-0.redis", Verdict.FAIL), ("redis-0", Verdict.PASS)])
def test_a_group_that_follows_a_name_decides_about_the_outage_and_one_pinned_to_a_server_does_not(
    kill: Any, target: str, verdict: Verdict
) -> None:
    groups = (Writers(count=1, rate=100.0), Writers(target=target, count=1, rate=100.0))
    story = second(served(kill, groups=groups, max_outage_s=2.0), shut_out=(500, 9000))

    found = findings(story)
    assert found[OUTAGE].verdict is verdict
    assert found[RESTORED].verdict is Verdict.PASS  # neither is required to find the new master


def test_a_client_that_sends_little_is_shut_out_only_between_attempts_that_failed(kill: Any) -> None:
    """One attempt each 800 ms: two that fail in a row prove 800 ms, however long ago the last one succeeded."""
    story = second(served(kill, max_outage_s=1.6), shut_out=(500, 2020), every=800)

    assert findings(story)[OUTAGE].verdict is Verdict.PASS


def test_an_outage_that_lasts_to_the_end_without_a_master_fails_without_a_limit(kill: Any) -> None:
    """The final state is not as expected either: that hides nothing."""
    story = kill(failover=None)
    story.operations = [
        row if row[8] != Cause.NONE or row[6] == 0 else (*row[:6], NO_SERVER, 0, Cause.READONLY, *row[9:])
        for row in story.operations
    ]
    for number in range(3):
        story.final(number, range(50), run_id="run-0b" if number == 0 else None)

    found = findings(story)
    assert found[RESTORED].verdict is Verdict.FAIL
    assert "all clients for 2990 ms without one up to the end, when no server was master" in found[RESTORED].text
    assert judge(story.history()).verdict is Verdict.FAIL


def test_a_lasting_outage_fails_where_a_server_was_never_read(kill: Any) -> None:
    """Of findings on the end nothing is known then; of the clients it is."""
    story = kill()
    story.plan = replace(story.plan, windows=Windows(heal_s=1.0))
    story.operations = [
        row if row[8] != Cause.NONE or row[6] == 0 else (*row[:6], NO_SERVER, 0, Cause.REFUSED, *row[9:])
        for row in story.operations
    ]
    for key, at in enumerate(range(3500, 4300, 10), start=350):
        story.write(key, at, server=NO_SERVER, cause=Cause.REFUSED, client=2)
    del story.finals["redis-1"]

    found = findings(extended(story, to=4400))
    assert found["convergence.final_master"].verdict is Verdict.UNKNOWN
    assert found[RESTORED].verdict is Verdict.FAIL
    assert judge(story.history()).verdict is Verdict.FAIL


def test_an_outage_that_the_scenario_leaves_behind_is_not_judged(kill: Any) -> None:
    assert RESTORED not in findings(second(served(kill, heals=False), shut_out=(500, 9000)))


def one_group(kill: Any, **windows: float) -> Any:
    """Two clients with so much patience that it fits twice between the failover and the end."""
    story = served(kill, groups=(Writers(count=2, rate=200.0, timeout_ms=500),))
    story.plan = replace(story.plan, windows=Windows(**windows))
    return story


def test_writes_refused_in_part_up_to_the_end_are_no_pass(kill: Any) -> None:
    """`unknown`; `fail` where the wait after the heal ran out meanwhile."""
    soon = findings(half_refused(one_group(kill), since=2020))[RESTORED]
    late = findings(extended(half_refused(one_group(kill, heal_s=1.0), since=2020, until=4300), to=4400))[RESTORED]

    assert (soon.verdict, late.verdict) == (Verdict.UNKNOWN, Verdict.FAIL)
    assert late.text.endswith("% of the writes were refused in the last 1000 ms of it (NOREPLICAS)")
    assert soon.text.endswith("(NOREPLICAS), which is too short to tell whether for good")


@pytest.mark.parametrize("since", [0, 3400])
def test_writes_refused_as_before_or_for_a_moment_only_are_a_pass(kill: Any, since: int) -> None:
    assert findings(half_refused(one_group(kill), since=since))[RESTORED].verdict is Verdict.PASS


def test_an_outage_that_ended_just_before_the_load_is_no_partial_refusal(kill: Any) -> None:
    """All writes fail in every slice but the last, of which a third fails."""
    story = second(one_group(kill), shut_out=(500, 3400), every=5)
    story.operations = [
        row
        if row[8] != Cause.NONE or not ns(500) <= row[2] < ns(3400)
        else (*row[:6], NO_SERVER, 0, Cause.REFUSED, *row[9:])
        for row in story.operations
    ]

    assert findings(story)[RESTORED].verdict is Verdict.PASS
