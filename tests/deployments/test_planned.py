"""A planned failover: writes are refused before the Sentinels are asked, and accepted again where it fails."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from redis_resilience.deployments.planned import planned_failover
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError
from redis_resilience.probe.protocol import Answer

OLD, NEW = ["10.0.0.1", "6379"], ["10.0.0.2", "6379"]
GOOD = ["name", "redis-1", "flags", "slave", "master-link-status", "ok", "slave-priority", "100"]


class FakeProbe:
    """A master with a replica that is level with it, and two Sentinels. heard: every command that changes a thing."""

    def __init__(self, *, role="master", agrees="OK", limit="1"):
        self.role, self.agrees, self.limit = role, agrees, limit
        self.master = OLD
        self.heard = []

    def query(self, endpoint, *command, timeout_s=1.0):
        del timeout_s
        match command:
            case ("ROLE",):
                return Answer(value=["master", 9, [["r", "6379", "9"]]] if self.role == "master" else ["slave"])
            case ("CONFIG", "GET", name):
                return Answer(value=[name, self.limit]) if self.limit else Answer(error="ERR unknown command")
            case ("SENTINEL", "REPLICAS", _):
                return Answer(value=[GOOD])
            case ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", _):
                return Answer(value=self.master)
        self.heard.append((endpoint.host, *command))
        if command[:2] == ("SENTINEL", "FAILOVER"):
            if self.agrees != "OK":
                return Answer(error=self.agrees)
            self.master = NEW
        return Answer(value="OK")


def deployment(probe, sentinels=("redis-0", "redis-1", "redis-2")):
    return SimpleNamespace(
        probe=probe,
        topology=SimpleNamespace(master_name="mymaster"),
        servers=lambda: {"redis-0": Endpoint("redis-0", 6379)},
        sentinels=lambda: {name: Endpoint(name, 26379) for name in sentinels},
    )


def test_writes_are_refused_then_another_pod_s_sentinel_is_asked():
    probe = FakeProbe()

    begin_ns, accepted_ns = planned_failover(deployment(probe), "redis-0")

    assert begin_ns <= accepted_ns
    assert probe.heard == [
        ("redis-0", "CONFIG", "SET", "min-replicas-to-write", "100"),
        ("redis-1", "SENTINEL", "FAILOVER", "mymaster"),
    ]


def test_a_replica_goes_without_one():
    probe = FakeProbe(role="replica")

    assert planned_failover(deployment(probe), "redis-0") is None
    assert probe.heard == []


def test_where_no_sentinel_agrees_the_master_accepts_writes_again():
    probe = FakeProbe(agrees="NOGOODSLAVE No suitable replica to promote", limit="2")

    with pytest.raises(DeploymentError, match=r"redis-1: NOGOODSLAVE .*; redis-2: NOGOODSLAVE"):
        planned_failover(deployment(probe), "redis-0")

    assert probe.heard[-1] == ("redis-0", "CONFIG", "SET", "min-replicas-to-write", "2")


def test_what_cannot_be_asked_for_is_said_before_anything_changes():
    for probe, sentinels, words in (
        (FakeProbe(limit=""), ("redis-1",), "expected redis-0 to answer CONFIG GET min-replicas-to-write"),
        (FakeProbe(), ("redis-0",), "expected a Sentinel outside redis-0 to ask for a planned failover"),
    ):
        with pytest.raises(DeploymentError, match=words):
            planned_failover(deployment(probe, sentinels), "redis-0")
        assert probe.heard == []
