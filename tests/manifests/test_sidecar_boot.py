"""manifests/sidecar: which pod starts as master. A second master, or an empty one, must never be the result."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "manifests" / "sidecar" / "base" / "scripts"
ADDRESS = "10.0.0.7"


@pytest.fixture
def node(pod):
    pod.settings = {
        "SERVICE": "redis",
        "PODS": "3",
        "MASTER_NAME": "mymaster",
        "QUORUM": "2",
        "PARALLEL_SYNCS": "1",
        "DOWN_AFTER_MS": "5000",
        "FAILOVER_TIMEOUT_MS": "60000",
        "POD_NAMESPACE": "shop",
        "POD_IP": ADDRESS,
    }
    (pod.folder / "config" / "redis.conf").write_text("port 6379\n")
    return pod


def blank(pod, *names: str) -> None:
    for name in names:
        pod.answers(name, 26379, "sentinel master mymaster", "ERR No such master with that name\n\n")


def names(pod, sentinel: str, master: str, *, epoch: int = 0, flags: str = "master", silent_ms: int = 300) -> None:
    """What a Sentinel reports of its master, as redis-cli prints it; an unknown run_id is an empty line."""
    fields = {
        "name": "mymaster",
        "ip": f"{master}.redis",
        "port": "6379",
        "runid": "",
        "flags": flags,
        "last-ok-ping-reply": str(silent_ms),
        "config-epoch": str(epoch),
    }
    pod.answers(
        sentinel, 26379, "sentinel master mymaster", "".join(f"{key}\n{value}\n" for key, value in fields.items())
    )


def was_here_before(pod, address: str = ADDRESS) -> None:
    (pod.data / "redis" / "appendonlydir").mkdir(parents=True)
    (pod.data / "redis" / "address").write_text(f"{address}\n")


def holds(pod, server: str, keys: int) -> None:
    pod.answers(server, 6379, "dbsize", f"{keys}\n")


def answers_ping(pod, server: str, reply: str = "PONG\n") -> None:
    pod.answers(server, 6379, "ping", reply)


def boots(pod) -> str:
    """The server it follows, "itself" for a master, or why it waits."""
    ended = pod.run(SCRIPTS / "server.sh")
    assert ended.status == 0, ended.said
    assert pod.started() == [f"redis-server {pod.data}/redis/redis.conf"]
    written = (pod.data / "redis" / "redis.conf").read_text().splitlines()
    assert written[0] == "port 6379"
    assert f"replica-announce-ip {pod.name}.redis" in written
    following = [line for line in written if line.startswith("replicaof ")]
    return following[0] if following else "itself"


def waits(pod) -> str:
    ended = pod.run(SCRIPTS / "server.sh")
    assert ended.status is None, ended.said
    assert pod.started() == []
    return ended.said


def test_on_a_new_installation_the_first_pod_is_master_and_its_sentinel_is_told(node) -> None:
    blank(node, "redis-0", "redis-1", "redis-2")
    node.answers("redis-0", 26379, "sentinel monitor mymaster redis-0.redis 6379 2", "OK\n")
    times = "down-after-milliseconds 5000 failover-timeout 60000 parallel-syncs 1"
    node.answers("redis-0", 26379, f"sentinel set mymaster {times}", "OK\n")
    assert boots(node) == "itself"
    assert node.asked()[-1] == f"redis-0:26379 sentinel set mymaster {times}"


def test_on_a_new_installation_every_other_pod_follows_the_first(node) -> None:
    node.name = "redis-2"
    blank(node, "redis-0", "redis-1")
    names(node, "redis-2", "redis-0")
    answers_ping(node, "redis-0")
    assert boots(node) == "replicaof redis-0.redis 6379"


def test_a_new_installation_is_one_only_when_every_sentinel_says_so(node) -> None:
    blank(node, "redis-0", "redis-1")
    assert "not all answer" in waits(node)


def test_data_that_no_sentinel_knows_is_not_given_up_for_an_empty_first_pod(node) -> None:
    node.name = "redis-1"
    was_here_before(node)
    blank(node, "redis-0", "redis-1", "redis-2")
    assert "it would lose it as a replica of redis-0" in waits(node)


def test_without_a_majority_of_sentinels_nothing_is_known(node) -> None:
    was_here_before(node)
    names(node, "redis-0", "redis-0")
    assert "1 of 3 Sentinels answer, a majority is 2" in waits(node)


def test_whom_the_sentinels_name_is_followed(node) -> None:
    was_here_before(node)
    answers_ping(node, "redis-2")
    for sentinel in ("redis-0", "redis-1", "redis-2"):
        names(node, sentinel, "redis-2", epoch=1)
    assert boots(node) == "replicaof redis-2.redis 6379"


def test_a_replica_lets_the_master_come_first(node) -> None:
    """Where all pods come back together, an election that began meanwhile must find no other server to promote."""
    was_here_before(node)
    for sentinel in ("redis-0", "redis-1", "redis-2"):
        names(node, sentinel, "redis-2", epoch=1, flags="s_down,master")
    assert "the Sentinels name redis-2, which does not answer yet" in waits(node)


def test_a_master_that_only_loads_is_there(node) -> None:
    was_here_before(node)
    answers_ping(node, "redis-2", "LOADING Redis is loading the dataset in memory\n\n")
    for sentinel in ("redis-0", "redis-1", "redis-2"):
        names(node, sentinel, "redis-2", epoch=1)
    assert boots(node) == "replicaof redis-2.redis 6379"


def test_the_newest_configuration_wins_over_the_more_frequent_one(node) -> None:
    """The leader of a failover knows of it first; the others still name the old master."""
    was_here_before(node)
    names(node, "redis-0", "redis-0", epoch=1)
    names(node, "redis-1", "redis-0", epoch=1)
    names(node, "redis-2", "redis-1", epoch=2)
    answers_ping(node, "redis-1")
    assert boots(node) == "replicaof redis-1.redis 6379"


def test_a_master_that_was_hardly_missed_is_master_again(node) -> None:
    was_here_before(node)
    holds(node, "redis-1", 12)
    for sentinel in ("redis-0", "redis-1", "redis-2"):
        names(node, sentinel, "redis-0", silent_ms=2100)
    assert boots(node) == "itself"


@pytest.mark.parametrize("flags", ["s_down,master", "master,o_down", "master,failover_in_progress"])
def test_a_master_that_one_sentinel_replaces_stays_away(node, flags: str) -> None:
    was_here_before(node)
    holds(node, "redis-1", 12)
    names(node, "redis-0", "redis-0")
    names(node, "redis-1", "redis-0", flags=flags)
    names(node, "redis-2", "redis-0")
    assert "1 of them count it down or replace it" in waits(node)


def test_a_master_that_would_be_reached_too_late_stays_away(node) -> None:
    was_here_before(node)
    holds(node, "redis-1", 12)
    names(node, "redis-1", "redis-0", silent_ms=3500)
    names(node, "redis-2", "redis-0", silent_ms=100)
    assert "about to replace it" in waits(node)


def test_what_the_sentinels_said_grows_older_while_a_server_is_waited_for(node) -> None:
    """A stopped server takes the connection and says nothing: a second passes, and D with it."""
    was_here_before(node)
    os.mkfifo(node.folder / "replies" / "redis-1:6379 dbsize")
    holds(node, "redis-2", 12)
    names(node, "redis-1", "redis-0", silent_ms=2600)
    names(node, "redis-2", "redis-0", silent_ms=2600)
    assert "about to replace it" in waits(node)


def test_a_sentinel_that_is_down_does_not_hold_up_a_master(node) -> None:
    was_here_before(node)
    (node.data / "sentinel").mkdir()
    (node.data / "sentinel" / "sentinel.conf").write_text("sentinel monitor mymaster redis-0.redis 6379 2\n")
    holds(node, "redis-1", 12)
    names(node, "redis-1", "redis-0")
    names(node, "redis-2", "redis-0")
    assert boots(node) == "itself"
    assert not [line for line in node.asked() if " monitor " in line]


def test_a_master_with_a_new_address_stays_away(node) -> None:
    """Its name may resolve to the old address for longer than the Sentinels wait."""
    was_here_before(node, address="10.0.0.6")
    holds(node, "redis-1", 12)
    names(node, "redis-1", "redis-0")
    names(node, "redis-2", "redis-0")
    assert "at its old address" in waits(node)


def test_a_master_that_lost_its_data_stays_away_from_replicas_that_have_theirs(node) -> None:
    holds(node, "redis-1", 12)
    holds(node, "redis-2", 0)
    names(node, "redis-1", "redis-0")
    names(node, "redis-2", "redis-0")
    assert "which has no data; 1 of 2 others are known to have none" in waits(node)


def test_a_server_that_does_not_answer_may_have_data(node) -> None:
    holds(node, "redis-1", 0)
    names(node, "redis-1", "redis-0")
    names(node, "redis-2", "redis-0")
    assert "1 of 2 others are known to have none" in waits(node)


def test_a_server_that_loads_may_have_data(node) -> None:
    holds(node, "redis-1", 0)
    node.answers("redis-2", 6379, "dbsize", "LOADING Redis is loading the dataset in memory\n\n")
    names(node, "redis-1", "redis-0")
    names(node, "redis-2", "redis-0")
    assert "1 of 2 others are known to have none" in waits(node)


def test_where_nobody_has_data_there_is_nothing_to_lose(node) -> None:
    holds(node, "redis-1", 0)
    holds(node, "redis-2", 0)
    for sentinel in ("redis-0", "redis-1", "redis-2"):
        names(node, sentinel, "redis-0")
    assert boots(node) == "itself"


def test_the_last_master_starts_where_no_other_server_is_left_to_choose(node) -> None:
    """All pods were restarted at once, after two failovers: not the first pod, and at a new address."""
    node.name = "redis-2"
    was_here_before(node, address="10.0.0.6")
    for sentinel in ("redis-0", "redis-1", "redis-2"):
        names(node, sentinel, "redis-2", epoch=2, flags="s_down,o_down,master")
    assert boots(node) == "itself"


def test_the_last_master_lets_an_election_that_began_find_nobody(node) -> None:
    """It ends at once without a good replica, and is not tried again for twice the failover-timeout."""
    was_here_before(node, address="10.0.0.6")
    names(node, "redis-0", "redis-0", flags="s_down,o_down,master,failover_in_progress")
    for sentinel in ("redis-1", "redis-2"):
        names(node, sentinel, "redis-0", flags="s_down,o_down,master")
    assert "no other server is there, but 1 Sentinels look for one to replace this pod" in waits(node)


def test_patience_ends_where_the_sentinels_can_choose_nobody(node) -> None:
    """Two elections failed. The times given here leave no patience at all."""
    node.settings |= {"DOWN_AFTER_MS": "1000", "FAILOVER_TIMEOUT_MS": "-2000"}
    was_here_before(node)
    holds(node, "redis-1", 12)
    for sentinel in ("redis-0", "redis-1", "redis-2"):
        names(node, sentinel, "redis-0", flags="s_down,o_down,master")
    assert boots(node) == "itself"


def test_a_server_without_data_has_no_end_to_its_patience(node) -> None:
    node.settings |= {"DOWN_AFTER_MS": "1000", "FAILOVER_TIMEOUT_MS": "-2000"}
    holds(node, "redis-1", 12)
    names(node, "redis-1", "redis-0", flags="s_down,o_down,master")
    names(node, "redis-2", "redis-0", flags="s_down,o_down,master")
    assert "which has no data" in waits(node)


def test_a_sentinel_on_a_blank_volume_watches_nobody(node) -> None:
    ended = node.run(SCRIPTS / "sentinel.sh")
    assert ended.status == 0, ended.said
    path = node.data / "sentinel" / "sentinel.conf"
    assert node.started() == [f"redis-server {path} --sentinel"]
    assert "monitor" not in path.read_text()
    assert "sentinel announce-ip redis-0.redis" in path.read_text()


def test_a_sentinel_keeps_what_it_knew_and_takes_the_times_of_the_manifest(node) -> None:
    path = node.data / "sentinel" / "sentinel.conf"
    path.parent.mkdir()
    kept = [
        "sentinel monitor mymaster redis-1.redis 6379 2",
        "sentinel config-epoch mymaster 3",
        "sentinel known-replica mymaster redis-0.redis 6379",
        "sentinel current-epoch 4",
    ]
    path.write_text("\n".join(["sentinel myid old", "sentinel down-after-milliseconds mymaster 1", *kept]))
    assert node.run(SCRIPTS / "sentinel.sh").status == 0
    lines = path.read_text().splitlines()
    assert [line for line in lines if line in kept] == kept
    assert "sentinel down-after-milliseconds mymaster 5000" in lines
    assert "sentinel down-after-milliseconds mymaster 1" not in lines


def test_a_sentinel_has_the_identity_of_its_pod(node) -> None:
    def identity() -> str:
        assert node.run(SCRIPTS / "sentinel.sh").status == 0
        text = (node.data / "sentinel" / "sentinel.conf").read_text()
        return next(line.split()[2] for line in text.splitlines() if line.startswith("sentinel myid "))

    first = identity()
    assert len(first) == 40
    (node.data / "sentinel" / "sentinel.conf").unlink()
    assert identity() == first, "a blank volume changes nothing"
    node.name = "redis-1"
    assert identity() != first
