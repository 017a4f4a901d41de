"""A Redis Cluster of six real servers, written by slot through a requested failover."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.deployments.nodes import look_at
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.events import Connected, Owner
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.plan import Load, Writers
from redis_resilience.model.records import decode
from redis_resilience.topologies.clusters import CLUSTER_ANNOUNCED

pytestmark = pytest.mark.local


@pytest.fixture
def up(tmp_path: Path) -> Iterator[LocalDeployment]:
    profile = CLUSTER_ANNOUNCED.profile("fast")
    with LocalDeployment(CLUSTER_ANNOUNCED, profile, folder=tmp_path / "deployment") as deployment:
        yield deployment


def wait(what: str, look: Callable[[], bool]) -> None:
    eventually(lambda: (look(), "not yet"), within_s=60, what=what)


def test_six_servers_are_a_cluster_and_a_writer_follows_its_slots(up: LocalDeployment, tmp_path: Path) -> None:
    servers, probe = up.servers(), up.probe
    look = look_at(probe, servers)
    assert look.wrong == ()
    assert [(shard.master, shard.replicas) for shard in look.shards] == [
        (f"redis-{number}", (f"redis-{number + 3}",)) for number in (1, 2, 3)
    ]

    folder = tmp_path / "history"
    folder.mkdir()
    probe.watch(servers=servers, sentinels={}, master_name="", cluster=True)
    probe.open(folder, "t")
    probe.start_load(Load(writers=(Writers(count=3, rate=60),)))
    wait("writes", lambda: probe.status().acknowledged > 30)
    assert probe.query(servers["redis-4"], "CLUSTER", "FAILOVER").value == "OK"
    wait("every node to name redis-4", lambda: len({e.source for e in probe.events() if isinstance(e, Owner)}) == 6)
    wait(
        "a client of redis-4",
        lambda: any(isinstance(e, Connected) and e.server == "redis-4" for e in probe.events()),
    )
    before = probe.status().acknowledged
    wait("writes after it", lambda: probe.status().acknowledged > before + 30)
    probe.stop_load()
    probe.read_back()
    probe.close()

    operations, torn = decode("operations", (folder / "operations.bin").read_bytes())
    assert torn == 0
    moved = operations[operations["cause"] == Cause.MOVED]
    assert len(moved) >= 1, "one operation of the shard's client meets MOVED, and fails"
    acknowledged = operations["key"][operations["outcome"] == Result.OK]
    held = [np.load(folder / "finals" / f"{name}.npy") for name in ("redis-4", "redis-2", "redis-3")]
    assert all(len(keys) for keys in held), "keys of every shard"
    assert sorted(np.concatenate(held).tolist()) == sorted(acknowledged.tolist())
