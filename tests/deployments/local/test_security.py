"""Topologies with TLS, users, other ports and Sentinels apart, as real processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.deployments.local.isolation import Level
from redis_resilience.deployments.replies import pairs
from redis_resilience.model.access import OPEN
from redis_resilience.model.errors import Unavailable
from redis_resilience.model.faults import isolate
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.forbidden import forbidden
from redis_resilience.trials.inspection import read_deployment
from redis_resilience.trials.survey import survey

pytestmark = pytest.mark.local
Deploy = Callable[..., LocalDeployment]


def config(deployment: LocalDeployment, server: str, name: str) -> str:
    return pairs(deployment.probe.query(deployment.servers()[server], "CONFIG", "GET", name).value)[name]


def test_with_tls_there_is_no_other_way_in(deploy: Deploy) -> None:
    """Replication and the Sentinels use it, too: they are healthy, and there is no plain port."""
    deployment = deploy("sidecar+mtls")
    assert survey(deployment).whole
    assert [config(deployment, "redis-0", name) for name in ("port", "tls-port", "tls-auth-clients")] == [
        "0",
        "6379",
        "yes",
    ]
    assert config(deployment, "redis-1", "tls-replication") == "yes"
    deployment.probe.watch(servers={}, sentinels={}, master_name="mymaster", access=OPEN)
    for endpoint in (*deployment.servers().values(), *deployment.sentinels().values()):
        assert deployment.probe.query(endpoint, "PING").unreachable


def test_a_recreated_pod_proves_itself_at_its_new_address(deploy: Deploy) -> None:
    deployment = deploy("sidecar+tls")
    before = deployment.servers()["redis-2"]
    deployment.delete_pod("redis-2")
    deployment.create_pod("redis-2")
    after = deployment.servers()["redis-2"]
    assert after != before
    assert deployment.probe.query(after, "PING").value == "PONG"


def test_each_user_has_its_own_password_and_the_default_user_none(deploy: Deploy) -> None:
    deployment = deploy("sidecar+acl")
    servers, sentinels = deployment.access.servers, deployment.access.sentinels
    assert servers.password != sentinels.password
    assert survey(deployment).whole
    assert forbidden(deployment) == "", "the Sentinels' user may promote a replica"
    server = deployment.servers()["redis-0"]
    assert deployment.probe.query(server, "ACL", "WHOAMI").value == "application"
    assert deployment.probe.query(deployment.sentinels()["redis-0"], "ACL", "WHOAMI").value == "observer"
    listed = deployment.probe.query(server, "ACL", "LIST").value
    assert isinstance(listed, list)
    assert any(str(user).startswith("user default off") for user in listed)
    assert config(deployment, "redis-0", "protected-mode") == "yes"


def test_lint_does_not_take_users_for_no_password(deploy: Deploy) -> None:
    seen = read_deployment(deploy("sidecar+acl")).servers[0].settings.seen["requirepass"]
    assert seen.value


def test_a_password_of_the_sentinels_alone_opens_no_server(deploy: Deploy) -> None:
    deployment = deploy("sidecar+passwords")
    assert deployment.access.servers.password != deployment.access.sentinels.password
    assert survey(deployment).whole


def test_other_ports_are_used_by_everybody(deploy: Deploy) -> None:
    deployment = deploy("sidecar+ports")
    assert {endpoint.port for endpoint in deployment.servers().values()} == {7379}
    assert {endpoint.port for endpoint in deployment.sentinels().values()} == {27379}
    assert survey(deployment).whole
    told = deployment.probe.query(deployment.servers()["redis-1"], "ROLE").value
    assert isinstance(told, list)
    assert (told[0], told[2]) == ("slave", 7379)


def test_five_sentinels_in_pods_of_their_own(deploy: Deploy) -> None:
    deployment = deploy("sidecar+apart")
    seen = survey(deployment)
    assert seen.whole
    assert set(deployment.sentinels()) == {f"sentinel-{number}" for number in range(5)}
    assert set(seen.view.watching) == set(deployment.sentinels())


def test_a_cluster_speaks_tls_on_its_bus_too(deploy: Deploy) -> None:
    deployment = deploy("cluster+mtls+acl")
    assert survey(deployment).whole
    assert config(deployment, "redis-1", "tls-cluster") == "yes"


APART = pytest.mark.parametrize("level", [Level.NAMESPACES], indirect=True)


@APART
def test_pods_can_have_ipv6_addresses_and_no_others(deploy: Deploy) -> None:
    """Names lead to them, and half a partition is cut and healed among them."""
    deployment = deploy("sidecar+ipv6+tls")
    assert all(endpoint.host.startswith("fd77::") for endpoint in deployment.servers().values())
    assert survey(deployment).whole
    told = deployment.probe.query(deployment.servers()["redis-1"], "ROLE").value
    assert isinstance(told, list)
    assert told[1] == "redis-0.redis"
    cut = deployment.isolate("redis-0", isolate("redis-0", direction="in"))
    assert "redis-1 to redis-0" in cut.proof
    assert "still answered: redis-0 to redis-1" in cut.proof
    assert "answered again" in deployment.rejoin("redis-0").proof


def test_loopback_has_no_ipv6(tmp_path: Path) -> None:
    chosen = topology("sidecar+ipv6")
    with pytest.raises(Unavailable, match="got the isolation level loopback, which has IPv4 addresses"):
        LocalDeployment(chosen, chosen.profile("fast"), folder=tmp_path, isolation="loopback")
