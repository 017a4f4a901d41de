"""The images of StatefulSets during a rolling upgrade: changed for one pod after the other, and put back.

The update strategy is OnDelete meanwhile: which pod goes next, and when, is decided by whoever deletes it. Before the
first change the journal has the images and the strategy that were there.
"""

from __future__ import annotations

from dataclasses import replace

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.bringup import Up
from redis_resilience.deployments.kube.interface import Template
from redis_resilience.deployments.undo import RestoreImages
from redis_resilience.topologies.topology import Controller, ControllerKind, Topology

_ON_DELETE = {"type": "OnDelete", "rollingUpdate": None}


def not_upgradable(topology: Topology) -> str:
    """Why pods of this topology cannot be replaced one by one in an order of ours; "" where they can."""
    others = {
        str(pod.controller or "no controller")
        for pod in topology.pods
        if "redis" in pod.containers and (not pod.controller or pod.controller.kind is not ControllerKind.STATEFUL_SET)
    }
    if not others:
        return ""
    return f"a rolling upgrade replaces pods of StatefulSets; topology {topology.name} has pods of {', '.join(others)}"


class Images:
    """Of one deployment, while it is up."""

    def __init__(self, up: Up, journal: Journal) -> None:
        self._up, self._journal = up, journal
        self._first: dict[Controller, Template] = {}
        self._noted: set[Controller] = set()
        self._pods: dict[str, list[str]] = {}
        """Pod to the images that it had, the newest last."""

    @property
    def changed(self) -> tuple[str, ...]:
        """The pods that were given an image."""
        return tuple(self._pods)

    def of(self, pod: str) -> str:
        """The image that the pod's server has, or gets once it is recreated."""
        if pod in self._pods:
            return self._pods[pod][-1]
        return self._own(pod)

    def give(self, pod: str, image: str) -> None:
        """Once it is recreated; "" for the image that it began with. It goes to every container that has the server's.

        Raises KubeError where the API refuses it.
        """
        self._pods.setdefault(pod, [self._own(pod)])
        self._set(pod, image or self._own(pod))
        self._pods[pod].append(image or self._own(pod))

    def take_back(self, pod: str) -> None:
        """The image that it had before; once it is recreated."""
        self._pods[pod].pop()
        self._set(pod, self._pods[pod][-1])

    def _own(self, pod: str) -> str:
        return self._original(pod).images[self._container(pod)]

    def _container(self, pod: str) -> str:
        return self._up.pods.container(pod, "redis").name_in_cluster

    def _original(self, pod: str) -> Template:
        controller = self._up.pods.controller_of(pod)
        if controller not in self._first:
            self._first[controller] = self._up.api.template(controller)
        return self._first[controller]

    def _set(self, pod: str, image: str) -> None:
        controller, original = self._up.pods.controller_of(pod), self._original(pod)
        own = self._own(pod)
        wanted = replace(
            original,
            images={name: image if known == own else known for name, known in original.images.items()},
            strategy=_ON_DELETE,
        )
        if self._up.api.template(controller) == wanted:
            return
        if controller not in self._noted:
            self._noted.add(controller)
            self._journal.note(
                RestoreImages(
                    where=self._up.where,
                    controller=controller,
                    images=dict(original.images),
                    init_containers=original.init_containers,
                    strategy=dict(original.strategy),
                )
            )
        self._up.api.set_template(controller, wanted)
