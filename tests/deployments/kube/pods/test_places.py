"""Pods of random names take the topology's names, in order of creation, and pass them on."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.pods.places import Places
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.deployments.waiting import eventually
from redis_resilience.topologies.catalogue import BOOTSTRAP, HELM, SIDECAR

REDIS = ("ReplicationController", "redis")
SENTINEL = ("ReplicationController", "redis-sentinel")


@pytest.fixture
def bootstrap(make_pod):
    """Document 002's pods as the cluster has them once both controllers are scaled up."""
    places = Places(BOOTSTRAP.pods)
    for name, owner in (
        ("redis-master", REDIS),
        ("redis-sentinel-x1", SENTINEL),
        ("redis-zzz", REDIS),
        ("redis-aaa", REDIS),
        ("redis-sentinel-x3", SENTINEL),
        ("redis-sentinel-x2", SENTINEL),
    ):
        places.place(name, make_pod(name, owner=owner))
    return places


def taken(changes):
    """The places that changed, and the pods that are in them now."""
    return [(slot, pod and pod.name_in_cluster) for slot, pod in changes]


def test_a_stateful_set_s_pods_have_the_topology_s_names(make_pod):
    (change,) = Places(SIDECAR.pods).place("redis-1", make_pod("redis-1"))

    assert change == ("redis-1", make_pod("redis-1"))


def test_a_pod_that_is_none_of_the_topology_s_keeps_its_name(make_pod):
    (change,) = Places(BOOTSTRAP.pods).place("probe", make_pod("probe", owner=("", "")))

    assert taken([change]) == [("probe", "probe")]


def test_places_are_taken_in_order_of_creation_whatever_the_names(make_pod):
    places = Places(BOOTSTRAP.pods)
    places.place("redis-master", make_pod("redis-master", owner=("", "")))

    found = [places.place(name, make_pod(name, owner=REDIS)) for name in ("redis-zzz", "redis-aaa")]

    assert [taken(changes) for changes in found] == [[("redis-a", "redis-zzz")], [("redis-b", "redis-aaa")]]


def test_a_pod_has_the_slot_s_name_and_keeps_its_own_for_the_api(make_pod):
    ((_, pod),) = Places(BOOTSTRAP.pods).place("redis-zzz", make_pod("redis-zzz", owner=REDIS))

    assert (pod.name, pod.real_name, pod.name_in_cluster) == ("redis-a", "redis-zzz", "redis-zzz")


def test_a_pod_keeps_its_slot_while_it_changes(bootstrap, make_pod):
    changes = bootstrap.place("redis-zzz", make_pod("redis-zzz", owner=REDIS, ready=False, deleting=True))

    assert taken(changes) == [("redis-a", "redis-zzz")]
    assert changes[0][1].deleting


def test_a_replacement_waits_until_its_predecessor_is_gone(bootstrap, make_pod):
    """The controller makes it at once; the deleted one may serve through 30 s of grace."""
    early = bootstrap.place("redis-new", make_pod("redis-new", owner=REDIS, address="", ready=False))
    later = bootstrap.place("redis-new", make_pod("redis-new", owner=REDIS, address="10.0.0.9"))
    gone = bootstrap.place("redis-aaa", None)

    assert (early, later) == ([], [])
    assert taken(gone) == [("redis-b", None), ("redis-b", "redis-new")]
    assert gone[1][1].address == "10.0.0.9", "as it was told last"


def test_a_slot_vacated_first_is_taken_by_whoever_comes_next(bootstrap, make_pod):
    bootstrap.place("redis-sentinel-x3", None)

    assert taken(bootstrap.place("late", make_pod("late", owner=SENTINEL))) == [("sentinel-b", "late")]


def test_a_controller_s_pods_take_no_slot_of_another(bootstrap, make_pod):
    """Document 002's selectors overlap; its controllers do not."""
    bootstrap.place("redis-sentinel-x2", None)

    assert bootstrap.place("redis-new", make_pod("redis-new", owner=REDIS)) == []


def test_a_waiting_pod_that_goes_again_leaves_nothing_behind(bootstrap, make_pod):
    bootstrap.place("redis-new", make_pod("redis-new", owner=REDIS))
    bootstrap.place("redis-new", None)

    assert taken(bootstrap.place("redis-zzz", None)) == [("redis-a", None)]
    assert "redis-new" not in bootstrap.known()


def test_the_adopted_pod_s_place_goes_to_what_its_controller_makes(bootstrap, make_pod):
    bootstrap.place("redis-new", make_pod("redis-new", owner=REDIS))

    assert taken(bootstrap.place("redis-master", None)) == [("redis-master", None), ("redis-master", "redis-new")]


def test_the_adopted_pod_s_place_is_the_last_that_a_stranger_takes(make_pod):
    """Of an installation whose bootstrap pod is long gone."""
    places = Places(BOOTSTRAP.pods)

    found = [places.place(name, make_pod(name, owner=REDIS)) for name in ("one", "two", "three")]

    assert [slot for changes in found for slot, _ in changes] == ["redis-a", "redis-b", "redis-master"]


def test_an_evicted_pod_counts_as_gone(bootstrap, make_pod):
    """It stays in the list for long; its controller has replaced it."""
    gone = bootstrap.place("redis-zzz", make_pod("redis-zzz", owner=REDIS, phase="Failed"))

    assert taken(gone) == [("redis-a", None)]
    assert bootstrap.place("redis-zzz", make_pod("redis-zzz", owner=REDIS, phase="Failed")) == []
    assert taken(bootstrap.place("redis-new", make_pod("redis-new", owner=REDIS))) == [("redis-a", "redis-new")]


def test_a_deployment_s_pods_are_known_by_their_replica_set(make_pod):
    pod = make_pod("redis-cluster-master-6d5f-x7", owner=("ReplicaSet", "redis-cluster-master-6d5f"))

    assert taken(Places(HELM.pods).place(pod.name, pod)) == [("redis-master", pod.name)]


def test_the_watch_and_what_it_tells_use_the_topology_s_names(api, make_pod):
    """Also after a new list: the oldest first."""
    api.known = {
        "redis-b2": make_pod("redis-b2", owner=REDIS, created="2026-11-21T05:00:02Z", address="10.0.0.2"),
        "redis-c1": make_pod("redis-c1", owner=REDIS, created="2026-11-21T05:00:01Z", address="10.0.0.1"),
    }
    watch = PodWatch(api, Places(BOOTSTRAP.pods))
    api.tell(make_pod("redis-c1", owner=REDIS), "DELETED")
    eventually(lambda: (watch.pod("redis-a") is None, "there"), within_s=30, what="redis-a to go")
    events = watch.drain()
    watch.stop()

    assert watch.pod("redis-b").real_name == "redis-b2"
    assert (watch.address("redis-a"), watch.address("redis-b")) == ("10.0.0.1", "10.0.0.2")
    assert [event.pod for event in events if event.label == "pod-created"] == ["redis-a", "redis-b"]
    assert [event.source for event in events if event.label == "pod-deleted"] == ["kubernetes:redis-a"]
