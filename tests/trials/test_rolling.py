"""Which pod of a rolling upgrade goes when, what is recorded of it, and where it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.target import Place, View
from redis_resilience.model.events import EngineRefused, EngineSeen, FaultAsked, FaultEffect, HealEnd
from redis_resilience.model.faults import rolling_upgrade
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.breakage import Breakage
from redis_resilience.trials.rolling import in_turn
from tests.trials.refusing import REASON, Refusing

PODS = tuple(Place(f"redis-{number}", "redis") for number in (0, 1, 2, 10))
VIEW = View(master="redis-1", replicas=("redis-0", "redis-2", "redis-10"), sentinels=())


class Notes:
    """Keeps events, on the clock of the simulation."""

    def __init__(self, clock):
        self.now_ns = clock.now_ns
        self.kept = []

    def keep(self, event):
        self.kept.append(event)

    keep_if_possible = keep

    def of(self, kind):
        return [event for event in self.kept if isinstance(event, kind)]


@pytest.fixture(name="broken")
def make_broken():
    def make(kind=MemoryDeployment):
        found = topology("node")
        deployment = kind(found, found.profile("fast"))
        notes = Notes(deployment.clock)
        return Breakage(deployment, notes, deployment.clock), notes, deployment

    return make


@pytest.mark.parametrize(
    ("order", "pods"),
    [("replicas-first", [0, 10, 2, 1]), ("highest-first", [10, 2, 1, 0])],
)
def test_the_master_is_last_or_the_ordinals_count_down(order, pods):
    fault = rolling_upgrade(order=order)

    assert [place.pod for place in in_turn(fault, PODS, VIEW)] == [f"redis-{number}" for number in pods]


def test_each_pod_is_back_before_the_next_one_goes_and_its_engine_is_on_record(broken):
    breakage, notes, deployment = broken()
    ticks = []

    breakage.inject(0, rolling_upgrade("8.0.2"), lambda: ticks.append(1))

    turns = [(type(event).__name__, event.pod) for event in notes.kept if isinstance(event, FaultEffect | HealEnd)]
    assert turns == [(kind, f"redis-{number}") for number in (1, 2, 0) for kind in ("FaultEffect", "HealEnd")]
    assert [event.pod for event in notes.of(FaultAsked)] == ["redis-0"], "only the master's failover is asked for"
    seen = notes.of(EngineSeen)
    assert [event.engine for event in seen] == ["Redis 7.0.0"] * 3 + ["Redis 8.0.2"] * 3
    assert len({event.run_id for event in seen}) == 6
    assert ticks
    assert (breakage.hit, breakage.losses) == (set(), [])
    assert "rolling upgrade" in deployment.used_up


def test_a_refused_engine_ends_it_and_the_pod_gets_back_what_it_had(broken):
    breakage, notes, deployment = broken(Refusing)

    breakage.inject(0, rolling_upgrade("8.0.2"))

    (refused,) = notes.of(EngineRefused)
    assert (refused.pod, refused.reason) == ("redis-2", REASON)
    assert [event.pod for event in notes.of(FaultEffect)] == ["redis-1", "redis-2"], "the master's turn never came"
    assert [event.engine for event in notes.of(EngineSeen)][-1] == "Redis 7.0.0"
    assert deployment.probe.query(deployment.servers()["redis-2"], "PING").unreachable == ""


def test_before_a_trial_it_is_no_fault_of_the_trial(broken, tmp_path: Path):
    del tmp_path
    breakage, notes, deployment = broken()

    breakage.undergo(rolling_upgrade("8.0.2"))

    assert not notes.of(FaultEffect)
    assert {deployment.program(pod) for pod in deployment.servers()} == {"simulation of 8.0.2"}
