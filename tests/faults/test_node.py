"""A node goes, and comes back, with all that is on it."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.node import stop_node
from redis_resilience.faults.target import MASTER, Place
from redis_resilience.model.errors import Unavailable
from redis_resilience.topologies.catalogue import topology


class Machines:
    def __init__(self):
        self.calls = []

    def stop_node(self, pod):
        self.calls.append(("off", pod))
        return Effect(begin_ns=1, end_ns=2, proof="off", pods=(pod, "redis-2"))

    def start_node(self, pod):
        self.calls.append(("on", pod))
        return Effect(begin_ns=3, end_ns=4, proof="on")


def test_off_and_on():
    deployment, fault = Machines(), stop_node(MASTER, back_after_s=5)

    fault.inject(deployment, Place("redis-0", "redis"))
    fault.heal(deployment, Place("redis-0", "redis"))

    assert deployment.calls == [("off", "redis-0"), ("on", "redis-0")]
    assert (fault.kind, fault.lasts_s, fault.silent, fault.silences_sentinel) == ("node-stop", 5, True, True)


def test_a_simulation_has_no_nodes():
    found = topology("node")

    with pytest.raises(Unavailable, match="fault node-stop needs CanStopNode; backend memory cannot do that"):
        stop_node(MASTER).inject(MemoryDeployment(found, found.profile("fast")), Place("redis-0", "redis"))
