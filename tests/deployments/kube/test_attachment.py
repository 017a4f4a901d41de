"""A Redis that is there already: its pods and its containers' roles are discovered, not configured."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.attachment import Attachment, find
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import UsageError


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


def test_pods_without_sentinels_may_be_nodes_of_a_cluster(apart):
    """What to try if they are not is known."""
    found = find(apart, Attachment(selector="app=db"))

    assert found.endpoints("sentinel") == {}
    assert "expected one container in pod db-0 with port 26379 as its sentinel" in found.without_sentinels
    assert "it has: server (ports 6379), exporter (ports 9121); name it with --redis-sentinel-container" in (
        found.without_sentinels
    )


def test_a_sentinel_that_was_named_must_be_there(apart):
    with pytest.raises(UsageError, match="in pod db-0 named 'guard' as its sentinel; it has: server"):
        find(apart, Attachment(selector="app=db", sentinel_container="guard"))


def test_a_named_container_must_be_there(apart):
    with pytest.raises(UsageError, match="in pod db-0 named 'redis' as its redis; it has: server"):
        find(apart, Attachment(selector="app=db", sentinel_selector="app=guard", container="redis"))


def test_a_selector_that_finds_nobody_says_so(apart):
    with pytest.raises(UsageError, match=r"with the labels 'app=none' in namespace trial; there are none; .*--redis"):
        find(apart, Attachment(selector="app=none"))


def test_a_pod_is_reached_by_the_address_that_it_announces(apart):
    """Its own stays known, for the rules of a partition."""
    found = find(apart, Attachment(selector="app=db", sentinel_selector="app=guard", announced={"db-0": "10.96.0.1"}))

    assert found.endpoints("redis") == {"db-0": Endpoint("10.96.0.1", 6379)}
    called = found.called(apart.known["db-0"])
    assert (called.address, called.own_address) == ("10.96.0.1", "10.244.0.5")
    assert found.called(apart.known["watch-0"]).own_address == "10.244.0.5"
