"""The chart's deployment as real processes: a password everywhere, no FLUSHALL, a master's set that can be scaled."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.deployments.local.isolation import Level
from redis_resilience.deployments.replies import pairs
from redis_resilience.model.errors import DeploymentError
from redis_resilience.topologies.catalogue import CHART
from redis_resilience.trials.emptying import empty

pytestmark = pytest.mark.local

TOGETHER = pytest.mark.parametrize("level", [Level.LOOPBACK], indirect=True)
Deploy = Callable[..., LocalDeployment]


def say(host: str, port: int, words: bytes) -> bytes:
    with socket.create_connection((host, port), timeout=5) as line:
        line.sendall(words)
        return line.recv(1000)


@TOGETHER
def test_servers_and_sentinels_ask_for_the_password(deploy: Deploy) -> None:
    deployment = deploy("chart")
    for endpoint in (*deployment.servers().values(), *deployment.sentinels().values()):
        assert say(endpoint.host, endpoint.port, b"PING\r\n").startswith(b"-NOAUTH")
        right = f"AUTH {deployment.access.servers.password}\r\n".encode()
        assert say(endpoint.host, endpoint.port, right) == b"+OK\r\n"


@TOGETHER
def test_its_master_can_be_emptied_though_flushall_is_gone(deploy: Deploy) -> None:
    deployment = deploy("chart")
    master = deployment.servers()[CHART.first]
    deployment.probe.query(master, "EVAL", "for n = 1, 5000 do redis.call('SET', n, n) end", "0", timeout_s=10)
    assert deployment.probe.query(master, "DBSIZE").value == 5000
    assert "unknown command" in deployment.probe.query(master, "FLUSHALL").error
    empty(deployment.probe, master)
    assert deployment.probe.query(master, "DBSIZE").value == 0


@TOGETHER
def test_scaled_to_zero_the_master_s_set_takes_its_pod_and_no_other(deploy: Deploy) -> None:
    deployment = deploy("chart")
    before = deployment.servers()[CHART.first]
    gone = deployment.scale_to_zero("redis-master-0")
    assert set(deployment.servers()) == {"redis-slave-0", "redis-slave-1", "redis-slave-2"}
    with pytest.raises(DeploymentError, match="of redis-master-0 to exist; all were deleted already"):
        deployment.scale_to_zero("redis-master-0")
    back = deployment.scale_back("redis-master-0")
    assert "redis-master-0/redis was ended by SIGTERM" in gone.proof or "ended with exit status 0" in gone.proof
    assert "redis-master-0/redis answers at" in back.proof
    assert deployment.servers()[CHART.first].host != before.host


@TOGETHER
def test_the_master_s_new_sentinel_begins_with_those_that_another_one_knows(deploy: Deploy) -> None:
    """Without them it would monitor its own server for ever, and no Sentinel would announce another to it."""
    deployment = deploy("chart")
    deployment.scale_to_zero("redis-master-0")
    deployment.scale_back("redis-master-0")
    view = deployment.probe.query(deployment.sentinels()["redis-master-0"], "SENTINEL", "MASTER", "mymaster")
    assert int(pairs(view.value)["num-other-sentinels"]) >= 2
