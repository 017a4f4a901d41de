"""What a Redis that is there already is: its master, its shards and its times are asked for, not configured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redis_resilience.deployments.kube.attachment import Attachment, find
from redis_resilience.deployments.kube.describing import describe
from redis_resilience.model.errors import DeploymentError, UsageError
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.topology import System
from tests.deployments.kube.conftest import container

MASTER = {
    "name": "mymaster",
    "ip": "10.0.0.1",
    "port": "6379",
    "quorum": "2",
    "down-after-milliseconds": "5000",
    "failover-timeout": "60000",
    "parallel-syncs": "1",
}


class FakeProbe:
    """masters: what every Sentinel reports. periods: what SENTINEL DEBUG reports."""

    def __init__(self, *masters, periods=(), error=""):
        self._masters, self._periods, self._error = masters, periods, error

    def query(self, endpoint, *command, timeout_s=1.0):
        del endpoint, timeout_s
        if self._error:
            return Answer(error=self._error)
        if command == ("SENTINEL", "DEBUG"):
            return Answer(value=list(self._periods))
        return Answer(value=[[text for pair in facts.items() for text in pair] for facts in self._masters])


def test_what_the_sentinels_say_is_the_topology(apart):
    """Quorum, D, failover-timeout and the period of their PINGs; addresses, so not found again by name."""
    wanted = Attachment(selector="app=db", sentinel_selector="app=guard")

    topology, profile = describe(FakeProbe(MASTER, periods=("PING-PERIOD", "100")), find(apart, wanted), wanted)

    assert (topology.master_name, topology.quorum, topology.sentinel_config) == ("mymaster", 2, ())
    assert (profile.down_after_ms, profile.failover_timeout_ms, profile.ping_ms) == (5000, 60000, 100)
    assert profile.name == "attached, D 5000 ms"


def test_names_in_place_of_addresses_are_remembered(apart):
    wanted = Attachment(selector="app=db", sentinel_selector="app=guard")

    topology, profile = describe(FakeProbe({**MASTER, "ip": "db-0.db"}), find(apart, wanted), wanted)

    assert topology.sentinel_config == (("resolve-hostnames", "yes"),)
    assert profile.ping_ms == 0


def test_pods_that_announce_services_of_their_own_keep_their_addresses(apart):
    wanted = Attachment(selector="app=db", sentinel_selector="app=guard")
    announced = replace(wanted, announced={"db-0": "10.0.0.1"})

    assert not describe(FakeProbe(MASTER), find(apart, wanted), wanted)[0].fixed_addresses
    assert describe(FakeProbe(MASTER), find(apart, announced), announced)[0].fixed_addresses


@pytest.mark.parametrize(
    ("masters", "named", "text"),
    [
        ((), "", "they have: none"),
        ((MASTER, {**MASTER, "name": "other"}), "", "they have: mymaster, other; name it with --redis-master-name"),
        ((MASTER,), "shop", "or 'shop' among several; they have: mymaster"),
    ],
)
def test_one_master_is_meant(apart, masters, named, text):
    wanted = Attachment(selector="app=db", sentinel_selector="app=guard", master_name=named)

    with pytest.raises(UsageError, match=text):
        describe(FakeProbe(*masters), find(apart, wanted), wanted)


def test_one_of_several_masters_can_be_named(apart):
    wanted = Attachment(selector="app=db", sentinel_selector="app=guard", master_name="other")

    topology, _ = describe(FakeProbe(MASTER, {**MASTER, "name": "other"}), find(apart, wanted), wanted)

    assert topology.master_name == "other"


def test_a_sentinel_that_wants_a_password_is_told_of(apart):
    wanted = Attachment(selector="app=db", sentinel_selector="app=guard")

    with pytest.raises(DeploymentError, match=r"NOAUTH.*; is the password right \(--redis-password-secret, "):
        describe(FakeProbe(error="NOAUTH Authentication required."), find(apart, wanted), wanted)


def test_neither_sentinels_nor_a_cluster_asks_for_the_sentinels(apart):
    wanted = Attachment(selector="app=db")

    with pytest.raises(
        UsageError, match=r"--redis-sentinel-selector \(its server is no node of a Redis Cluster either"
    ):
        describe(FakeProbe(), find(apart, wanted), wanted)


NODES = {
    "db-0": "b myself,slave a 0 0 2 connected",
    "db-1": "a myself,master - 0 0 2 connected 0-16383",
}


class FakeNodes:
    """tables: by pod, its own line, and further ones."""

    def __init__(self, pods, tables=None, clustered=("db-0", "db-1"), timeout=("cluster-node-timeout", "5000")):
        self._pods = {pod.address: pod.name for pod in pods}
        own = {name: f"{line.split()[0]} {{}}:6379@16379 {line.split(' ', 1)[1]}" for name, line in NODES.items()}
        others = {name: own[other].replace("myself,", "") for name, other in (("db-0", "db-1"), ("db-1", "db-0"))}
        self._tables = {name: f"{own[name]}\n{others[name]}" for name in own} | (tables or {})
        self._clustered, self._timeout = clustered, timeout

    def query(self, endpoint, *command, timeout_s=1.0):
        del timeout_s
        pod = self._pods[endpoint.host]
        match command:
            case ("INFO", "cluster"):
                return Answer(value=f"cluster_enabled:{int(pod in self._clustered)}")
            case ("CLUSTER", "NODES"):
                return Answer(value=self._tables[pod].replace("{}", "10.0.0.9"))
            case ("CLUSTER", "INFO"):
                return Answer(value="cluster_state:ok")
            case ("CONFIG", *_):
                return Answer(value=list(self._timeout))
        return Answer(value="")


@pytest.fixture
def nodes(api, make_pod):
    """Two nodes of a Redis Cluster, the second of them a master."""
    for number in range(2):
        name = f"db-{number}"
        api.known[name] = replace(make_pod(name, containers=(container("server", 6379),)), address=f"10.0.0.{number}")
    api.selected = {"app=db": ("db-0", "db-1")}
    return api


def of(nodes, **changed):
    """What `describe` makes of them."""
    wanted = Attachment(selector="app=db")
    found = find(nodes, wanted)
    return describe(FakeNodes(found.pods, **changed), found, wanted)


def test_nodes_of_a_cluster_need_no_sentinels(nodes):
    """Masters come first, as in every topology of Redis Cluster; its time is the nodes' own."""
    topology, profile = of(nodes)

    assert (topology.system, topology.shards, topology.spares) == (System.CLUSTER, 1, 0)
    assert [(pod.name, pod.containers) for pod in topology.pods] == [("db-1", ("redis",)), ("db-0", ("redis",))]
    assert (profile.name, profile.node_timeout_ms) == ("attached, node timeout 5000 ms", 5000)


