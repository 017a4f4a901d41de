"""A Redis that is there already: its pods, its containers' roles and its times are discovered, not configured."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.attachment import Attachment, describe, find
from redis_resilience.deployments.kube.interface import ContainerState
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, UsageError
from redis_resilience.probe.protocol import Answer

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


def container(name, *ports):
    return ContainerState(name=name, id=name, state="running", ports=ports)


@pytest.fixture
def apart(api, make_pod):
    """Servers and Sentinels in pods of their own, under a chart's names."""
    api.known["db-0"] = make_pod("db-0", containers=(container("server", 6379), container("exporter", 9121)))
    api.known["watch-0"] = make_pod("watch-0", containers=(container("guard", 26379),))
    api.selected = {"app=db": ("db-0",), "app=guard": ("watch-0",), "app=none": ()}
    return api


def test_containers_are_known_by_their_ports(apart):
    """Only the topology's two are renamed; the cluster's name stays known, for the logs."""
    found = find(apart, Attachment(selector="app=db", sentinel_selector="app=guard"))

    assert found.endpoints("redis") == {"db-0": Endpoint("10.244.0.5", 6379)}
    assert found.endpoints("sentinel") == {"watch-0": Endpoint("10.244.0.5", 26379)}
    assert [(pod.name, pod.containers) for pod in found.parts()] == [("db-0", ("redis",)), ("watch-0", ("sentinel",))]
    called = found.called(apart.known["db-0"])
    assert [(each.name, each.name_in_cluster) for each in called.containers] == [
        ("redis", "server"),
        ("exporter", "exporter"),
    ]


def test_without_ports_names_decide(api, make_pod):
    """A manifest need not declare its ports."""
    api.known["redis-0"] = make_pod("redis-0")
    api.selected = {"app=redis": ("redis-0",)}

    assert find(api, Attachment(selector="app=redis")).parts()[0].containers == ("redis", "sentinel")


def test_a_container_that_fits_not_at_all_asks_for_its_name(apart):
    with pytest.raises(UsageError) as told:
        find(apart, Attachment(selector="app=db"))

    assert "expected one container in pod db-0 with port 26379 as its sentinel" in str(told.value)
    assert "it has: server (ports 6379), exporter (ports 9121); name it with --redis-sentinel-container" in str(
        told.value
    )


def test_a_named_container_must_be_there(apart):
    with pytest.raises(UsageError, match="in pod db-0 named 'redis' as its redis; it has: server"):
        find(apart, Attachment(selector="app=db", sentinel_selector="app=guard", container="redis"))


def test_a_selector_that_finds_nobody_says_so(apart):
    with pytest.raises(UsageError, match=r"with the labels 'app=none' in namespace trial; there are none; .*--redis"):
        find(apart, Attachment(selector="app=none"))


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


def test_a_pod_is_reached_by_the_address_that_it_announces(apart):
    """Its own stays known, for the rules of a partition."""
    found = find(apart, Attachment(selector="app=db", sentinel_selector="app=guard", announced={"db-0": "10.96.0.1"}))

    assert found.endpoints("redis") == {"db-0": Endpoint("10.96.0.1", 6379)}
    called = found.called(apart.known["db-0"])
    assert (called.address, called.own_address) == ("10.96.0.1", "10.244.0.5")
    assert found.called(apart.known["watch-0"]).own_address == "10.244.0.5"
