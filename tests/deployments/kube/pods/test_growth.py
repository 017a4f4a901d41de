"""A deployment that starts small is scaled up in the document's order, each step once the one before answers."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.objects.manifests import in_steps
from redis_resilience.deployments.kube.pods.growth import first_pods, grow, later_controllers, wait_until_adopted
from redis_resilience.model.errors import WaitTimeout
from redis_resilience.topologies.catalogue import BOOTSTRAP, HELM, SIDECAR


class FakePods:
    """Pods that answer at once; `steps` is what was asked of them and of the controllers."""

    def __init__(self, topology, owner=("ReplicationController", "redis")):
        self.topology, self.owner, self.watch = topology, owner, self
        self.steps: list[str] = []

    def answer(self, pod, container, *, within_s):
        assert within_s > 60
        self.steps.append(f"{pod}/{container}")
        return "run_id abc"

    def until(self, name, good, *, within_s, what):
        del name, within_s
        if not good(self):
            raise WaitTimeout(f"waited for {what}")

    def scale(self, controller, replicas):
        self.steps.append(f"scale {controller.kind} {controller.name} {replicas}")


def test_the_document_s_order_is_kept():
    pods = FakePods(BOOTSTRAP)

    grow(pods, pods.scale)

    assert pods.steps == [
        "redis-master/redis",
        "redis-master/sentinel",
        "sentinel-a/sentinel",
        "scale ReplicationController redis 3",
        "redis-master/redis",
        "redis-master/sentinel",
        "redis-a/redis",
        "redis-b/redis",
        "scale ReplicationController redis-sentinel 3",
        "sentinel-a/sentinel",
        "sentinel-b/sentinel",
        "sentinel-c/sentinel",
    ]


def test_what_is_complete_at_once_is_waited_for_and_not_scaled():
    pods = FakePods(HELM)

    grow(pods, pods.scale)

    assert [step for step in pods.steps if step.startswith("scale")] == []
    assert len(pods.steps) == 7
    assert first_pods(HELM) == HELM.pods


def test_pods_with_names_of_their_own_need_nothing():
    pods = FakePods(SIDECAR)

    grow(pods, pods.scale)

    assert pods.steps == []


def test_a_bootstrap_pod_adopted_by_the_wrong_controller_is_told():
    """Then there would be four servers and three Sentinels, and no pod of the topology where it is looked for."""
    watch = FakePods(BOOTSTRAP, owner=("ReplicationController", "redis-sentinel"))

    with pytest.raises(WaitTimeout, match="pod redis-master to be adopted by ReplicationController redis"):
        wait_until_adopted(watch, BOOTSTRAP)


def test_the_other_controller_is_made_once_the_bootstrap_pod_is_adopted():
    """Applied together, the wrong one was first in 1 of 10 tries."""
    (later,) = later_controllers(BOOTSTRAP)
    objects = "\n---\n".join(
        f"kind: ReplicationController\nmetadata:\n  name: {name}" for name in ("redis", "redis-sentinel")
    )

    at_once, then = in_steps(objects, (later,))

    assert (later.kind, later.name) == ("ReplicationController", "redis-sentinel")
    assert at_once.endswith("name: redis")
    assert then.endswith("name: redis-sentinel")


def test_without_an_adopted_pod_everything_is_made_at_once():
    wait_until_adopted(FakePods(HELM), HELM)

    assert later_controllers(HELM) == ()
    assert in_steps("a\n---\nb", ()) == ("a\n---\nb", "")
