"""The pods as they are now, whatever happens to the watch."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from redis_resilience.deployments.kube.interface import KubeError, Trouble
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.errors import DeploymentError, WaitTimeout


@pytest.fixture
def watch(api, make_pod):
    api.known["redis-0"] = make_pod()
    found = PodWatch(api)
    yield found
    found.stop()


def test_what_is_listed_is_known_at_once(watch):
    assert watch.pod("redis-0").ready
    assert watch.address("redis-0") == "10.244.0.5"


def test_a_change_is_seen_and_kept_as_an_event(watch, api, make_pod):
    """Drained once."""
    watch.drain()
    api.tell(make_pod(ready=False))
    watch.until("redis-0", lambda pod: not pod.ready, within_s=30, what="redis-0 to be unready")

    assert [event.label for event in watch.drain()] == ["pod-unready"]
    assert watch.drain() == ()


def test_warnings_of_pods_that_were_seen(watch, api, make_pod):
    """Also of one that is gone; not of others, and not of what was before."""
    api.known.clear()
    api.tell(make_pod(), "DELETED")
    eventually(lambda: (watch.pod("redis-0") is None, ""), within_s=30, what="the deletion")
    failed = Trouble(kind="Pod", name="redis-0", uid="uid-of-redis-0", reason="FailedPreStopHook", message="exit 1")
    api.warnings = (
        replace(failed, last=datetime.now(UTC).isoformat()),
        replace(failed, last="2020-01-01T00:00:00Z"),
        replace(failed, last=datetime.now(UTC).isoformat(), uid="of another run"),
    )

    [event] = watch.warnings(time.monotonic_ns() - 10**9)

    assert (event.pod, event.reason, event.message) == ("redis-0", "FailedPreStopHook", "exit 1")


def test_the_last_address_outlives_the_pod(watch, api, make_pod):
    """A server that is gone is still asked at its old address: there is no answer, and that is the result."""
    api.tell(make_pod(), "DELETED")
    eventually(lambda: (watch.pod("redis-0") is None, ""), within_s=30, what="the deletion")

    assert watch.address("redis-0") == "10.244.0.5"
    assert watch.address("redis-7") == ""


def test_after_a_cut_everything_is_listed_again(watch, api, make_pod):
    """What vanished meanwhile is deleted, what changed is seen."""
    watch.drain()
    api.known.clear()
    api.known["redis-1"] = make_pod("redis-1")
    api.changes.put(KubeError("too old", status=410))

    watch.until("redis-1", lambda pod: pod.ready, within_s=30, what="redis-1")

    assert "pod-deleted" in [event.label for event in watch.drain() if event.pod == "redis-0"]


def test_a_wait_says_what_it_saw_last(watch, api, make_pod, with_container):
    api.tell(with_container(make_pod(ready=False), "redis", state="waiting", reason="ContainerCreating"))

    with pytest.raises(
        WaitTimeout, match=r"waited 0.3 s for a miracle; saw last: .*redis-0 Running, redis waiting: ContainerCreating"
    ):
        watch.until("redis-0", lambda pod: pod.phase == "Gone", within_s=0.3, what="a miracle")


def test_no_waiting_helps_an_image_that_is_not_there(watch, api, make_pod, with_container):
    """Given up at once, with what the cluster says."""
    api.warnings = (Trouble(kind="Pod", name="redis-0", reason="Failed", message="image not found"),)
    api.tell(with_container(make_pod(ready=False), "redis", state="waiting", reason="ErrImageNeverPull"))

    with pytest.raises(
        DeploymentError, match=r"expected redis-0 ready; redis-0/redis: ErrImageNeverPull; .*Failed: image not found"
    ):
        watch.until("redis-0", lambda pod: pod.phase == "Gone", within_s=30, what="redis-0 ready", hopeless=True)


def test_a_container_that_keeps_crashing_is_given_up(watch, api, make_pod, with_container):
    api.tell(with_container(make_pod(ready=False), "redis", state="waiting", reason="CrashLoopBackOff", restarts=3))

    with pytest.raises(DeploymentError, match="redis-0/redis ended 3 times at its start"):
        watch.until("redis-0", lambda pod: pod.phase == "Gone", within_s=30, what="redis-0 ready", hopeless=True)
