"""What bring-up needs of the place where the pods go, so that it knows neither kind nor a user's own cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from redis_resilience.deployments.kube.interface import KubeApi
from redis_resilience.deployments.kube.nodes.node import NodeShell


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """name: of the cluster in words. nodes: all that can be entered beforehand. node_image: for the fingerprint."""

    name: str
    kubeconfig: Path
    context: str
    nodes: tuple[str, ...] = ()
    node_image: str = ""


class Site(Protocol):
    """A cluster that a run puts its deployments into, created for it or there already."""

    @property
    def backend(self) -> str:
        """As the option names it: kind, or context."""

    @property
    def makes_namespaces(self) -> bool:
        """Whether every deployment gets a namespace of its own; else it is a guest in an existing one."""

    @property
    def locked(self) -> str:
        """Why the cluster's nodes cannot be entered; "" where they can."""

    def acquire(self, images: Sequence[str] = ()) -> Cluster:
        """The cluster, created if necessary; images are loaded meanwhile. Raises Unavailable where one is missing."""

    def probe_image(self, named: str) -> str:
        """The image of the probe: `named`, or the site's own choice where that is empty."""

    def load(self, images: Sequence[str]) -> None:
        """Make sure that the nodes can start pods of these images; does nothing where they pull them by themselves."""

    def admit(self, api: KubeApi, objects: str) -> None:
        """Raises UsageError where these objects must not be put into the API's namespace."""

    def shell(self, node: str) -> NodeShell:
        """A new shell in one of the cluster's nodes; the caller closes it."""

    def release(self) -> None:
        """Release the cluster. Harmless when that is done already."""
