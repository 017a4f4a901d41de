"""Each boot rule, asked of Sentinels that say what the test wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from redis_resilience.deployments.local.boot import whom_to_follow, whom_to_watch
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import WaitTimeout
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.catalogue import BOOTSTRAP, SIDECAR, STATEFULSET
from redis_resilience.topologies.topology import Boot, Pod

ADDRESSES = {"redis-0": "10.0.0.1", "redis-1": "10.0.0.2", "redis-2": "10.0.0.3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """named: what the Sentinel of each pod answers, "" for nothing. alive: servers that answer."""

    named: Mapping[str, str]
    alive: tuple[str, ...] = ()

    def endpoints(self, container: str) -> Mapping[str, Endpoint]:
        return {pod: Endpoint(address, len(container)) for pod, address in ADDRESSES.items()}

    def called(self, host: str) -> str:
        return next((pod for pod, address in ADDRESSES.items() if address == host), host)

    def query(self, endpoint: Endpoint, *command: str, timeout_s: float = 1.0) -> Answer:  # noqa: ARG002 - of the interface
        pod = self.called(endpoint.host)
        if command[0] == "INFO":
            return Answer(value="run_id:abc\n") if pod in self.alive else Answer(unreachable="connection refused")
        named = self.named.get(pod, "")
        return Answer(value=[named, "6379"]) if named else Answer(unreachable="connection refused")


class PassingClock:
    """Time that passes when something sleeps."""

    def __init__(self) -> None:
        self.now = 0

    def now_ns(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1e9)


def follow(boot: Boot, pod: str, world: World) -> str:
    return whom_to_follow(
        pod,
        topology=replace(STATEFULSET, boot=boot),
        profile=SIDECAR.profile("fast"),
        places=world,
        probe=world,
        clock=PassingClock(),
    )


@pytest.mark.parametrize(("pod", "followed"), [("redis-0", ""), ("redis-1", "redis-0"), ("redis-2", "redis-0")])
def test_the_static_rule_asks_nobody(pod: str, followed: str) -> None:
    assert follow(Boot.FIRST, pod, World(named=dict.fromkeys(ADDRESSES, "10.0.0.3"))) == followed


def test_a_pod_s_own_rule_is_the_one_that_counts() -> None:
    topology = replace(STATEFULSET, pods=(Pod(name="redis-0"), Pod(name="redis-1", boot=Boot.MASTER)))
    world = World(named={})
    assert (
        whom_to_follow("redis-1", topology=topology, profile=SIDECAR.profile("fast"), places=world, probe=world) == ""
    )


def test_a_pod_that_asks_follows_whom_the_first_other_pod_s_sentinel_names() -> None:
    world = World(named={"redis-0": "10.0.0.9", "redis-1": "10.0.0.2", "redis-2": "10.0.0.3"})
    assert follow(Boot.ASK, "redis-0", world) == "redis-1"


def test_a_pod_that_asks_may_be_told_an_address_that_is_no_pod_s() -> None:
    assert follow(Boot.ASK, "redis-2", World(named={"redis-0": "10.0.0.9"})) == "10.0.0.9"


def test_a_pod_that_asks_and_is_told_its_own_name_is_master() -> None:
    assert follow(Boot.ASK, "redis-1", World(named={"redis-2": "10.0.0.2"})) == ""


def test_a_pod_that_asks_believes_its_own_sentinel_where_nobody_else_answers() -> None:
    """With the other Sentinels dead, a restarted master must not become the replica of its own replica."""
    assert follow(Boot.ASK, "redis-1", World(named={"redis-1": "10.0.0.2"})) == ""


@pytest.mark.parametrize(("pod", "followed"), [("redis-0", ""), ("redis-1", "redis-0")])
def test_a_pod_that_asks_in_vain_believes_its_number(pod: str, followed: str) -> None:
    assert follow(Boot.ASK, pod, World(named={})) == followed


def test_a_pod_that_waits_follows_a_master_that_answers() -> None:
    world = World(named={"redis-0": "10.0.0.2"}, alive=("redis-1",))
    assert follow(Boot.ASK_OR_WAIT, "redis-2", world) == "redis-1"


@pytest.mark.parametrize(
    ("named", "seen"),
    [
        ({}, "no Sentinel answers with one"),
        ({"redis-1": "10.0.0.1"}, "the Sentinels name redis-0, which does not answer"),
        ({"redis-1": "10.0.0.9"}, "the Sentinels name 10.0.0.9, which does not answer"),
    ],
)
def test_a_pod_that_waits_says_what_it_waited_for(named: dict[str, str], seen: str) -> None:
    """D + 2 failover-timeouts + 15 s: by then a second election has ended."""
    with pytest.raises(WaitTimeout) as caught:
        follow(Boot.ASK_OR_WAIT, "redis-0", World(named=named))
    assert str(caught.value) == (
        f"waited 22 s for a master that redis-0 can follow, for which its boot rule waits; saw last: {seen}"
    )


def watch(pod: str, world: World) -> str:
    return whom_to_watch(
        pod, topology=BOOTSTRAP, profile=SIDECAR.profile("fast"), places=world, probe=world, clock=PassingClock()
    )


def test_the_first_sentinel_watches_the_server_of_its_own_pod() -> None:
    assert watch("redis-0", World(named={})) == ""


def test_a_later_one_watches_whom_the_others_name_once_that_one_answers() -> None:
    assert watch("redis-2", World(named={"redis-0": "10.0.0.2"}, alive=("redis-1",))) == "redis-1"


def test_a_later_one_never_begins_while_the_named_master_is_dead() -> None:
    """So it cannot help to elect another."""
    with pytest.raises(WaitTimeout, match="the Sentinels name redis-0, which does not answer"):
        watch("redis-2", World(named={"redis-1": "10.0.0.1"}))
