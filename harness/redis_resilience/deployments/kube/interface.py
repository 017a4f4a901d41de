"""What this backend needs of a Kubernetes cluster, in its own words, so that it can be tested without one.

Only `api.py` knows the client library and its shapes; a fake of this interface is a dictionary of pods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from redis_resilience.model.errors import DeploymentError
from redis_resilience.topologies.topology import Controller

RUN_LABEL = "redis-resilience/run"
"""On every namespace that is created here: leftovers are found by it."""


class KubeError(DeploymentError):
    """The cluster's API refused, or could not be reached. `status` is its HTTP status, 0 where there was no answer."""

    def __init__(self, text: str, *, status: int = 0) -> None:
        super().__init__(text)
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed a little later: there was no answer, or the server is not ready for it."""
        return self.status in (0, 429) or self.status >= 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState:
    """name: the topology's for it. real_name: the cluster's, where that is another. ports: as the manifest names them.

    id: without its "containerd://". state: running, waiting or terminated; reason: why, in the kubelet's word.

    started: the kubelet's timestamp (RFC 3339, whole seconds); "" while it does not run.
    """

    name: str
    real_name: str = ""
    ports: tuple[int, ...] = ()
    id: str = ""
    state: str = "waiting"
    reason: str = ""
    message: str = ""
    restarts: int = 0
    ready: bool = False
    started: str = ""
    exit_code: int | None = None

    @property
    def name_in_cluster(self) -> str:
        return self.real_name or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class PodState:
    """name: the topology's for it. real_name: the cluster's, where that is another (see `places`). created: when, as
    the API reports it. owner: kind and name of the controller ("StatefulSet", "redis"). containers: no init containers.

    address: by which others reach it and know it. real_address: its own, where that is another: it announces that of a
    Service.

    waiting_for: conditions that are not true yet, with their reason ("PodScheduled: Unschedulable"). labelled_by: the
    client that changed its labels last, by the name that it gave.
    """

    name: str
    uid: str
    real_name: str = ""
    created: str = ""
    version: str = ""
    phase: str = "Pending"
    address: str = ""
    real_address: str = ""
    node: str = ""
    ready: bool = False
    deleting: bool = False
    owner: tuple[str, str] = ("", "")
    containers: tuple[ContainerState, ...] = ()
    init_containers: tuple[ContainerState, ...] = ()
    waiting_for: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    labelled_by: str = ""

    @property
    def name_in_cluster(self) -> str:
        return self.real_name or self.name

    @property
    def own_address(self) -> str:
        return self.real_address or self.address

    def container(self, name: str) -> ContainerState | None:
        for container in self.containers:
            if container.name == name:
                return container
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """kind: ADDED, MODIFIED or DELETED, as the API names them."""

    kind: str
    pod: PodState


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A warning of the cluster about the object of this kind and name ("FailedScheduling", "0/1 nodes are available").

    uid: the object's. last: when it was repeated last, the cluster's timestamp (RFC 3339).
    """

    kind: str
    name: str
    uid: str = ""
    reason: str
    message: str
    last: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Of a StatefulSet's pods. images: by container, init containers too. strategy: its updateStrategy."""

    images: Mapping[str, str]
    init_containers: tuple[str, ...] = ()
    strategy: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceState:
    """waiting_for: why one that is being deleted is still there, in the cluster's words."""

    labels: Mapping[str, str] = field(default_factory=dict)
    deleting: bool = False
    waiting_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One verb on one kind of object in the namespace; name: on this one only."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    name: str = ""

    def __str__(self) -> str:
        kind = self.resource + (f".{self.group}" if self.group else "")
        return f"{self.verb} {kind}" + (f"/{self.subresource}" if self.subresource else "") + f" {self.name}".rstrip()


class Channel(Protocol):
    """A program that runs in a container, at the other end of a websocket. Used by one thread at a time."""

    def fileno(self) -> int:
        """Readable when there may be something to receive."""

    def send(self, data: bytes) -> None:
        """To the program's stdin. Raises KubeError where the connection is broken."""

    def receive(self) -> tuple[bytes, bytes]:
        """New on stdout and stderr since the last call; never waits. Raises KubeError if the connection is broken."""

    @property
    def open(self) -> bool:
        """Whether more may come."""

    def end_input(self) -> None:
        """The program reads end of file."""

    def outcome(self) -> str:
        """Once not open: "" where the program succeeded, else how the cluster describes its end."""

    def close(self) -> None: ...


class KubeApi(Protocol):
    """One namespace of one cluster. Every method raises KubeError; none retries."""

    @property
    def namespace(self) -> str: ...

    def version(self) -> str:
        """Of the API server ("v1.34.4")."""

    def create_namespace(self, labels: Mapping[str, str]) -> None: ...

    def delete_namespace(self) -> None:
        """Requested, not waited for; harmless when it is gone."""

    def namespace_state(self) -> NamespaceState | None:
        """None where there is none."""

    def allowed(self, permission: Permission) -> bool:
        """Whether this user may do that in the namespace; asking changes nothing."""

    def secret(self, name: str, key: str) -> str:
        """A value of a Secret, decoded. Raises KubeError, whose text does not contain it."""

    def runs(self) -> Mapping[str, str]:
        """Every namespace of the cluster that a run of this harness created, and the run."""

    def pods(self, selector: str = "") -> tuple[tuple[PodState, ...], str]:
        """All pods (with these labels), and the version to watch from."""

    def watch_pods(self, version: str, *, within_s: int) -> Iterator[Change]:
        """What changes after `version`; ends after `within_s`, or with KubeError (status 410: list again)."""

    def stop_watching(self) -> None:
        """Every watch that goes on ends, in whatever thread it is."""

    def close(self) -> None:
        """Close the connections; a later call makes new ones."""

    def delete_pod(self, name: str, *, grace_s: float) -> None:
        """Returns once the API has accepted it."""

    def replicas(self, controller: Controller) -> int:
        """How many pods it is asked to have."""

    def scale(self, controller: Controller, replicas: int) -> None: ...

    def template(self, controller: Controller) -> Template:
        """Of a StatefulSet."""

    def set_template(self, controller: Controller, template: Template) -> None:
        """Its images and its strategy, and nothing else."""

    def logs(self, pod: str, container: str, *, since: str = "", previous: bool = False) -> str:
        """Lines, each with the kubelet's timestamp before it; since: such a timestamp (RFC 3339), inclusive."""

    def troubles(self, name: str = "") -> tuple[Trouble, ...]:
        """Warnings about all objects (of this name), newest last."""

    def run(self, pod: str, container: str, command: tuple[str, ...]) -> Channel:
        """Start a program in a running container."""


Connect = Callable[[Path, str, str], KubeApi]
"""A kubeconfig, a context in it and a namespace to the API."""
