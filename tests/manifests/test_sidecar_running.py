"""manifests/sidecar: when a pod is ready, and how its master requests a failover before it is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "manifests" / "sidecar" / "base" / "scripts"
CAUGHT_UP = (
    "role:master\r\nslave0:ip=redis-1.redis,port=6379,state=online,offset=840,lag=0\r\n"
    "slave1:ip=redis-2.redis,port=6379,state=online,offset=840,lag=1\r\nmaster_repl_offset:840\r\n"
)


@pytest.fixture
def node(pod):
    pod.settings = {"SERVICE": "redis", "PODS": "3", "MASTER_NAME": "mymaster", "QUORUM": "2"}
    return pod


@pytest.fixture
def master(node):
    node.answers("redis-0", 6379, "role", "master\n840\n")
    node.answers("redis-0", 6379, "info replication", CAUGHT_UP)
    node.answers("redis-0", 6379, "config set min-replicas-to-write 100", "OK\n")
    return node


def names(pod, sentinel: str, master: str) -> None:
    reply = f"ip\n{master}.redis\nflags\nmaster\nlast-ok-ping-reply\n10\nconfig-epoch\n7\n"
    pod.answers(sentinel, 26379, "sentinel master mymaster", reply)


@pytest.mark.parametrize(
    ("role", "ready"),
    [
        ("master\n840\nredis-1.redis\n6379\n840\n", True),
        ("slave\nredis-1.redis\n6379\nconnected\n840\n", True),
        ("slave\nredis-1.redis\n6379\nsync\n-1\n", False),
        ("LOADING Redis is loading the dataset in memory\n\n", False),
    ],
)
def test_ready_is_a_master_or_a_linked_replica(node, role: str, ready: bool) -> None:  # noqa: FBT001 - a table's cell
    node.answers("redis-0", 6379, "role", role)
    assert (node.run(SCRIPTS / "ready.sh").status == 0) is ready


def test_a_server_that_does_not_answer_is_not_ready(node) -> None:
    assert node.run(SCRIPTS / "ready.sh").status != 0


def test_a_replica_requests_no_failover(node) -> None:
    node.answers("redis-0", 6379, "role", "slave\nredis-1.redis\n6379\nconnected\n840\n")
    ended = node.run(SCRIPTS / "planned-failover.sh")
    assert (ended.status, ended.said) == (0, "planned-failover.sh: not master, no failover to request\n")
    assert node.asked() == ["redis-0:6379 role"]


def test_a_master_refuses_writes_before_another_is_chosen(master) -> None:
    names(master, "redis-1", "redis-2")
    names(master, "redis-2", "redis-2")
    master.answers("redis-1", 26379, "sentinel failover mymaster", "OK\n")
    ended = master.run(SCRIPTS / "planned-failover.sh")
    assert ended.status == 0
    assert ended.said.splitlines()[-1] == "planned-failover.sh: another pod is master"
    asked = master.asked()
    fenced = asked.index("redis-0:6379 config set min-replicas-to-write 100")
    compared = asked.index("redis-0:6379 info replication")
    chosen = asked.index("redis-1:26379 sentinel failover mymaster")
    assert fenced < compared < chosen


def test_the_next_sentinel_is_asked_where_one_does_not_answer(master) -> None:
    names(master, "redis-2", "redis-1")
    master.answers("redis-2", 26379, "sentinel failover mymaster", "OK\n")
    ended = master.run(SCRIPTS / "planned-failover.sh")
    assert "asked the Sentinel of redis-1 to choose another master: no answer" in ended.said
    assert "another pod is master" in ended.said


def test_where_no_sentinel_agrees_the_master_is_stopped_without_taking_writes_again(master) -> None:
    """All pods stopped together: what it took now, another that comes back sooner would not have."""
    for sentinel in ("redis-1", "redis-2"):
        master.answers(sentinel, 26379, "sentinel failover mymaster", "NOGOODSLAVE No suitable replica to promote\n")
    ended = master.run(SCRIPTS / "planned-failover.sh")
    assert ended.status == 0
    assert "no other pod became master" in ended.said
    assert [line for line in master.asked() if " config set " in line] == [
        "redis-0:6379 config set min-replicas-to-write 100"
    ]


def test_its_own_sentinel_is_never_asked_for_it_is_being_stopped(master) -> None:
    master.run(SCRIPTS / "planned-failover.sh")
    assert not [line for line in master.asked() if line.startswith("redis-0:26379")]


def test_a_sentinel_is_told_its_periods(node) -> None:
    node.settings["PING_MS"] = "100"
    node.answers("redis-0", 26379, "sentinel debug ping-period 100", "OK\n")
    assert node.run(SCRIPTS / "periods.sh").status == 0
