"""Which pod of the cluster is which pod of the topology.

A StatefulSet's pods have the topology's names. Those of a ReplicationController or a Deployment have random ones: each
takes a place, a name of the topology's that belongs to its controller, in order of creation, and keeps it until it is
gone. What the controller makes instead takes the place that has become free, and waits for it while its
predecessor still serves out its grace period.

By controller, not by label: document 002's two selectors overlap, and one pod has one controller. Everything else
knows places only; a pod's own name is in `PodState.real_name`, for the API.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from redis_resilience.deployments.kube.interface import PodState
from redis_resilience.topologies.topology import ControllerKind, Pod

_OVER = ("Failed", "Succeeded")
"""Phases of a pod that does not run again; its controller has replaced it already. Others still count."""


class Places:
    def __init__(self, pods: Sequence[Pod] = ()) -> None:
        """pods: the topology's. A pod that is none of theirs (the probe's) keeps its own name."""
        self._names = {pod.name for pod in pods}
        self._places: dict[tuple[str, str], list[str]] = {}
        """Kind and name of a controller to its places."""
        # One that was adopted has a name of its own in the cluster, too: a new pod takes its place last.
        for pod in sorted(pods, key=lambda pod: pod.adopted):
            if pod.controller is not None and pod.controller.kind is not ControllerKind.STATEFUL_SET:
                own = self._places.setdefault((pod.controller.kind, pod.controller.name), [])
                own.append(pod.name)
        self._held: dict[str, str] = {}
        """Place to the pod in it, by the cluster's name."""
        self._waiting: dict[str, PodState] = {}
        """Pods without a place yet, the oldest first."""

    def known(self) -> frozenset[str]:
        """Every existing pod, by the cluster's name."""
        return frozenset((*self._held.values(), *self._waiting))

    def place(self, name: str, pod: PodState | None) -> list[tuple[str, PodState | None]]:
        """The places that change, and to what, now that the cluster's pod `name` is `pod` (None: gone)."""
        if pod is not None and pod.phase in _OVER and self._controller(pod) in self._places:
            pod = None
        slot = next((slot for slot, holder in self._held.items() if holder == name), None)
        if pod is None:
            self._waiting.pop(name, None)
            return self._vacate(slot) if slot else []
        if slot is None:
            slot = self._free_slot(pod)
            if slot is None:
                self._waiting[name] = pod
                return []
            self._held[slot] = name
        return [(slot, _called(slot, pod))]

    def _vacate(self, slot: str) -> list[tuple[str, PodState | None]]:
        del self._held[slot]
        changed: list[tuple[str, PodState | None]] = [(slot, None)]
        heir = next((pod for pod in self._waiting.values() if slot in self._places[self._controller(pod)]), None)
        if heir is not None:
            del self._waiting[heir.name]
            self._held[slot] = heir.name
            changed.append((slot, _called(slot, heir)))
        return changed

    def _free_slot(self, pod: PodState) -> str | None:
        own = self._places.get(self._controller(pod), [])
        if pod.name in self._names or not own:
            return pod.name
        return next((slot for slot in own if slot not in self._held), None)

    def _controller(self, pod: PodState) -> tuple[str, str]:
        """As the topology names it: a Deployment's pods belong to a ReplicaSet of its name and a digest."""
        kind, name = pod.owner
        if kind != ControllerKind.REPLICA_SET or pod.owner in self._places:
            return pod.owner
        return ControllerKind.DEPLOYMENT, name.rpartition("-")[0]


def _called(slot: str, pod: PodState) -> PodState:
    return pod if slot == pod.name else replace(pod, name=slot, real_name=pod.name)
