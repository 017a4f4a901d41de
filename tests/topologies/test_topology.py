"""A topology as data: which pod boots as what, and which pods there are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.topologies.catalogue import BOOTSTRAP, HELM, SIDECAR, STATEFULSET
from redis_resilience.topologies.topology import Boot, Pod, Profile, Volume


def test_a_pod_s_own_boot_rule_comes_before_the_topology_s() -> None:
    pods = (Pod(name="bootstrap", boot=Boot.MASTER), Pod(name="redis-0"))
    mixed = replace(SIDECAR, pods=pods, boot=Boot.ASK_OR_WAIT)
    assert [mixed.boot_of(pod.name) for pod in pods] == [Boot.MASTER, Boot.ASK_OR_WAIT]


def test_the_rule_of_the_first_means_another_for_each_pod() -> None:
    assert [STATEFULSET.boot_of(pod.name) for pod in STATEFULSET.pods] == [Boot.MASTER, Boot.FOLLOW, Boot.FOLLOW]


def test_the_first_pod_is_the_first_that_has_data() -> None:
    pods = (Pod(name="watch-0", containers=("sentinel",)), Pod(name="redis-0"))
    assert replace(SIDECAR, pods=pods).first == "redis-0"


def test_an_unknown_pod_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        SIDECAR.boot_of("redis-7")
    assert str(caught.value) == "topology sidecar has no pod 'redis-7'; it has: redis-0, redis-1, redis-2"


def test_a_pod_is_succeeded_by_one_like_it() -> None:
    assert [HELM.successor(pod.name) for pod in HELM.pods] == list(HELM.pods)
    assert HELM.after("redis-master") == HELM


def test_an_adopted_pod_is_succeeded_by_what_its_controller_makes() -> None:
    """Under its name, so that no pod has to be renumbered; and for good."""
    after = BOOTSTRAP.after("redis-master")

    assert after.pod("redis-master") == replace(BOOTSTRAP.pod("redis-a"), name="redis-master")
    assert (BOOTSTRAP.boot_of("redis-master"), after.boot_of("redis-master")) == (Boot.MASTER, Boot.ASK_OR_WAIT)
    assert after.after("redis-master") == after
    assert [pod.name for pod in after.pods] == [pod.name for pod in BOOTSTRAP.pods]


def test_a_pod_s_own_volume_comes_before_the_topology_s() -> None:
    assert (HELM.volume_of("redis-master"), HELM.volume_of("redis-cluster-0")) == (Volume.CLAIM, Volume.CONTAINER)


def test_what_a_trial_sets_otherwise_is_remembered() -> None:
    """What it sets as it was is no change: its manifests say the same."""
    same, other = (
        SIDECAR.with_config(("appendonly", "yes")),
        SIDECAR.with_config(("appendonly", "no"), ("maxmemory", "1")),
    )
    assert same.changed == ()
    assert other.changed == (("appendonly", "no"), ("maxmemory", "1"))


@pytest.mark.parametrize(
    ("down_after_ms", "ping_ms", "artefacts"),
    [
        pytest.param(500, 240, (), id="rapid"),
        pytest.param(
            1000,
            100,
            ("with PINGs every 100 ms a replica's INFO counts for 5 x 100 ms = 500 ms",),
            id="a repeated election finds a good replica by chance",
        ),
        pytest.param(1000, 220, ("with PINGs every 220 ms",), id="not a millisecond to spare"),
        pytest.param(
            1000,
            0,
            ("D = 1000 ms is no longer than the 1200 ms in which a Sentinel connects to a new master",),
            id="Sentinel's own PINGs",
        ),
        pytest.param(5000, 0, (), id="documented"),
        pytest.param(250, 100, ("D = 250 ms", "with PINGs every 100 ms"), id="both"),
    ],
)
def test_a_profile_names_what_its_periods_alone_may_break(
    down_after_ms: int, ping_ms: int, artefacts: tuple[str, ...]
) -> None:
    profile = Profile(name="mine", down_after_ms=down_after_ms, failover_timeout_ms=3000, ping_ms=ping_ms)
    assert len(profile.artefacts) == len(artefacts)
    assert all(said.startswith(wanted) for said, wanted in zip(profile.artefacts, artefacts, strict=True))


def test_a_cluster_has_none_of_sentinel_s_periods() -> None:
    assert Profile(name="mine", node_timeout_ms=1000).artefacts == ()
