"""How a load ends: with a write that was acknowledged, if any client can write at all."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from redis_resilience.model.operations import Cause
from redis_resilience.model.plan import Load, Writers

if TYPE_CHECKING:
    from tests.probe.conftest import Bench, RedisProcess, StartRedis

pytestmark = pytest.mark.local


@pytest.fixture
def refusing(bench: Bench, redis: StartRedis) -> RedisProcess:
    """A master that wants a replica and has none, and a load of one client that asks its Sentinel for it."""
    master = redis("--min-replicas-to-write", "1")
    sentinel = redis(sentinel_of=master.endpoint)
    bench.probe.watch(
        servers={"redis-0": master.endpoint}, sentinels={"redis-0": sentinel.endpoint}, master_name="mymaster"
    )
    bench.probe.open(bench.folder, "t")
    bench.probe.start_load(Load(writers=(Writers(count=1, rate=500),)))
    bench.eventually(lambda: bench.probe.status().failed >= 5, "writes are refused")
    return master


def causes_in_order(bench: Bench) -> list[Cause]:
    records = np.sort(bench.records(), order="due_ns")
    return [Cause(cause) for cause in records["cause"][records["cause"] != Cause.WAITING].tolist()]


def test_it_goes_on_to_the_first_write_that_is_acknowledged(bench: Bench, refusing: RedisProcess) -> None:
    stopping = threading.Thread(target=bench.probe.stop_load)
    refused = bench.probe.status().failed
    stopping.start()
    bench.eventually(lambda: bench.probe.status().failed >= refused + 5, "more writes are refused")
    assert refusing.ask("CONFIG SET min-replicas-to-write 0") == "+OK"
    stopping.join()
    bench.probe.close()

    causes = causes_in_order(bench)
    assert causes[-1] is Cause.NONE
    assert causes.count(Cause.NONE) < 5, "then it ends"


@pytest.mark.usefixtures("refusing")
def test_where_nobody_can_write_it_ends_with_a_refusal(bench: Bench) -> None:
    bench.probe.stop_load()
    bench.probe.close()

    assert set(causes_in_order(bench)) == {Cause.NOREPLICAS}
