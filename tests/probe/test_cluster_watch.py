"""A node's report of each change of its table, and where CLUSTER SLOTS sends a client."""

from __future__ import annotations

from typing import cast

from msgspec.structs import asdict

from redis_resilience.model.access import NO_LOGIN
from redis_resilience.model.cluster import parse_nodes
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import Event
from redis_resilience.probe.cluster_watch import Believed, ClusterWatch, lanes_of, owner_of, places_of
from redis_resilience.probe.directory import Directory
from redis_resilience.probe.watchers import Target, Witness

A, B = Endpoint("10.0.0.1", 6379), Endpoint("10.0.0.2", 6379)
WHOLE = """\
a 10.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-8191
b 10.0.0.2:6379@16379 master - 0 0 2 connected 8192-16383
"""


class Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def tell(self, event: Event) -> None:
        self.events.append(event)


def told(*tables: str, believed: Believed | None = None) -> list[tuple[str, dict[str, object]]]:
    """What the watch of redis-1 reports of these tables, one after the other; the first of them makes it known."""
    directory, heard = Directory(), Heard()
    directory.replace({"redis-1": A, "redis-2": B})
    directory.learn_id("b", "redis-2")
    target = Target(kind="node", name="redis-1", endpoint=A, interval_ms=10, login=NO_LOGIN)
    watch = ClusterWatch(target, directory, cast("Witness", heard), believed or Believed())
    for number, table in enumerate(tables):
        watch._read(parse_nodes(table), number)
    return [
        (event.label, {name: value for name, value in asdict(event).items() if name not in Event.__struct_fields__})
        for event in heard.events
    ]


def test_the_first_table_tells_only_that_the_node_is_there() -> None:
    assert told(WHOLE) == [("table-up", {"id": "a", "address": "10.0.0.1:6379"})]


def test_the_same_table_again_tells_nothing() -> None:
    assert len(told(WHOLE, WHOLE)) == 1


def test_a_node_that_is_not_reached_then_dead_then_back_is_told_each_time() -> None:
    tables = [
        WHOLE.replace("b 10.0.0.2:6379@16379 master", f"b 10.0.0.2:6379@16379 master{flag}")
        for flag in (",fail?", ",fail", "")
    ]
    assert told(WHOLE, *tables)[1:] == [(kind, {"node": "redis-2"}) for kind in ("pfail", "fail", "cleared")]


def test_another_master_of_slots_is_told_with_the_one_before_and_the_epoch() -> None:
    moved = """\
a 10.0.0.1:6379@16379 myself,master - 0 0 7 connected 0-8191 8192-16383
b 10.0.0.2:6379@16379 slave a 0 0 7 connected
"""
    slots = {"slots": (8192, 16383), "owner": "redis-1", "before": "redis-2", "epoch": 7}
    assert told(WHOLE, moved)[1:] == [("owner", slots)]


def test_an_address_that_changed_is_told() -> None:
    moved = {"node": "redis-2", "address": "10.0.0.9:6379", "before": "10.0.0.2:6379"}
    assert told(WHOLE, WHOLE.replace("10.0.0.2", "10.0.0.9"))[1:] == [("address", moved)]


def test_a_node_that_joins_or_leaves_is_told() -> None:
    more = WHOLE + "c 10.0.0.3:6379@16379 master - 0 0 0 connected\n"
    place = {"node": "c", "address": "10.0.0.3:6379"}
    assert told(WHOLE, more, WHOLE)[1:] == [("joined", place), ("left", place)]


def test_what_it_believed_before_it_moved_is_not_forgotten() -> None:
    """A watch of a pod that came back elsewhere reports what has changed since, and not that all is new."""
    believed = Believed()
    told(WHOLE, believed=believed)
    later = WHOLE.replace("connected 8192-16383", "connected").replace("0-8191", "0-8191 8192-16383")
    assert [kind for kind, _ in told(later, believed=believed)] == ["table-up", "owner"]


SLOTS = [
    [8192, 16383, [b"10.0.0.2", 6379, b"b", []], [b"10.0.0.4", 6379, b"d", []]],
    [0, 8000, [b"10.0.0.1", 6379, b"a", []]],
    [8001, 8191, [b"10.0.0.1", 6379, b"a", []]],
]


def test_a_slot_is_where_its_master_is_and_not_a_replica() -> None:
    assert owner_of(SLOTS, 9000, A) == (B, "b")
    assert owner_of(SLOTS, 8191, B) == (A, "a")


def test_a_slot_that_nobody_has_is_nowhere() -> None:
    assert owner_of(SLOTS[:1], 5, A) is None
    assert owner_of(None, 5, A) is None


def test_a_node_that_does_not_know_its_own_address_is_where_it_was_asked() -> None:
    for unknown in (b"", b"?", None):
        assert owner_of([[0, 16383, [unknown, 6379, b"a", []]]], 5, A) == (A, "a")


def test_a_lane_is_all_slots_of_one_master() -> None:
    assert lanes_of(SLOTS) == (((0, 8000), (8001, 8191)), ((8192, 16383),))


def test_every_slot_has_its_masters_place() -> None:
    """The query of a client that got MOVED."""
    places = places_of(SLOTS, A)
    assert (places[0], places[8191], places[8192], len(places)) == (A, A, B, 16384)
    assert places_of(SLOTS[:1], A).keys() == set(range(8192, 16384)), "a slot that nobody has is in no place"
    assert places_of(None, A) == {}
