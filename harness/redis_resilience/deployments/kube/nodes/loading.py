"""Images from the local Docker into the nodes of a kind cluster, which may be booting."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Self

from redis_resilience.deployments.kube.tools import run
from redis_resilience.model.errors import DeploymentError

_ASKED_WITHIN_S = 30.0
_LOADED_WITHIN_S = 180.0
_LOOK_EVERY_S = 0.5


def load_images(cluster: str, images: Sequence[str]) -> None:
    run("kind", "load", "docker-image", "--name", cluster, *images, within_s=_LOADED_WITHIN_S)


def nodes_of(cluster: str) -> tuple[str, ...]:
    """The containers that are its nodes. Raises DeploymentError."""
    return tuple(run("kind", "get", "nodes", "--name", cluster, within_s=_ASKED_WITHIN_S).split())


class LoadingEarly:
    """While the context lasts the cluster is created; its end waits for images on their way.

    loaded: those that all nodes have then; none where that did not work, which is tried again later, and reported then.
    """

    def __init__(self, cluster: str, images: Sequence[str], *, nodes: int) -> None:
        self.loaded: tuple[str, ...] = ()
        self._cluster, self._images, self._nodes = cluster, tuple(images), nodes
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"images into {cluster}", daemon=True)

    def __enter__(self) -> Self:
        if self._images:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._images:
            self._thread.join()

    def _run(self) -> None:
        while not self._ready():
            if self._over.wait(_LOOK_EVERY_S):
                return
        try:
            load_images(self._cluster, self._images)
        except DeploymentError:
            return
        self.loaded = self._images

    def _ready(self) -> bool:
        """Whether every node has a containerd that answers, which is long before Kubernetes does."""
        try:
            nodes = nodes_of(self._cluster)
            for node in nodes:
                run("docker", "exec", node, "ctr", "version", within_s=_ASKED_WITHIN_S)
        except DeploymentError:
            return False
        return len(nodes) == self._nodes
