"""The judgement: the worst finding wins, nothing sound means no verdict, and the same history always gives the same."""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from redis_resilience.judges.answer import Assumption, voided
from redis_resilience.judges.judge import judge
from redis_resilience.judges.registry import JUDGES, NEEDS
from redis_resilience.model.operations import Cause
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import Finding, Judgement, Verdict


def as_json(judgement: Judgement) -> bytes:
    return msgspec.json.encode(judgement, order="deterministic")


def test_a_clean_failover_passes(kill: Any) -> None:
    judgement = judge(kill().history())

    assert judgement.verdict is Verdict.PASS
    assert {finding.verdict for finding in judgement.findings} == {Verdict.PASS}
    assert len(judgement.phases) == 5


def test_a_lost_write_fails(kill: Any) -> None:
    assert judge(kill(lost=(49,)).history()).verdict is Verdict.FAIL


def test_without_a_sound_trial_there_is_no_pass(kill: Any) -> None:
    story = kill()
    story.believe(keys_before=3)

    judgement = judge(story.history())

    first = judgement.findings[0]
    assert judgement.verdict is Verdict.UNKNOWN
    assert (first.name, first.verdict) == ("judge.sound", Verdict.UNKNOWN)
    assert first.text == (
        "no pass without a sound trial: assumptions.clean did not hold; expected no key before the load; got 3. "
        "Unknown for that reason: ledger.lost, ledger.unexpected, ledger.diverged, ledger.reconciles"
    )


def test_what_is_proven_fails_whatever_else_did_not_hold(kill: Any) -> None:
    """The load was late: nothing is known of outages, and the lost write is as lost as before."""
    story = kill(lost=(49,), max_outage_s=0.1)
    story.operations = [(row[0], row[1] - 50_000_000, *row[2:]) for row in story.operations]

    judgement = judge(story.history())

    found = {finding.name: finding for finding in judgement.findings}
    assert judgement.verdict is Verdict.FAIL
    assert found["ledger.lost"].verdict is Verdict.FAIL
    assert found["availability.outage"].verdict is Verdict.UNKNOWN
    assert found["availability.outage"].text.endswith("; it counts only with assumptions.punctual, which did not hold")
    assert found["judge.sound"].text.endswith("Failed nevertheless: ledger.lost")


def test_an_outage_that_lasts_fails_although_no_server_is_master_at_the_end(kill: Any) -> None:
    """Every server was read, each is a replica: that is what was seen, not something that could not be seen."""
    story = kill(max_outage_s=1.0)
    story.operations = [row for row in story.operations if row[0] < 152]
    for key in range(152, 350):
        story.write(key, key * 10, server=NO_SERVER, cause=Cause.NO_MASTER, client=2)
    for server in range(3):
        story.final(server, range(50), role="replica", run_id="run-0b" if server == 0 else None)

    judgement = judge(story.history())

    found = {finding.name: finding.verdict for finding in judgement.findings}
    assert judgement.verdict is Verdict.FAIL
    assert found["availability.outage"] is Verdict.FAIL
    assert found["convergence.final_master"] is Verdict.FAIL
    assert found["ledger.lost"] is Verdict.UNKNOWN


def test_what_a_judge_has_not_declared_counts_only_in_a_sound_trial() -> None:
    finding = Finding(name="new.question", verdict=Verdict.FAIL, text="so")

    (told,) = voided((finding,), NEEDS, {Assumption.LAST_WRITE})

    assert told.verdict is Verdict.UNKNOWN


def test_findings_of_every_judge_are_declared(kill: Any, cluster: Any) -> None:
    for story in (kill(), kill(two_masters_s=1.0), cluster()):
        assert {finding.name for finding in judge(story.history()).findings} <= NEEDS.keys()


SOUND = {"history", "ordered", "healthy_before", "left_alone"}
RECORDED = {"well_formed", "identified"}
KEYS = SOUND | RECORDED | {"clean", "final_reads", "nothing_dropped", "last_write"}
FAULT = SOUND | {"watched", "fault_proved", "fault_seen"}
TIMED = FAULT | RECORDED | {"punctual", "awake"}


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("ledger.lost", KEYS),
        ("ledger.unexpected", KEYS),
        ("ledger.diverged", KEYS | {"heal_seen"}),
        ("ledger.reconciles", KEYS),
        ("convergence.one_master", SOUND | RECORDED),
        ("convergence.two_masters", TIMED | {"load", "heal_seen"}),
        ("convergence.final_master", TIMED | {"final_reads", "heal_seen"}),
        ("convergence.sentinels_agree", TIMED | {"final_reads", "heal_seen"}),
        ("convergence.nodes_agree", TIMED | {"final_reads", "heal_seen"}),
        ("convergence.in_time", TIMED | {"heal_seen"}),
        ("convergence.redundant", TIMED | {"heal_seen"}),
        ("availability.outage", TIMED | {"load"}),
        ("availability.restored", TIMED | {"load", "heal_seen"}),
        ("failover.expected", TIMED),
        ("failover.once", TIMED),
        ("bounds.explained", TIMED | {"load"}),
        ("failover.later", TIMED),
        ("cluster.other_shards", FAULT | RECORDED),
        ("unplanned.changes", SOUND | {"identified", "watched"}),
        ("upgrade.completed", FAULT | {"heal_seen"}),
        ("entrances.outage", TIMED | {"load"}),
        ("entrances.writes", KEYS),
    ],
)
def test_a_finding_is_void_by_the_assumptions_that_it_needs_alone(name: str, needed: set[str]) -> None:
    """Whatever was found: it is unknown by each of these, and stands beside all others."""
    for verdict in Verdict:
        finding = Finding(name=name, verdict=verdict, text="so")
        for assumption in Assumption:
            (told,) = voided((finding,), NEEDS, {assumption})
            assert told.verdict is (Verdict.UNKNOWN if assumption in needed else verdict)


