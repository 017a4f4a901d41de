"""A Redis Cluster of real servers takes nodes in and lets them go while clients write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.deployments.nodes import look_at
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.capabilities import CanGrow
from redis_resilience.faults.perform import able
from redis_resilience.model.cluster import covered, slots_of
from redis_resilience.model.errors import Unavailable, UsageError
from redis_resilience.model.operations import Result
from redis_resilience.model.plan import Load, Writers
from redis_resilience.model.records import decode
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.clusters import CLUSTER_GROWING

pytestmark = pytest.mark.local

SLOTS = 40


@pytest.fixture
def up(tmp_path: Path) -> Iterator[LocalDeployment]:
    profile = CLUSTER_GROWING.profile("fast")
    with LocalDeployment(CLUSTER_GROWING, profile, folder=tmp_path / "deployment") as deployment:
        yield deployment


@pytest.fixture
def folder(up: LocalDeployment, tmp_path: Path) -> Path:
    """Of a history whose six clients write as fast as replies come."""
    made = tmp_path / "history"
    made.mkdir()
    up.probe.watch(servers=up.servers(), sentinels={}, master_name="", cluster=True)
    up.probe.open(made, "t")
    up.probe.start_load(Load(writers=(Writers(count=6, rate=0),)))
    written(up, 1000)
    return made


def written(up: LocalDeployment, more: int) -> None:
    begin = up.probe.status().acknowledged
    eventually(
        lambda: ((now := up.probe.status().acknowledged) >= begin + more, f"{now - begin} of {more}"),
        within_s=60,
        what=f"{more} writes more",
    )


def masters(up: LocalDeployment) -> dict[str, int]:
    """How many slots each has."""
    return {shard.master: covered(shard.slots) for shard in look_at(up.probe, up.servers()).shards}


def test_its_clients_follow_their_slots_there_and_back_and_nothing_is_lost(up: LocalDeployment, folder: Path) -> None:
    before = masters(up)
    proof = up.grow("redis-7", slots=SLOTS).proof
    assert proof.startswith("redis-7 is master of 5421-5460 10883-10922 16344-16383, with redis-8: 120 slots and ")
    assert masters(up) == {name: count - SLOTS for name, count in before.items()} | {"redis-7": 3 * SLOTS}
    written(up, 3000)
    assert up.shrink("redis-7").proof.startswith("120 slots and ")
    assert masters(up) == before
    assert look_at(up.probe, up.servers()).wrong == (), "who stands by is no part of it again"
    written(up, 3000)
    up.probe.stop_load()
    up.probe.read_back()
    up.probe.close()

    operations, torn = decode("operations", (folder / "operations.bin").read_bytes())
    assert torn == 0
    names = tuple(up.servers())
    done = operations[operations["outcome"] == Result.OK]
    elsewhere = done[done["server"] == names.index("redis-7")]
    assert len(elsewhere) > 10, "writes to slots that had moved"
    assert set(slots_of("t", elsewhere["key"]).tolist()) <= {
        *range(5421, 5461), *range(10883, 10923), *range(16344, 16384),
    }  # fmt: skip
    held = [np.load(folder / "finals" / f"{name}.npy") for name in ("redis-1", "redis-2", "redis-3")]
    assert sorted(np.concatenate(held).tolist()) == sorted(done["key"].tolist())


@pytest.mark.usefixtures("folder")
def test_a_client_that_loses_the_newcomer_goes_on_with_the_slots_that_it_has(up: LocalDeployment) -> None:
    """Until it is taken for dead, and the cluster refuses to serve with slots missing."""
    up.grow("redis-7", slots=SLOTS)
    written(up, 3000)
    up.signal("redis-8", "redis", "SIGKILL")
    up.signal("redis-7", "redis", "SIGKILL")
    written(up, 1000)


def test_only_a_pod_that_stands_by_is_taken_in(up: LocalDeployment) -> None:
    with pytest.raises(UsageError, match="expected a spare pod, one of redis-7, redis-8; got 'redis-1'"):
        up.grow("redis-1", slots=1)


def test_a_topology_without_spares_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    cluster = topology("cluster")
    deployment = LocalDeployment(cluster, cluster.profile("fast"), folder=tmp_path)

    with pytest.raises(Unavailable, match="topology cluster has no spare nodes, as cluster-growing has"):
        able(deployment, CanGrow, "grow")
