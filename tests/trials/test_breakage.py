"""What is broken at a moment, and what of it is still to be waited for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.target import MASTER, SENTINEL_MAJORITY
from redis_resilience.model.faults import kill, stop_node
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
