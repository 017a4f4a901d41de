"""Slots as Redis computes them, and a node's table as it writes it."""

from __future__ import annotations

import numpy as np

from redis_resilience.model.cluster import (
    SLOTS,
    Node,
    covered,
    even_ranges,
    parse_nodes,
    ranges_text,
    slot_of,
    slots_of,
)
from redis_resilience.model.operations import key_text

TABLE = """\
aaaa 10.0.0.1:6379@16379 myself,master - 0 0 4 connected 0-5460 6000 [6001->-bbbb]
bbbb 10.0.0.2:6379@16379,host master,fail? - 1795238795099 1795238795000 6 disconnected 5461-5999
cccc :0@0 slave,noaddr aaaa 0 0 4 connected
vars currentEpoch 7 lastVoteEpoch 6
"""


def test_slots_are_those_of_redis() -> None:
    """As CLUSTER KEYSLOT of Redis 7.0.15 says."""
    assert [slot_of(key) for key in (b"foo", b"123456789", b"rr:t1:000000000000")] == [12182, 12739, 8806]


def test_slots_of_many_keys_are_those_of_each() -> None:
    numbers = np.array([0, 1, 9, 10, 123456789012, 999999999999], dtype=np.uint64)
    each = [slot_of(key_text("t1", int(number)).encode()) for number in numbers]
    assert slots_of("t1", numbers).tolist() == each


def test_slots_of_no_key_are_none() -> None:
    assert slots_of("t1", np.empty(0, dtype=np.uint64)).tolist() == []


def test_a_table_is_read_line_by_line_and_what_is_no_node_is_passed_over() -> None:
    own, other, replica = parse_nodes(TABLE)
    assert own == Node(
        id="aaaa",
        address="10.0.0.1:6379",
        flags=("myself", "master"),
        master_id="",
        epoch=4,
        linked=True,
        slots=((0, 5460), (6000, 6000)),
    )
    assert (other.flags, other.linked, other.address) == (("master", "fail?"), False, "10.0.0.2:6379")
    assert (replica.master_id, replica.is_master, replica.slots) == ("aaaa", False, ())


def test_slots_are_dealt_out_as_redis_cli_does() -> None:
    assert even_ranges(3) == ((0, 5460), (5461, 10922), (10923, 16383))
    assert all(covered(even_ranges(shards)) == SLOTS for shards in range(1, 50))


def test_ranges_are_written_as_redis_writes_them() -> None:
    assert ranges_text(((0, 5460), (6000, 6000))) == "0-5460 6000"
