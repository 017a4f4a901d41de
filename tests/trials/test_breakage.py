"""What is broken at a moment, and what of it is still to be waited for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.target import MASTER, REPLICA, SENTINEL_MAJORITY
from redis_resilience.model.errors import TargetAway
from redis_resilience.model.events import FaultEffect, FoundAway, HealEnd
from redis_resilience.model.faults import delete_pod, kill, pause, stop_node
from redis_resilience.model.plan import Expect
from redis_resilience.model.verdict import Verdict
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.breakage import Breakage
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.notes import Notes


class _OnNodes(MemoryDeployment):
    """redis-2 is on the node of every other pod."""

    def stop_node(self, pod: str) -> Effect:
        now_ns = self.clock.now_ns()
        return Effect(begin_ns=now_ns, end_ns=now_ns, proof="off", pods=(pod, "redis-2"))

    def start_node(self, _pod: str) -> Effect:
        now_ns = self.clock.now_ns()
        return Effect(begin_ns=now_ns, end_ns=now_ns, proof="on")


@pytest.fixture
def deployment() -> Iterator[MemoryDeployment]:
    made = _OnNodes(topology("sidecar"), topology("sidecar").profile("fast"))
    with made:
        yield made


@pytest.fixture
def breakage(deployment: MemoryDeployment, tmp_path: Path) -> Breakage:
    return Breakage(deployment, Notes(TrialFolder(tmp_path), deployment.clock), deployment.clock)


def test_who_went_with_a_node_is_not_waited_for_to_tell_of_a_new_master(breakage: Breakage):
    breakage.inject(0, stop_node(MASTER))

    assert breakage.hit == breakage.without_sentinel == {"redis-0", "redis-2"}
    breakage.heal_all()
    assert breakage.hit == set()


def test_a_killed_server_s_sentinel_is_and_a_killed_sentinel_is_not(breakage: Breakage):
    breakage.inject(0, kill(MASTER))
    breakage.inject(1, kill(SENTINEL_MAJORITY))

    assert breakage.hit == {"redis-0", "redis-1"}
    assert len(breakage.without_sentinel) == 2
    assert breakage.without_sentinel <= {"redis-0", "redis-1", "redis-2"}


def test_what_lasts_is_waited_for_until_its_time_has_come(breakage: Breakage, deployment: MemoryDeployment):
    breakage.inject(0, kill(MASTER, for_s=2.0))
    breakage.heal_due()
    assert breakage.passing

    deployment.clock.sleep(2.0)
    breakage.heal_due()
    assert not breakage.passing
    assert breakage.hit == set()


def test_a_fault_that_finds_its_target_down_says_who_took_it_and_leaves_the_trial_judgeable(simulate):
    """It did nothing, so nothing of it is undone: the server is back once the first fault is healed."""
    outcome = simulate(kill(MASTER), kill("redis-0"), after_s=0.2, expect=Expect(failover=True))

    history = TrialFolder(outcome.folder).history()
    [found] = history.of(FoundAway)
    assert outcome.verdict is Verdict.PASS, outcome.explain()
    assert "fault 1 found redis-0/redis away already" in outcome.finding("assumptions.fault_proved").text
    assert (found.fault, found.by) == (1, 0)
    assert found.proof.startswith("fault 0 (kill master) had taken it: expected redis-0/redis to run before SIGKILL")
    assert [event.fault for event in history.of(HealEnd)] == [0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pause(MASTER), kill("redis-0")),
        (pause(MASTER, for_s=0.5), kill("redis-0")),
        (kill(REPLICA), delete_pod("redis-1")),
        (kill("redis-1/sentinel"), delete_pod("redis-1")),
    ],
    ids=str,
)
def test_a_fault_whose_target_goes_with_a_later_one_ends_with_that(simulate, first, second):
    outcome = simulate(first, second, after_s=0.3)

    history = TrialFolder(outcome.folder).history()
    assert outcome.verdict is Verdict.PASS, outcome.explain()
    assert [event.fault for event in history.of(FaultEffect)] == [0, 1]
    assert [event.fault for event in history.of(HealEnd)] == [1, 0]


def test_a_role_that_no_server_has_is_named_with_the_fault_that_took_it(simulate):
    outcome = simulate(kill(MASTER), kill(MASTER), after_s=0.3)

    assert outcome.verdict is Verdict.UNKNOWN
    text = outcome.finding("assumptions.history").text
    assert "fault 1 (kill master) could not take effect: expected a target of master" in text
    assert text.endswith(
        "fault 0 (kill master) holds redis-0/redis; inject it later (after_s=, at_s=), once another server has taken "
        "over, or name the pod"
    )


def test_what_is_away_by_no_fault_of_the_trial_is_no_finding_of_one(simulate, monkeypatch):
    def crashed(*_: object) -> Effect:
        raise TargetAway("expected redis-1/redis to run; it ended with 1; start it first")

    monkeypatch.setattr(MemoryDeployment, "signal", crashed)
    outcome = simulate(kill(REPLICA))

    assert outcome.verdict is Verdict.UNKNOWN
    assert "phase fault: expected redis-1/redis to run; it ended with 1" in outcome.explain()


def test_a_target_that_is_said_to_be_away_and_answers_is_unknown(simulate, monkeypatch):
    """It was started again in between: the second fault changed nothing, and nothing had taken its target."""

    def signal(self: MemoryDeployment, pod: str, container: str, name: str) -> Effect:
        if not taken:
            taken.append(pod)
            return real(self, pod, container, name)
        self.start_container(pod, container)
        self.clock.sleep(0.1)
        raise TargetAway("it is gone")

    taken: list[str] = []
    real = MemoryDeployment.signal
    monkeypatch.setattr(MemoryDeployment, "signal", signal)
    outcome = simulate(kill("redis-1"), kill("redis-1"), after_s=0.5)

    assert outcome.verdict is Verdict.UNKNOWN
    assert "redis-1/redis: answered when fault 1 found it away" in outcome.finding("assumptions.fault_seen").text
