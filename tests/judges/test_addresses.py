"""A process that goes on under another address was moved by somebody; a pod that is deleted gets both anew."""

from typing import Any

import pytest

from redis_resilience.judges.addresses import moved
from redis_resilience.model.faults import delete_pod

NINE = "10.0.0.9:6379"
FOUND = "slave 10.0.0.9:6379 10.0.0.9 6379 @ mymaster 10.0.0.0 6379"


def found(story: Any) -> list[str]:
    return list(moved(story.reading()))


def met(story: Any, at: float, address: str, run_id: str, server: str = "redis-2") -> None:
    story.event(at, f"server:{server}", "server-up", server=server, address=address, run_id=run_id)


def test_who_stays_where_it_was_has_not_moved(kill: Any) -> None:
    story = kill()
    met(story, 900, "10.0.0.2:6379", "run-2")

    assert found(story) == []


def test_the_same_process_at_another_address_was_moved(kill: Any) -> None:
    story = kill()
    met(story, 900, NINE, "run-2")

    assert found(story) == ["redis-2 was met at 10.0.0.2:6379 and at 10.0.0.9:6379 as the same process"]


def test_another_process_may_be_anywhere(kill: Any) -> None:
    """Whether it may be another process is asked elsewhere."""
    story = kill()
    met(story, 900, NINE, "run-2b")
    met(story, 950, NINE, "")

    assert found(story) == []


@pytest.mark.parametrize(("sentinel", "told"), [("redis-1", 1), ("", 0)])
def test_clients_count_where_a_sentinel_sent_them(kill: Any, sentinel: str, told: int) -> None:
    """Those of a Service or a proxy reach the same process through it."""
    story = kill()
    for number, address in enumerate(("10.0.0.1:6379", NINE), start=8):
        where = {"server": "redis-1", "run_id": "run-1", "address": address}
        story.event(2100, "probe", "connected", connection=number, client=number, sentinel=sentinel, **where)

    assert len(found(story)) == told


def test_a_replica_where_no_server_was_met_is_told_once(kill: Any) -> None:
    story = kill()
    for name in ("redis-2", "redis-0"):
        story.event(700, f"sentinel:{name}", "+slave", FOUND)

    assert found(story) == [
        "a replica at 10.0.0.9:6379, where no server was met (found by the Sentinels of redis-0, redis-2)"
    ]


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (700, "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.0 6379"),
        (700, "slave redis-2.redis:6379 redis-2.redis 6379 @ mymaster 10.0.0.0 6379"),
        (2001, FOUND),
        (-100, FOUND),
    ],
    ids=["known by its address", "known by its name", "of a Sentinel that takes over another master", "before all"],
)
def test_replicas_that_sentinels_know_are_no_news(kill: Any, at: float, text: str) -> None:
    story = kill()
    story.event(at, "sentinel:redis-0", "+slave", text)

    assert found(story) == []


def test_a_sentinel_that_was_hit_learns_all_anew(kill: Any) -> None:
    story = kill()
    story.fault(600, pod="redis-2", container="sentinel", number=1)
    story.event(700, "sentinel:redis-2", "+slave", FOUND)
    assert found(story) == []

    story.event(700, "sentinel:redis-1", "+slave", FOUND)
    assert len(found(story)) == 1


def test_a_pod_that_was_deleted_comes_back_elsewhere(kill: Any) -> None:
    story = kill()
    story.deleted(500, 510, fault=delete_pod("redis-0"))
    story.event(3300, "sentinel:redis-1", "+slave", FOUND)

    assert found(story) == []


def test_a_node_that_others_find_elsewhere_was_moved(cluster: Any) -> None:
    story = cluster()
    for teller in ("redis-3", "redis-1"):
        story.word(900, teller, "address", node="redis-2", before="10.0.0.2:6379", address=NINE)

    assert found(story) == ["redis-2 moved from 10.0.0.2:6379 to 10.0.0.9:6379 (by the tables of redis-1, redis-3)"]


@pytest.mark.parametrize(
    ("node", "before", "address"),
    [
        ("redis-2", ":6379", NINE),
        ("redis-2", NINE, ":0"),
        ("redis-2", NINE, ""),
        ("redis-9", "10.0.0.8:6379", NINE),
        ("redis-0", "10.0.0.0:6379", NINE),
    ],
    ids=["joins", "leaves", "forgotten", "another node", "hit by the fault"],
)
def test_nodes_that_come_and_go_have_not_moved(cluster: Any, node: str, before: str, address: str) -> None:
    story = cluster()
    story.word(900, "redis-1", "address", node=node, before=before, address=address)

    assert found(story) == []
