"""A fault asks for the capability that it needs, and says so where a deployment has it not."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.grow import grow
from redis_resilience.faults.isolate import isolate
from redis_resilience.faults.kill import kill, stop
from redis_resilience.faults.pause import pause
from redis_resilience.faults.target import MASTER, Place
from redis_resilience.model.errors import Unavailable, UsageError
from redis_resilience.topologies.catalogue import topology


def test_a_fault_on_a_deployment_that_cannot_do_it_is_unavailable():
    """The reason becomes the text of a skip."""
    found = topology("node")
    deployment = MemoryDeployment(found, found.profile("fast"))

    with pytest.raises(Unavailable, match="fault isolate needs CanPartition; backend memory cannot do that"):
        isolate(MASTER).inject(deployment, Place("redis-0", "redis"))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (kill(MASTER), ("kill", None, False)),
        (kill(MASTER, back_after_s=2), ("kill", 2, False)),
        (stop(MASTER), ("stop", None, False)),
        (pause(MASTER, for_s=1), ("pause", 1, True)),
        (isolate(MASTER), ("isolate", None, True)),
        (grow("redis-7", back_after_s=3), ("grow", 3, False)),
    ],
)
def test_faults_in_words(fault, expected):
    """Kind, duration, and whether peers see silence."""
    assert (fault.kind, fault.lasts_s, fault.silent) == expected


def test_inject_and_heal_prove_themselves():
    """A killed server does not answer, a started one does; both effects carry a proof and an interval."""
    found = topology("node")
    deployment = MemoryDeployment(found, found.profile("fast"))
    endpoint = deployment.servers()["redis-1"]

    effect = kill("redis-1").inject(deployment, Place("redis-1", "redis"))
    gone = deployment.probe.query(endpoint, "ROLE")
    healed = kill("redis-1").heal(deployment, Place("redis-1", "redis"))

    assert gone.unreachable
    assert effect.begin_ns < effect.end_ns <= healed.begin_ns
    assert effect.proof
    assert not deployment.probe.query(endpoint, "ROLE").unreachable


def test_a_cluster_grows_by_one_slot_at_least():
    with pytest.raises(UsageError, match="expected 1 slot or more of each shard; got 0"):
        grow("redis-7", slots=0)
