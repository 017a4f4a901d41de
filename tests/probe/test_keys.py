"""Keys are drawn once and in order, and each goes to the clients of its own shard."""

from __future__ import annotations

from redis_resilience.model.cluster import even_ranges, slot_of
from redis_resilience.probe.keys import ANY, Keys

LANES = tuple((span,) for span in even_ranges(3))


def test_clients_of_every_key_take_the_numbers_in_order() -> None:
    keys = Keys(b"rr:t:")
    assert [keys.take(ANY) for _ in range(5)] == [0, 1, 2, 3, 4]


def test_each_lane_gets_only_keys_of_its_slots() -> None:
    keys = Keys(b"rr:t:", LANES)
    for lane, ((first, last),) in enumerate(LANES, start=1):
        assert all(first <= slot_of(keys.name(keys.take(lane))) <= last for _ in range(50))


def test_no_number_is_given_twice_and_none_is_passed_over() -> None:
    keys = Keys(b"rr:t:", LANES)
    taken = sorted(keys.take(lane) for _ in range(400) for lane in (1, 2, 3))
    assert len(set(taken)) == len(taken)
    assert set(range(1000)) <= set(taken), "a key that waits is the next of its lane"


def test_a_reader_gets_keys_that_were_written_in_its_lane_or_the_first_that_will_be() -> None:
    keys = Keys(b"rr:t:", LANES)
    first = keys.read(2)
    assert keys.take(2) == first
    taken = [keys.take(2) for _ in range(3)]
    for key in taken:
        keys.wrote(2, key)
    assert {keys.read(2) for _ in range(100)} == set(taken)
    assert Keys(b"rr:t:").read(ANY) == 0