def test_the_table_above_has_every_finding() -> None:
    (table,) = [
        mark
        for mark in test_a_finding_is_void_by_the_assumptions_that_it_needs_alone.pytestmark
        if mark.name == "parametrize"
    ]

    assert {name for name, _ in table.args[1]} == NEEDS.keys()


def test_a_killed_trial_with_nothing_in_it_is_unknown(tell: Any) -> None:
    story = tell()
    story.complete = False

    assert judge(story.history()).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("name", [each.name for each in JUDGES])
def test_a_judge_that_raises_has_found_nothing(kill: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("no such luck")

    broken_one = tuple(replace(each, ask=broken) if each.name == name else each for each in JUDGES)
    monkeypatch.setattr("redis_resilience.judges.judge.JUDGES", broken_one)
    judgement = judge(kill().history())

    (told,) = [finding for finding in judgement.findings if finding.name == f"judge.{name}"]
    assert told.text == f"expected the judge {name} to come to a finding; it raised ZeroDivisionError: no such luck"
    assert told.verdict is Verdict.UNKNOWN
    assert judgement.verdict is not Verdict.PASS


def test_without_knowing_the_assumptions_nothing_counts(kill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr("redis_resilience.judges.assumptions.check", broken)
    judgement = judge(kill(lost=(49,)).history())

    assert judgement.verdict is Verdict.UNKNOWN
    assert {finding.verdict for finding in judgement.findings} == {Verdict.UNKNOWN}


def test_the_judgement_survives_its_file(kill: Any) -> None:
    judgement = judge(kill(lost=(48, 49)).history())

    assert msgspec.json.decode(as_json(judgement), type=Judgement) == judgement


def test_the_same_history_gives_the_same_bytes(kill: Any) -> None:
    assert as_json(judge(kill(lost=(48,)).history())) == as_json(judge(kill(lost=(48,)).history()))


@settings(max_examples=20)  # each moves every record
@given(st.randoms(use_true_random=False))
def test_the_order_on_disk_changes_nothing(kill: Any, random: Any) -> None:
    history = kill(lost=(10, 48)).history()
    orders = [list(range(len(rows))) for rows in (history.operations, history.samples, history.events)]
    for order in orders:
        random.shuffle(order)

    shuffled = replace(
        history,
        operations=history.operations[np.array(orders[0])],
        samples=history.samples[np.array(orders[1])],
        events=tuple(history.events[index] for index in orders[2]),
        finals=dict(reversed(history.finals.items())),
    )

    assert as_json(judge(shuffled)) == as_json(judge(history))


@settings(max_examples=20)  # one number, and nothing branches on it
@given(st.integers(-4_000_000_000, 10**15))
def test_another_zero_of_the_clock_changes_no_duration(kill: Any, shift_ns: int) -> None:
    history = kill(lost=(10, 48)).history()
    operations, samples = history.operations.copy(), history.samples.copy()
    for name in ("due_ns", "call_ns", "return_ns"):
        operations[name] = np.where(operations[name] == 0, 0, operations[name] + shift_ns)
    for name in ("call_ns", "return_ns"):
        samples[name] += shift_ns
    moved = replace(
        history,
        operations=operations,
        samples=samples,
        events=tuple(
            structs.replace(
                event, at_ns=event.at_ns + shift_ns, since_ns=event.since_ns + shift_ns if event.since_ns else 0
            )
            for event in history.events
        ),
        finals={
            name: replace(final, begin_ns=final.begin_ns + shift_ns, end_ns=final.end_ns + shift_ns)
            for name, final in history.finals.items()
        },
    )

    here, there = judge(history), judge(moved)

    assert there.findings == here.findings
    assert there.assumptions == here.assumptions
    assert there.phases == here.phases
    assert replace(there.availability, gap=None, by_client=()) == replace(here.availability, gap=None, by_client=())
    assert {name: there.timeline.ms(name) for name in there.timeline.instants} == {
        name: here.timeline.ms(name) for name in here.timeline.instants
    }


def test_reads_change_nothing_that_is_said_of_writes(kill: Any) -> None:
    """Neither the counts nor the outage: a replica, or the old master, may well answer them."""
    story, alone = kill(lost=(10, 48)), kill(lost=(10, 48))
    for at in range(100, 3400, 7):
        story.read(at // 10, at, value=at // 10, server=2)

    assert judge(story.history()) == judge(alone.history())
