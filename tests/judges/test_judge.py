"""The judgement: worst wins, nothing sound means no verdict, and the same history always says the same."""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from redis_resilience.judges import availability, bounds, convergence, ledger, timeline
from redis_resilience.judges.judge import judge
from redis_resilience.model.verdict import Judgement, Verdict


def as_json(judgement: Judgement) -> bytes:
    return msgspec.json.encode(judgement, order="deterministic")


def test_a_clean_failover_passes(kill: Any) -> None:
    judgement = judge(kill().history())

    assert judgement.verdict is Verdict.PASS
    assert {finding.verdict for finding in judgement.findings} == {Verdict.PASS}
    assert len(judgement.phases) == 5


def test_a_lost_write_fails(kill: Any) -> None:
    assert judge(kill(lost=(49,)).history()).verdict is Verdict.FAIL


def test_without_a_sound_trial_there_is_no_verdict_and_what_failed_is_still_told(kill: Any) -> None:
    story = kill(lost=(49,))
    story.believe(keys_before=3)

    judgement = judge(story.history())

    first = judgement.findings[0]
    assert judgement.verdict is Verdict.UNKNOWN
    assert (first.name, first.verdict) == ("judge.sound", Verdict.UNKNOWN)
    assert first.text == (
        "no verdict without a sound trial: assumptions.clean did not hold; expected no key before the load; got 3. "
        "What failed all the same: ledger.lost"
    )
    assert Verdict.FAIL in {finding.verdict for finding in judgement.findings}


def test_a_killed_trial_with_nothing_in_it_is_unknown(tell: Any) -> None:
    story = tell()
    story.complete = False

    assert judge(story.history()).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("judge_that_raises", [availability, bounds, convergence, ledger, timeline])
def test_a_judge_that_raises_has_found_nothing(
    kill: Any, judge_that_raises: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr(judge_that_raises, "judge", broken)
    judgement = judge(kill().history())

    name = judge_that_raises.__name__.rpartition(".")[2]
    (told,) = [finding for finding in judgement.findings if finding.name == f"judge.{name}"]
    assert told.text == f"expected the judge {name} to come to a finding; it raised ZeroDivisionError: no such luck"
    assert told.verdict is Verdict.UNKNOWN
    assert judgement.verdict is not Verdict.PASS


def test_the_judgement_survives_its_file(kill: Any) -> None:
    judgement = judge(kill(lost=(48, 49)).history())

    assert msgspec.json.decode(as_json(judgement), type=Judgement) == judgement


def test_the_same_history_gives_the_same_bytes(kill: Any) -> None:
    assert as_json(judge(kill(lost=(48,)).history())) == as_json(judge(kill(lost=(48,)).history()))


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
    )

    here, there = judge(history), judge(moved)

    assert there.findings == here.findings
    assert there.assumptions == here.assumptions
    assert there.phases == here.phases
    assert replace(there.availability, gap=None, by_client=()) == replace(here.availability, gap=None, by_client=())
    assert {name: there.timeline.ms(name) for name in there.timeline.instants} == {
        name: here.timeline.ms(name) for name in here.timeline.instants
    }
