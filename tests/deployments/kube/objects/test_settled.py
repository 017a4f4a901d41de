"""Bring-up waits for what time changes, and for nothing else."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.interface import Trouble
from redis_resilience.deployments.kube.objects.settled import wait_until_ready
from redis_resilience.model.errors import DeploymentError
from tests.deployments.kube.conftest import FakeApi, make_pod, with_container

STATEFUL_SET = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: redis}\nspec: {replicas: 1}\n"
CUSTOM = "apiVersion: databases.example.com/v1\nkind: RedisFailover\nmetadata: {name: cart}\n"


class Clock:
    """Simulated; `at` is called once so many seconds have passed."""

    def __init__(self, at=()):
        self._ns, self._at = 0, dict(at)

    def now_ns(self):
        return self._ns

    def sleep(self, seconds):
        self._ns += int(seconds * 1e9)
        for due_s in [due_s for due_s in self._at if due_s * 1e9 <= self._ns]:
            self._at.pop(due_s)()


def wait(api, objects=STATEFUL_SET, **at):
    """Returns after how many seconds it was done."""
    clock = Clock({float(name.removeprefix("at_")): action for name, action in at.items()})
    try:
        wait_until_ready(objects, api, nodes_may_come=False, clock=clock)
    finally:
        api.took_s = clock.now_ns() / 1e9
    return api.took_s


def api_with(*pods, **fields):
    return FakeApi(known={pod.name: pod for pod in pods}, **fields)


def test_ready_pods_are_not_waited_for():
    assert wait(api_with(make_pod())) == 0


def test_what_passes_is_waited_for():
    """A registry that stumbles for less than ten seconds."""
    api = api_with(with_container(make_pod(ready=False), "redis", state="waiting", reason="ErrImagePull"))

    assert wait(api, at_8=lambda: api.known.update({"redis-0": make_pod()})) == pytest.approx(8, abs=0.5)


def test_what_stays_is_told_early_with_its_reason():
    """After ten seconds, of three hundred; the reason may change its words meanwhile."""
    pod = make_pod(ready=False)
    api = api_with(with_container(pod, "redis", state="waiting", reason="ErrImagePull", message="no such host"))
    later = with_container(pod, "redis", state="waiting", reason="ImagePullBackOff", message="back-off")

    with pytest.raises(DeploymentError, match=r"waiting does not change this: redis-0: .* ImagePullBackOff back-off"):
        wait(api, at_5=lambda: api.known.update({"redis-0": later}))
    assert api.took_s == pytest.approx(10, abs=0.5)


def test_a_container_that_ends_is_told_with_its_last_words():
    """At once: nothing else is left to come."""
    crashing = {"state": "waiting", "reason": "CrashLoopBackOff", "restarts": 3, "ready": False}
    pod = with_container(make_pod(ready=False), "redis", **crashing)
    api = api_with(pod, texts={("redis-0", "redis", True): "2026-11-29T12:00:00Z Bad directive"})

    with pytest.raises(DeploymentError, match=r"ended 3 times .*\nend of the log of redis-0/redis:\nBad directive"):
        wait(api)
    assert api.took_s == 0


def test_a_container_without_a_probe_is_not_ready_because_it_was_started_again():
    """It is ready for the moment until it ends; one that runs on is."""
    again = with_container(make_pod(), "redis", restarts=2)

    assert wait(api_with(again)) == pytest.approx(10, abs=0.5)
    api = api_with(again)
    crashing = {"state": "waiting", "reason": "CrashLoopBackOff", "restarts": 3, "ready": False}
    with pytest.raises(DeploymentError, match="ended 3 times"):
        wait(
            api, at_5=lambda: api.known.update({"redis-0": with_container(make_pod(ready=False), "redis", **crashing)})
        )


def test_where_the_time_is_up_the_cluster_has_the_last_word():
    told = Trouble(kind="Pod", name="redis-0", reason="Unhealthy", message="Readiness probe failed")

    with pytest.raises(
        DeploymentError, match=r"0 of 1 pods ready.*the cluster says: Pod redis-0: Unhealthy: Readiness"
    ):
        wait(api_with(make_pod(ready=False), warnings=(told,)))


def test_what_an_operator_makes_is_waited_for_until_it_makes_no_more():
    """Its pods are in no manifest."""
    api = api_with()

    took_s = wait(
        api,
        CUSTOM,
        at_5=lambda: api.known.update({"cart-0": make_pod("cart-0")}),
        at_9=lambda: api.known.update({"cart-1": make_pod("cart-1")}),
    )

    assert took_s == pytest.approx(19, abs=0.5)


def test_an_operator_that_makes_nothing():
    with pytest.raises(DeploymentError, match=r"RedisFailover cart: no pods .*; does their operator run\?"):
        wait(api_with(), CUSTOM)
