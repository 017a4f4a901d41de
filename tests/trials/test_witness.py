"""Every fault and every heal of the simulation, faked: proved by a lie, it is `unknown`, never pass and never fail."""

from __future__ import annotations

from typing import Any

import pytest

from redis_resilience.deployments.memory.world import Bug
from redis_resilience.faults.target import MASTER, REPLICA, SENTINEL
from redis_resilience.model.faults import delete_pod, isolate, kill, pause, rolling_upgrade, stop, stop_node
from redis_resilience.model.plan import Expect, Load, Windows, Writers
from redis_resilience.model.verdict import Verdict

FAULTS = [
    *(make(target) for make in (kill, stop, pause, isolate, delete_pod, stop_node) for target in (MASTER, REPLICA)),
    *(make(SENTINEL) for make in (kill, stop, pause, isolate, delete_pod, stop_node)),
    rolling_upgrade("8.0.2"),
]

HOW: dict[str, Any] = {
    "expect": Expect(max_lost=None, two_masters_s=60.0),
    "load": Load(writers=(Writers(count=1, rate=50.0),)),
    "windows": Windows(heal_s=2.0),
}


@pytest.fixture(params=FAULTS, ids=str)
def fault(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_a_fault_and_its_heal_that_are_real_are_seen(simulate, fault):
    """The control: nothing of this is unknown where nothing was faked."""
    found = _assumed(simulate(fault, **HOW))

    assert {name: finding.text for name, finding in found.items() if finding.verdict is not Verdict.PASS} == {}


def test_a_fault_that_changes_nothing_is_unknown(simulate, fault):
    outcome = simulate(fault, bugs=[Bug.NO_EFFECT], **HOW)

    assert _assumed(outcome)["assumptions.fault_seen"].verdict is Verdict.UNKNOWN
    assert outcome.verdict is Verdict.UNKNOWN, outcome.explain()


@pytest.mark.parametrize("fault", [make(target) for make in (pause, isolate) for target in (MASTER, REPLICA)], ids=str)
def test_a_fault_that_is_gone_right_after_its_proof_is_unknown(simulate, fault):
    """A process that was to hang goes on; rules that were to drop packets are flushed."""
    outcome = simulate(fault, bugs=[Bug.SHORT_EFFECT], **HOW)

    assert _assumed(outcome)["assumptions.fault_seen"].verdict is Verdict.UNKNOWN
    assert outcome.verdict is Verdict.UNKNOWN, outcome.explain()


def test_a_heal_that_changes_nothing_is_unknown(simulate, fault):
    outcome = simulate(fault, bugs=[Bug.NO_HEAL], **HOW)

    assert _assumed(outcome)["assumptions.heal_seen"].verdict is Verdict.UNKNOWN
    assert outcome.verdict is Verdict.UNKNOWN, outcome.explain()


def _assumed(outcome: Any) -> dict[str, Any]:
    return {finding.name: finding for finding in outcome.judgement.assumptions}
