"""A deployment counts as up only when all are linked and know each other; here the servers' answers are literals."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from redis_resilience.deployments.local import settling
from redis_resilience.deployments.local.settling import run_id, wait_for_replicas, wait_for_sentinels
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, WaitTimeout
from redis_resilience.probe.protocol import Answer, Value
from redis_resilience.topologies.catalogue import SIDECAR

MASTER = Endpoint("10.77.0.10", 6379)
REPLICA = Endpoint("10.77.0.11", 6379)
SENTINELS = tuple(Endpoint(f"10.77.0.1{number}", 26379) for number in range(3))
OF_MASTER = Answer(value=["master", 0, [["10.77.0.11", "6379", "0"]]])
LINKED = Answer(value=["slave", "10.77.0.10", 6379, "connected", 14])
LINKING = Answer(value=["slave", "10.77.0.10", 6379, "sync", -1])


class Asked:
    """Answers queries by a function, and remembers them. Only `query` of a probe is used here."""

    def __init__(self, answer: Callable[..., Answer]) -> None:
        self._answer = answer
        self.commands: list[tuple[str, ...]] = []

    def query(self, endpoint: Endpoint, *command: str, timeout_s: float = 1.0) -> Answer:
        del timeout_s
        self.commands.append(command)
        return self._answer(endpoint, *command)


def alive() -> None:
    """Nothing has died."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_LINKED_WITHIN_S", 0.02)
    monkeypatch.setattr(settling, "_KNOWN_WITHIN_S", 0.02)
    monkeypatch.setattr(settling, "_EVERY_S", 0.001)


def replicas_of(*answers: Answer) -> Asked:
    coming = iter(answers)
    return Asked(lambda endpoint, *_: OF_MASTER if endpoint == MASTER else next(coming))


def test_a_replica_in_sync_is_waited_for() -> None:
    asked = replicas_of(Answer(unreachable="refused"), LINKING, LINKED)
    wait_for_replicas(asked, MASTER, {"redis-1": REPLICA}, alive)
    assert len(asked.commands) == 6


def test_a_replica_that_never_links_is_named_with_its_state() -> None:
    asked = Asked(lambda endpoint, *_: OF_MASTER if endpoint == MASTER else LINKING)
    with pytest.raises(WaitTimeout, match="for 1 replicas to be linked; saw last: redis-1 sync; the master counts 1"):
        wait_for_replicas(asked, MASTER, {"redis-1": REPLICA}, alive)


def test_a_container_that_died_ends_the_wait() -> None:
    def dead() -> None:
        raise DeploymentError("redis-1 died")

    with pytest.raises(DeploymentError, match="redis-1 died"):
        wait_for_replicas(replicas_of(LINKED), MASTER, {"redis-1": REPLICA}, dead)


def sentinel(
    *,
    flags: str = "master",
    replicas: int = 2,
    others: int = 2,
    link: str = "ok",
    peer: str = "sentinel",
    debug: Answer | None = None,
) -> Asked:
    view: Value = ["flags", flags, "num-slaves", str(replicas), "num-other-sentinels", str(others)]
    entries: dict[str, Value] = {
        "MASTER": view,
        "REPLICAS": [["name", "10.77.0.11:6379", "flags", "slave", "master-link-status", link]],
        "SENTINELS": [["ip", "10.77.0.12", "flags", peer]],
    }

    def answer(_: Endpoint, __: str, what: str, *___: str) -> Answer:
        return (debug or Answer(value="OK")) if what == "DEBUG" else Answer(value=entries[what])

    return Asked(answer)


def settle(asked: Asked, *, debug: bool = True) -> None:
    wait_for_sentinels(asked, SIDECAR, SIDECAR.profile("fast"), SENTINELS, debug=debug, check=alive)


def test_the_hello_period_is_short_during_the_wait_and_the_engine_s_own_afterwards() -> None:
    asked = sentinel()
    settle(asked)
    periods = [command[-1] for command in asked.commands if command[1] == "DEBUG"]
    assert periods == ["100"] * 3 + ["2000"] * 3
    assert asked.commands[-1][1] == "DEBUG"


def test_an_engine_without_sentinel_debug_is_left_alone() -> None:
    asked = sentinel()
    settle(asked, debug=False)
    assert {command[1] for command in asked.commands} == {"MASTER", "REPLICAS", "SENTINELS"}


@pytest.mark.parametrize(
    ("asked", "lack"),
    [
        (sentinel(flags="s_down,master"), "master is s_down,master"),
        (sentinel(replicas=1), "knows 1 of 2 slaves"),
        (sentinel(others=1), "knows 1 of 2 other-sentinels"),
        (sentinel(link="err"), "replica 10.77.0.11:6379 is slave, its link err"),
        (sentinel(peer="sentinel,disconnected"), "Sentinel 10.77.0.12 is sentinel,disconnected"),
    ],
)
def test_what_a_sentinel_lacks_is_told(asked: Asked, lack: str) -> None:
    with pytest.raises(WaitTimeout) as caught:
        settle(asked)
    assert f"10.77.0.10:26379: {lack}" in str(caught.value)


def test_a_sentinel_that_refuses_debug_says_so_at_once() -> None:
    with pytest.raises(DeploymentError, match=r"got 'ERR unknown'; SENTINEL DEBUG needs Redis 7.0 or newer, or Valkey"):
        settle(sentinel(debug=Answer(error="ERR unknown")))


def test_a_run_id_is_read_from_info() -> None:
    assert run_id(Answer(value="# Server\r\nredis_version:7.0.15\r\nrun_id:0a1b\r\n")) == "0a1b"
    assert run_id(Answer(error="LOADING Redis is loading the dataset in memory")) == ""
