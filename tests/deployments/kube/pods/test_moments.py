"""What the harness learns of a pod becomes events, each once."""

from __future__ import annotations

from dataclasses import replace

from redis_resilience.deployments.kube.interface import Trouble
from redis_resilience.deployments.kube.pods.moments import changes, describe, warning

AT_NS = 50_000_000_000
WALL_NS = 1_790_000_000_000_000_000 + 300_000_000


def kinds(before, after):
    return [event.label for event in changes(before, after, at_ns=AT_NS, wall_ns=WALL_NS)]


def test_a_pod_that_appears_and_becomes_ready(make_pod):
    """From nothing to ready in one look: everything that must have happened."""
    assert kinds(None, make_pod()) == [
        "pod-created",
        "pod-address",
        "container-started",
        "container-started",
        "pod-ready",
    ]


def test_nothing_new_is_no_event(make_pod):
    assert kinds(make_pod(), make_pod(version="8")) == []


def test_another_uid_is_another_pod(make_pod):
    """Even where the deletion was not seen: the cluster may be faster than the watch."""
    found = kinds(make_pod(), make_pod(uid="new", address="10.244.0.9"))

    assert found[:3] == ["pod-deleted", "pod-created", "pod-address"]


def test_a_deletion_is_two_events(make_pod):
    """Deletion requested, and gone: between them is the grace."""
    leaving = make_pod(deleting=True)

    assert kinds(make_pod(), leaving) == ["pod-deleting"]
    assert kinds(leaving, None) == ["pod-deleted"]


def test_a_restart_is_an_end_and_a_start(make_pod, with_container):
    """Also where only the new container is seen: its id is another one."""
    before = make_pod()
    after = with_container(before, "redis", id="another", restarts=1)

    events = changes(before, after, at_ns=AT_NS, wall_ns=WALL_NS)

    assert [event.label for event in events] == ["container-ended", "container-started"]
    assert events[1].restarts == 1


def test_the_kubelets_stamp_bounds_a_start(make_pod, with_container):
    """Its whole second on the harness's clock is the earliest instant; the latest is when the harness learned of it."""
    before = with_container(make_pod(), "redis", state="waiting")
    after = with_container(make_pod(), "redis", started="2026-09-21T14:13:18Z")  # 1790000000 - 2 s

    [event] = changes(before, after, at_ns=AT_NS, wall_ns=WALL_NS)

    assert event.at_ns - event.since_ns == 2_300_000_000
    assert event.at_ns == AT_NS


def test_a_reason_to_wait_is_told_once(make_pod, with_container):
    waiting = with_container(make_pod(ready=False), "redis", state="waiting", reason="CrashLoopBackOff", id="")

    events = changes(make_pod(ready=False), waiting, at_ns=AT_NS, wall_ns=WALL_NS)

    assert [event.label for event in events] == ["container-ended", "container-waiting"]
    assert kinds(waiting, replace(waiting, version="9")) == []


def test_a_pod_in_words_carries_every_reason(make_pod, with_container):
    unscheduled = make_pod(
        ready=False, phase="Pending", containers=(), waiting_for=("PodScheduled: Unschedulable 0/1 nodes",)
    )
    pulling = with_container(make_pod(ready=False), "redis", state="waiting", reason="ErrImagePull", message="no host")

    assert describe(unscheduled) == "redis-0 Pending, PodScheduled: Unschedulable 0/1 nodes"
    assert "redis waiting: ErrImagePull no host" in describe(pulling)
    assert describe(make_pod()) == "redis-0 ready"


def test_who_changed_labels_is_told(make_pod):
    """An operator marks the master; a new pod's first labels are no change."""
    before = make_pod(labels={"app": "cache", "role": "master", "old": "x"})
    after = make_pod(labels={"app": "cache", "role": "replica"}, labelled_by="redis-operator")

    [event] = changes(before, after, at_ns=AT_NS, wall_ns=WALL_NS)

    assert (event.labels, event.by) == ("role=replica,old-", "redis-operator")
    assert "pod-relabelled" not in kinds(None, after)


def test_a_warning_of_the_cluster_has_its_second():
    """On the harness's clock, and not after the moment in which it is asked for."""
    told = Trouble(
        kind="Pod", name="r-0", uid="u", reason="FailedPreStopHook", message="exit 1", last="2026-09-21T14:13:18Z"
    )
    event = warning("redis-0", told, at_ns=AT_NS, wall_ns=WALL_NS)
    now = warning("redis-0", replace(told, last="2026-09-21T14:13:20Z"), at_ns=AT_NS, wall_ns=WALL_NS)

    assert (event.pod, event.uid, event.reason) == ("redis-0", "u", "FailedPreStopHook")
    assert (event.since_ns - AT_NS, event.at_ns - event.since_ns) == (-2_300_000_000, 1_000_000_000)
    assert now.at_ns == AT_NS
