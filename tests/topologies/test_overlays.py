"""Overlays add to a topology and change nothing else of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.topologies.catalogue import SIDECAR, topology
from redis_resilience.topologies.overlays import OVERLAYS
from redis_resilience.topologies.security import MONITORING_USER, Encryption


def test_they_can_be_combined_in_any_order_and_the_name_says_which() -> None:
    one, other = topology("sidecar+acl+mtls"), topology("sidecar+mtls+acl")
    assert one.name == "sidecar+acl+mtls"
    assert replace(one, name="", summary="") == replace(other, name="", summary="")
    assert one.security.tls is Encryption.MUTUAL
    assert one.security.user


@pytest.mark.parametrize("overlay", OVERLAYS, ids=lambda overlay: overlay.name)
def test_each_leaves_times_and_settings_alone(overlay) -> None:
    found = topology(f"sidecar+{overlay.name}")
    assert (found.profiles, found.redis_config, found.sentinel_config) == (
        SIDECAR.profiles,
        SIDECAR.redis_config,
        SIDECAR.sentinel_config,
    )
    assert overlay.summary in found.summary


def test_an_unknown_one_is_answered_with_the_known_and_the_nearest() -> None:
    with pytest.raises(
        UsageError, match=r"expected sidecar\+OVERLAY with an overlay of tls, .*got 'tsl'; did you mean tls"
    ):
        topology("sidecar+tsl")


def test_the_same_one_twice_is_a_mistake() -> None:
    with pytest.raises(UsageError, match=r"expected each overlay once; got sidecar\+tls\+acl\+tls: tls twice"):
        topology("sidecar+tls+acl+tls")


def test_a_cluster_has_no_sentinels_to_set_apart() -> None:
    with pytest.raises(UsageError, match="expected a topology with Sentinels for the overlay apart; got cluster"):
        topology("cluster+apart")


def test_sentinels_speak_to_servers_as_the_user_that_the_configuration_names() -> None:
    assert SIDECAR.monitoring_user == ""
    assert topology("sidecar+acl").monitoring_user == MONITORING_USER
    own = replace(SIDECAR, sentinel_config=(*SIDECAR.sentinel_config, ("auth-user", "mymaster watcher")))
    assert own.monitoring_user == "watcher"