ALONE = "{} {{}}:6379@16379 myself,master - 0 0 0 connected{}"


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"clustered": ("db-0",)}, "nodes of one Redis Cluster with the labels 'app=db'; got db-1, whose"),
        (
            {"tables": {"db-0": ALONE.format("b", ""), "db-1": ALONE.format("a", "")}},
            "whose nodes have hash slots; db-0, db-1 have none; wait until it is formed",
        ),
        (
            {"tables": {"db-1": ALONE.format("a", " 0-16383") + "\nc 10.0.0.7:6379@16379 slave a 0 0 1 connected"}},
            r"in none of them: 10.0.0.7:6379 \(slave\); choose labels of all its pods",
        ),
        (
            {"tables": {"db-0": ALONE.format("b", " 0-16383"), "db-1": ALONE.format("a", " 0-16383")}},
            "db-0 and db-1 do not know each other",
        ),
    ],
    ids=["one without", "no slots", "a part", "two clusters"],
)
def test_what_is_no_complete_cluster_is_refused(nodes, changed, text):
    with pytest.raises(UsageError, match=text):
        of(nodes, **changed)


def test_a_node_that_does_not_report_its_time_is_named(nodes):
    with pytest.raises(DeploymentError, match=r"expected 10\.0\.0\.0:6379 to report its cluster-node-timeout"):
        of(nodes, timeout=())
