"""Documents 002 and 004 as processes: what replaces a pod that went, and what is left of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.deployments.waiting import eventually
from redis_resilience.trials.survey import info

pytestmark = pytest.mark.local

Deploy = Callable[..., LocalDeployment]


def named(deployment: LocalDeployment, sentinel: str) -> str:
    """The address of the master, as this Sentinel says."""
    endpoint = deployment.sentinels()[sentinel]
    answer = deployment.probe.query(endpoint, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")
    return str(answer.value[0]) if isinstance(answer.value, list) else ""


def known_sentinels(deployment: LocalDeployment, sentinel: str) -> int:
    told = deployment.probe.query(deployment.sentinels()[sentinel], "SENTINEL", "SENTINELS", "mymaster").value
    return len(told) + 1 if isinstance(told, list) else 0


def role(deployment: LocalDeployment, pod: str) -> str:
    return info(deployment.probe, deployment.servers()[pod], "replication").get("role", "")


def delete_master(deployment: LocalDeployment) -> str:
    """The master's pod goes at once; returns the address of the one that is elected."""
    old = deployment.servers()["redis-master"].host
    deployment.delete_pod("redis-master", grace_s=0)

    def look() -> tuple[bool, str]:
        names = {named(deployment, sentinel) for sentinel in deployment.sentinels()}
        return len(names) == 1 and old not in names and "" not in names, str(names)

    eventually(look, within_s=30, what="every Sentinel to name another master")
    return named(deployment, "sentinel-a")


def test_the_bootstrap_pod_is_succeeded_by_a_replica_without_a_sentinel(deploy: Deploy) -> None:
    """The others go on counting the Sentinel that it had: 3 of 4."""
    bootstrap = deploy("bootstrap")
    elected = delete_master(bootstrap)

    back = bootstrap.create_pod("redis-master")

    assert back.unreplaced == ("redis-master/sentinel",)
    assert tuple(bootstrap.sentinels()) == ("sentinel-a", "sentinel-b", "sentinel-c")
    assert known_sentinels(bootstrap, "sentinel-a") == 4
    assert role(bootstrap, "redis-master") == "slave"
    assert info(bootstrap.probe, bootstrap.servers()["redis-master"], "replication")["master_host"] == elected


def test_the_chart_s_master_comes_back_as_a_second_one(deploy: Deploy) -> None:
    """With a Sentinel that monitors the elected one: no Sentinel will demote the stale master."""
    helm = deploy("helm")
    elected = delete_master(helm)

    back = helm.create_pod("redis-master")

    assert back.unreplaced == ()
    assert role(helm, "redis-master") == "master"
    assert helm.servers()["redis-master"].host != elected
    assert named(helm, "redis-master") == elected


def test_a_sentinel_that_is_restarted_in_place_is_another_one(deploy: Deploy) -> None:
    bootstrap = deploy("bootstrap")
    before = bootstrap.probe.query(bootstrap.sentinels()["sentinel-b"], "SENTINEL", "MYID").value

    bootstrap.signal("sentinel-b", "sentinel", "SIGKILL")
    bootstrap.start_container("sentinel-b", "sentinel")

    assert bootstrap.probe.query(bootstrap.sentinels()["sentinel-b"], "SENTINEL", "MYID").value != before


def test_a_replica_s_data_goes_with_its_container(deploy: Deploy) -> None:
    """The master's stays: its emptyDir is where it writes."""
    bootstrap = deploy("bootstrap")
    kept = {}
    for pod in ("redis-master", "redis-a"):
        bootstrap.signal(pod, "redis", "SIGKILL")
        folder = bootstrap._up.pods._volume(pod)
        (folder / "mark").touch()
        bootstrap.start_container(pod, "redis")
        kept[pod] = (folder / "mark").exists()

    assert kept == {"redis-master": True, "redis-a": False}
