from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.model.operations import key_prefix, key_text
from redis_resilience.model.plan import Load, Writers
from redis_resilience.probe.readback import key_numbers, right_values

if TYPE_CHECKING:
    from tests.probe.conftest import Bench, StartRedis


@given(st.lists(st.integers(min_value=0, max_value=10**12 - 1)))
def test_numbers_come_back_from_the_keys_of_the_model(numbers: list[int]) -> None:
    keys = [key_text("t", number).encode() for number in numbers]

    found, named, others = key_numbers(keys, key_prefix("t").encode())

    assert found.tolist() == numbers
    assert named == keys
    assert others == []


def test_names_that_are_no_number_are_unexpected() -> None:
    strange = [b"rr:t:1", b"rr:t:00000000000x", b"rr:t:00000000000:", b"rr:t:0000000000001", b"rr:t:"]

    found, named, others = key_numbers([b"rr:t:000000000007", *strange], b"rr:t:")

    assert found.tolist() == [7]
    assert named == [b"rr:t:000000000007"]
    assert sorted(others) == sorted(strange)


def test_a_value_is_right_when_it_is_its_keys_number() -> None:
    numbers = np.array([1, 2, 3, 4], dtype=np.uint64)

    assert right_values(numbers, [b"1", b"02", None, b"4"]).tolist() == [True, False, False, True]
    assert right_values(numbers, [b"1", b"2", b"3", b"4"]).all()


@pytest.mark.local
def test_an_unreachable_server_leaves_a_word_instead_of_a_file(bench: Bench, redis: StartRedis) -> None:
    server, dead = redis(), redis()
    bench.probe.watch(
        servers={"redis-0": server.endpoint, "redis-1": dead.endpoint}, sentinels={}, master_name="mymaster"
    )
    bench.probe.open(bench.folder, "t")
    bench.probe.start_load(Load(writers=(Writers(target="redis-0", count=8, rate=0),)))
    bench.eventually(lambda: bench.probe.status().acknowledged >= 12_000, "more than two batches are written")
    acknowledged = bench.probe.stop_load().acknowledged
    server.ask("SET rr:t:000000000003 foreign")
    server.ask("DEL rr:t:000000000004")
    server.ask("SET rr:t:strange 1")
    server.ask("SET elsewhere 1")
    dead.kill()
    bench.probe.read_back()
    bench.probe.close()

    keys = np.load(bench.folder / "finals" / "redis-0.npy")
    facts = json.loads((bench.folder / "finals" / "redis-0.json").read_bytes())
    assert len(keys) == acknowledged - 2
    assert not {3, 4} & set(keys.tolist())
    assert (np.diff(keys.astype(np.int64)) > 0).all()
    assert facts["wrong"] == ["rr:t:000000000003"]
    assert facts["unexpected"] == ["rr:t:strange"]
    assert facts["dbsize"] == acknowledged + 1
    assert facts["role"] == "master"
    assert facts["run_id_before"] == facts["run_id_after"] != ""
    assert not (bench.folder / "finals" / "redis-1.json").exists()
    assert bench.heard("unread", server="redis-1")


@pytest.mark.local
def test_no_key_at_all_is_a_final_read_too(bench: Bench, redis: StartRedis) -> None:
    bench.probe.watch(servers={"redis-0": redis().endpoint}, sentinels={}, master_name="mymaster")
    bench.probe.open(bench.folder, "t")
    bench.probe.read_back()

    assert len(np.load(bench.folder / "finals" / "redis-0.npy")) == 0
