"""What of rendered manifests is not ready yet, and what keeps it so that waiting does not change. Pure.

Much passes: an image's registry stumbles, a Job makes a Secret, a Sentinel ends until it finds a master. So an obstacle
has to stand for a while, and a container that ends again and again is one only where nothing is left to wait for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from redis_resilience.deployments.kube.interface import PodState, Trouble
from redis_resilience.deployments.kube.pods.watch import crashes, never_started

_STANDS_S = 10.0
_UNSCHEDULED_S = 20.0
"""Claims are bound, and pods that go make room, within seconds."""
_WORDS = 300
_CONTROLLERS = ("Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")
_BUILT_IN = ("", "apps", "autoscaling", "batch", "policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """replicas: of a DaemonSet 0: how many nodes it is for is not in it; those of its pods that are there count."""

    kind: str
    name: str
    replicas: int

    def owns(self, pod: PodState) -> bool:
        kind, name = pod.owner
        return self.made(kind, name) or (self.kind == "Pod" and pod.name == self.name)

    def made(self, kind: str, name: str) -> bool:
        """Whether it is the object of this name, or a ReplicaSet of this Deployment."""
        if self.kind == "Deployment":
            return kind == "ReplicaSet" and name.rpartition("-")[0] == self.name
        return (kind, name) == (self.kind, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """place: at what, which stays the same while its reason changes. stands_s: from when on it counts."""

    place: str
    reason: str
    stands_s: float = _STANDS_S

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


def expected_of(objects: str) -> tuple[Expected, ...]:
    """Of manifests as YAML. A hook's objects come and go."""
    return tuple(
        Expected(kind=each["kind"], name=each["metadata"]["name"], replicas=_replicas(each))
        for each in _each(objects)
        if each["kind"] in (*_CONTROLLERS, "DaemonSet", "Pod")
        and "helm.sh/hook" not in (each["metadata"].get("annotations") or {})
    )


def custom_resources(objects: str) -> tuple[str, ...]:
    """Of which an operator makes what is known only once it is there."""
    return tuple(
        f"{each['kind']} {each['metadata']['name']}"
        for each in _each(objects)
        if (group := each["apiVersion"].rpartition("/")[0]) not in _BUILT_IN and not group.endswith(".k8s.io")
    )


def unready(expected: Iterable[Expected], pods: Sequence[PodState]) -> tuple[str, ...]:
    """In words."""
    found = []
    for each in expected:
        own = [pod for pod in pods if each.owns(pod) and not pod.deleting]
        wanted = each.replicas or (len(own) if each.kind == "DaemonSet" else 0)
        if (ready := sum(pod.ready for pod in own)) < wanted:
            found.append(f"{each.kind} {each.name}: {ready} of {wanted} pods ready")
    return tuple(found)


def obstacles(
    expected: Sequence[Expected], pods: Sequence[PodState], troubles: Iterable[Trouble], *, nodes_may_come: bool
) -> tuple[Obstacle, ...]:
    """nodes_may_come: a pod that fits on no node may fit on one that is added."""
    waiting = [pod for pod in pods if not pod.ready and not pod.deleting and pod.phase not in ("Succeeded", "Failed")]
    found = [Obstacle(place=pod.name, reason=reason) for pod in waiting if (reason := never_started(pod))]
    ending = [Obstacle(place=pod.name, reason=reason, stands_s=0) for pod in waiting if (reason := crashes(pod))]
    if len(ending) == len(waiting):
        found += ending
    if not nodes_may_come:
        found += [
            Obstacle(place=pod.name, reason=condition, stands_s=_UNSCHEDULED_S)
            for pod in waiting
            for condition in pod.waiting_for
            if condition.startswith("PodScheduled: Unschedulable") and "PersistentVolumeClaim" not in condition
        ]
    incomplete = [each for each in expected if sum(each.owns(pod) for pod in pods) < each.replicas]
    for each in troubles:
        of_pod = each.kind == "Pod" and each.reason == "FailedMount" and "not found" in each.message
        of_maker = each.reason == "FailedCreate" and any(one.made(each.kind, each.name) for one in incomplete)
        if of_maker or (of_pod and any(pod.name == each.name for pod in waiting)):
            place, reason = f"{each.kind} {each.name}", f"{each.reason}: {each.message[:_WORDS]}"
            found.append(Obstacle(place=place, reason=reason))
    return tuple(found)


def _each(objects: str) -> Iterator[Mapping[str, Any]]:
    return (each for each in yaml.safe_load_all(objects) if each)


def _replicas(each: Mapping[str, Any]) -> int:
    if each["kind"] == "DaemonSet":
        return 0
    found = (each.get("spec") or {}).get("replicas") if each["kind"] in _CONTROLLERS else None
    return 1 if found is None else int(found)
