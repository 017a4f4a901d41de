"""All pods of a StatefulSet go, and come back."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.scale import scale_to_zero
from redis_resilience.faults.target import MASTER, Place
from redis_resilience.model.errors import Unavailable
from redis_resilience.topologies.catalogue import topology


class Scaling:
    def __init__(self):
        self.calls = []

    def scale_to_zero(self, pod):
        self.calls.append(("down", pod))
        return Effect(begin_ns=1, end_ns=2, proof="gone")

    def scale_back(self, pod):
        self.calls.append(("back", pod))
        return Effect(begin_ns=3, end_ns=4, proof="back")


def test_down_and_back():
    deployment, fault = Scaling(), scale_to_zero(MASTER, back_after_s=5)

    fault.inject(deployment, Place("redis-0", "redis"))
    fault.heal(deployment, Place("redis-0", "redis"))

    assert deployment.calls == [("down", "redis-0"), ("back", "redis-0")]
    assert (fault.kind, fault.lasts_s) == ("scale-to-zero", 5)


def test_processes_of_a_host_have_no_stateful_set():
    found = topology("node")

    with pytest.raises(Unavailable, match="fault scale-to-zero needs CanScale; backend memory cannot do that"):
        scale_to_zero(MASTER).inject(MemoryDeployment(found, found.profile("fast")), Place("redis-0", "redis"))
