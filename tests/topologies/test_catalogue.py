"""The documented deployments: complete, consistent, and found by name."""

from __future__ import annotations

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.topologies import catalogue
from redis_resilience.topologies.topology import Boot, ControllerKind, System, Topology, Volume


@pytest.fixture(params=catalogue.names())
def each(request: pytest.FixtureRequest) -> Topology:
    return catalogue.topology(str(request.param))


def test_the_default_comes_first() -> None:
    assert catalogue.names()[0] == "sidecar"


def test_a_topology_is_found_under_its_own_name(each: Topology) -> None:
    assert catalogue.topology(each.name) is each


def test_a_topology_is_found_under_its_earlier_name() -> None:
    assert catalogue.topology("node") is catalogue.SIDECAR


def test_every_topology_has_the_times_of_its_document_and_fast_ones(each: Topology) -> None:
    documented, fast = each.profile("documented"), each.profile("fast")
    assert fast.dead_after_ms <= 1000 < documented.dead_after_ms
    assert documented.hello_ms == 0, "the documented profile changes nothing, not even during bring-up"


def test_no_profile_is_so_fast_that_a_failover_looks_like_another_fault(each: Topology) -> None:
    """Sentinel reconnects once a PING period at most, and a role change cuts its connections; it promotes no replica
    whose INFO is older than five PING periods, and asks for it once a second.

    A cluster's node looks ten times a second, and sends its PINGs within half the node timeout.
    """
    if each.system is System.CLUSTER:
        assert all(profile.node_timeout_ms >= 1000 for profile in each.profiles)
        return
    assert [profile.artefacts for profile in each.profiles] == [()] * len(each.profiles)


def test_the_quorum_can_be_reached_with_one_pod_gone(each: Topology) -> None:
    voters = each.shards or sum("sentinel" in pod.containers for pod in each.pods)
    quorum = each.shards // 2 + 1 if each.shards else each.quorum
    assert quorum <= voters - 1


def test_every_shard_of_a_cluster_has_a_replica(each: Topology) -> None:
    assert len(each.pods) >= 2 * each.shards


def test_pods_are_named_as_a_stateful_set_would(each: Topology) -> None:
    """Numbered from 0 in each set, after the set. Pods of other controllers have places, which are no such names."""
    by_set: dict[str, list[str]] = {}
    for pod in each.pods:
        if pod.controller is not None and pod.controller.kind is ControllerKind.STATEFUL_SET:
            by_set.setdefault(pod.controller.name, []).append(pod.name)
    assert all(names == [f"{name}-{number}" for number in range(len(names))] for name, names in by_set.items())


def test_the_book_s_stateful_set_is_as_printed() -> None:
    printed = catalogue.topology("statefulset")
    assert (printed.master_name, printed.quorum, printed.parallel_syncs) == ("redis", 2, 1)
    assert (printed.boot, printed.volume) == (Boot.FIRST, Volume.EMPTY_DIR)
    assert [printed.boot_of(pod.name) for pod in printed.pods] == [Boot.MASTER, Boot.FOLLOW, Boot.FOLLOW]
    times = printed.profile("documented")
    assert (times.down_after_ms, times.failover_timeout_ms) == (10000, 20000)


def test_an_unknown_name_is_answered_with_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        catalogue.topology("statefullset")
    assert (
        str(caught.value)
        == f"expected a topology of {', '.join(catalogue.names())}, or a file (mine.yaml, mine.py:NAME); "
        "got 'statefullset'; did you mean statefulset?"
    )


def test_a_name_in_capitals_is_near() -> None:
    with pytest.raises(UsageError, match="did you mean sidecar"):
        catalogue.topology("SIDECAR")


def test_a_name_like_no_other_gets_no_guess() -> None:
    with pytest.raises(UsageError, match=r"got 'x'$"):
        catalogue.topology("x")
