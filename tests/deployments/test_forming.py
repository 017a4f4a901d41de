"""The commands that servers get to form a cluster, and the errors where one refuses or stays alone."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.forming import form_cluster
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, WaitTimeout
from redis_resilience.probe.protocol import Answer

SERVERS = {f"redis-{number}": Endpoint(f"10.0.0.{number}", 6379) for number in (1, 2)}


class Servers:
    """Servers that carry out everything and never get to know each other; the commands they get are kept."""

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal
        self.told: list[tuple[str, ...]] = []

    def query(self, endpoint: Endpoint, *command: str, timeout_s: float = 1.0) -> Answer:
        del endpoint, timeout_s
        match command:
            case ("CLUSTER", "INFO"):
                return Answer(value="cluster_state:fail\r\n")
            case ("CLUSTER", "NODES"):
                return Answer(value="a 10.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-16383\n")
            case ("CONFIG", *_):
                return Answer(value=["cluster-announce-ip", "10.96.0.9"])
        self.told.append(command)
        return Answer(error=self.refusal) if self.refusal else Answer(value="OK")


class Now:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.ns = 1

    def now_ns(self) -> int:
        return self.ns

    def sleep(self, seconds: float) -> None:
        self.ns += int(seconds * 1e9)


def form(servers: Servers) -> None:
    form_cluster(servers, SERVERS, shards=1, check=lambda: None, clock=Now())


def test_a_server_that_refuses_is_named_with_what_it_said() -> None:
    with pytest.raises(DeploymentError) as caught:
        form(Servers("ERR the node knows others"))
    assert str(caught.value) == (
        "expected 10.0.0.1:6379 to carry out CLUSTER SET-CONFIG-EPOCH 1; got 'ERR the node knows others'; "
        "is its volume left over from another cluster?"
    )


def test_nodes_that_stay_alone_are_introduced_again_under_their_announced_addresses_and_counted() -> None:
    servers = Servers()
    with pytest.raises(WaitTimeout, match="2 nodes to know each other; saw last: redis-1 knows 1, redis-2 knows 1"):
        form(servers)
    met = [command for command in servers.told if command[1] == "MEET"]
    assert set(met) == {("CLUSTER", "MEET", "10.96.0.9", "6379")}
    assert 10 <= len(met) <= 11, "at once, and every 3 s of 30"


def test_the_first_servers_get_their_slots_before_anybody_is_met() -> None:
    servers = Servers()
    with pytest.raises(WaitTimeout):
        form(servers)
    assert servers.told[0] == ("CLUSTER", "SET-CONFIG-EPOCH", "1")
    assert servers.told[1][:3] == ("CLUSTER", "ADDSLOTS", "0")
    assert len(servers.told[1]) == 2 + 16384
