"""What is not ready yet, and what stands against it that time does not change."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.interface import Trouble
from redis_resilience.deployments.kube.objects.readiness import (
    Expected,
    custom_resources,
    expected_of,
    obstacles,
    unready,
)
from tests.deployments.kube.conftest import make_pod, with_container

SET = Expected(kind="StatefulSet", name="redis", replicas=2)
DEPLOYMENT = Expected(kind="Deployment", name="cache", replicas=1)
OBJECTS = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis}
spec: {replicas: 3}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: guards}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
---
apiVersion: v1
kind: Pod
metadata: {name: before, annotations: {helm.sh/hook: pre-install}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: walls}
---
apiVersion: databases.example.com/v1
kind: RedisFailover
metadata: {name: cart}
"""


def ended(pod="redis-0", **fields):
    return with_container(
        make_pod(pod, ready=False), "redis", state="waiting", reason="CrashLoopBackOff", restarts=3, **fields
    )


def against(*pods, expected=(SET,), troubles=(), nodes_may_come=False):
    return [str(each) for each in obstacles(expected, pods, troubles, nodes_may_come=nodes_may_come)]


def test_what_is_waited_for():
    """What runs on, in the number that is asked for; no Job, no hook."""
    assert [(each.name, each.replicas) for each in expected_of(OBJECTS)] == [("redis", 3), ("guards", 1)]
    assert custom_resources(OBJECTS) == ("RedisFailover cart",)


def test_a_controllers_pods_are_counted():
    """A Deployment's belong to its ReplicaSet; one that goes does not count."""
    of_deployment = make_pod("cache-7d-x", owner=("ReplicaSet", "cache-7d"))

    assert unready([DEPLOYMENT], [of_deployment]) == ()
    assert unready([SET], [make_pod(), make_pod("redis-1", deleting=True)]) == ("StatefulSet redis: 1 of 2 pods ready",)


def test_a_daemon_sets_pods_are_those_that_are_there():
    """It may fit on no node at all."""
    daemons = Expected(kind="DaemonSet", name="tuner", replicas=0)
    own = make_pod("tuner-x", owner=("DaemonSet", "tuner"), ready=False)

    assert unready([daemons], [make_pod()]) == ()
    assert unready([daemons], [own]) == ("DaemonSet tuner: 0 of 1 pods ready",)


def test_a_failed_pod_is_not_waited_for_by_a_container_that_ends():
    failed = make_pod("job-x", owner=("Job", "job"), ready=False, phase="Failed")

    assert against(ended(), failed) == ["redis-0: redis-0/redis ended 3 times at its start"]


@pytest.mark.parametrize("reason", ["ErrImageNeverPull", "ImagePullBackOff", "CreateContainerConfigError"])
def test_a_container_that_cannot_be_made(reason):
    pod = with_container(make_pod(ready=False), "redis", state="waiting", reason=reason, message="because")

    assert against(pod) == [f"redis-0: redis-0/redis: {reason} because"]


def test_a_container_that_ends_may_wait_for_another():
    """As long as one is still starting."""
    starting = make_pod("redis-1", ready=False)

    assert against(ended(), starting) == []
    assert against(ended(), make_pod("redis-1")) == ["redis-0: redis-0/redis ended 3 times at its start"]
    assert len(against(ended(), ended("redis-1"))) == 2


def test_a_pod_that_fits_on_no_node():
    """Not while its claim is being bound, and not where nodes may be added."""
    reason = "PodScheduled: Unschedulable 0/1 nodes are available: 1 Insufficient cpu."
    pod = make_pod(ready=False, waiting_for=(reason,))
    unbound = make_pod(ready=False, waiting_for=("PodScheduled: Unschedulable unbound PersistentVolumeClaims",))

    assert against(pod) == [f"redis-0: {reason}"]
    assert against(pod, nodes_may_come=True) == against(unbound) == []


def trouble(kind, name, reason, message):
    return Trouble(kind=kind, name=name, reason=reason, message=message)


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        (trouble("StatefulSet", "redis", "FailedCreate", "pods redis-1 is forbidden: violates PodSecurity"), True),
        (trouble("StatefulSet", "other", "FailedCreate", "forbidden"), False),
        (trouble("ReplicaSet", "cache-7d", "FailedCreate", "quota"), True),
        (trouble("Pod", "redis-0", "FailedMount", 'secret "x" not found'), True),
        (trouble("Pod", "redis-0", "FailedMount", "timed out"), False),
        (trouble("Pod", "gone-0", "FailedMount", 'secret "x" not found'), False),
        (trouble("Pod", "redis-0", "Unhealthy", "Readiness probe failed: not found"), False),
    ],
)
def test_what_the_cluster_warns_of(told, counts):
    """Where it is about what is missing now."""
    found = against(make_pod(ready=False), expected=(SET, DEPLOYMENT), troubles=[told])

    assert found == ([f"{told.kind} {told.name}: {told}"] if counts else [])


def test_what_was_made_in_the_end_is_no_obstacle():
    told = trouble("StatefulSet", "redis", "FailedCreate", "no service account yet")

    assert against(make_pod(ready=False), make_pod("redis-1", ready=False), troubles=[told]) == []
