"""Clients that ask real Sentinels for the master."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from redis_resilience.model.errors import ProbeError
from redis_resilience.model.events import Role
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.plan import Load, Writers

if TYPE_CHECKING:
    from tests.probe.conftest import Bench, RedisProcess, StartRedis

    Pair = tuple[RedisProcess, RedisProcess]

pytestmark = pytest.mark.local


@pytest.fixture
def pair(redis: StartRedis) -> Pair:
    """A master and a replica with its link up."""
    master = redis("--repl-diskless-sync-delay", "0")
    replica = redis("--replicaof", master.endpoint.host, str(master.endpoint.port))
    deadline = time.monotonic() + 30
    while not replica.ask("ROLE").startswith("*5") or not master.ask("WAIT 1 1000").startswith(":1"):
        assert time.monotonic() < deadline, "waited 30 s for the replica to follow"
    return master, replica


def begin(
    bench: Bench, servers: Mapping[str, RedisProcess], sentinels: Mapping[str, RedisProcess], count: int = 2
) -> None:
    bench.probe.watch(
        servers={name: server.endpoint for name, server in servers.items()},
        sentinels={name: server.endpoint for name, server in sentinels.items()},
        master_name="mymaster",
    )
    bench.probe.open(bench.folder, "t")
    bench.probe.start_load(Load(writers=(Writers(count=count, rate=200),)))


def test_the_master_is_whom_a_sentinel_names(bench: Bench, redis: StartRedis, pair: Pair) -> None:
    master, replica = pair
    sentinel = redis(sentinel_of=master.endpoint)
    begin(bench, {"redis-0": replica, "redis-1": master}, {"redis-0": sentinel})
    bench.eventually(lambda: bench.probe.status().acknowledged >= 20, "writes are acknowledged")

    assert bench.probe.status().master == "redis-1"
    assert bench.heard("connected", server="redis-1", sentinel="redis-0")


def test_a_hung_sentinel_delays_and_another_one_answers(bench: Bench, redis: StartRedis, pair: Pair) -> None:
    master, _ = pair
    hung, live = redis(sentinel_of=master.endpoint), redis(sentinel_of=master.endpoint)
    hung.signal(signal.SIGSTOP)
    begin(bench, {"redis-0": master}, {"redis-0": hung, "redis-1": live}, count=4)
    bench.eventually(lambda: bench.probe.status().acknowledged >= 20, "writes are acknowledged")

    assert not bench.heard("connected", sentinel="redis-0")


def test_a_named_master_that_says_replica_is_not_written_to(bench: Bench, redis: StartRedis, pair: Pair) -> None:
    """The Sentinel names the replica as master: ROLE on the connection itself shows it, no write is sent."""
    _, replica = pair
    sentinel = redis(sentinel_of=replica.endpoint)
    begin(bench, {"redis-1": replica}, {"redis-0": sentinel})
    bench.eventually(lambda: bench.probe.status().failed >= 20, "operations fail")
    bench.probe.stop_load()
    bench.probe.close()

    assert bench.causes().keys() == {Cause.NO_MASTER}
    assert set(bench.records()["connection"].tolist()) == {0}


def test_a_failover_is_followed_by_asking_again(bench: Bench, redis: StartRedis, pair: Pair) -> None:
    master, replica = pair
    sentinel = redis(sentinel_of=master.endpoint)
    sentinel.ask("SENTINEL SET mymaster down-after-milliseconds 300 failover-timeout 3000")
    begin(bench, {"redis-0": master, "redis-1": replica}, {"redis-0": sentinel})
    bench.eventually(lambda: bench.probe.status().acknowledged >= 20, "writes are acknowledged")
    bench.eventually(lambda: "num-slaves" not in sentinel.ask("SENTINEL REPLICAS mymaster"), "the Sentinel answers")
    bench.eventually(
        lambda: sentinel.ask("SENTINEL REPLICAS mymaster").startswith("*1"), "the Sentinel knows the replica", 15
    )
    master.kill()
    bench.eventually(lambda: bench.probe.status().master == "redis-1", "the new master takes writes", 20)
    bench.eventually(lambda: bench.heard("+switch-master"), "the Sentinel tells of the switch", 10)
    bench.probe.stop_load()
    bench.probe.close()

    records = bench.records()
    good = records[records["outcome"] == Result.OK]
    assert set(good["server"].tolist()) == {0, 1}
    assert bench.heard("role", server="redis-1", role=Role.MASTER, before=Role.REPLICA)


def test_writers_of_the_master_need_a_sentinel_to_ask(bench: Bench, redis: StartRedis) -> None:
    with pytest.raises(ProbeError, match="expected Sentinels to ask for the master; none is watched"):
        begin(bench, {"redis-0": redis()}, {})
