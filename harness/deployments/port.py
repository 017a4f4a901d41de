"""A deployment as the engine and the faults see it, whatever its backend; and what some of them can do besides.

Pods and containers have the names that Kubernetes would give them. Addresses may change whenever a pod is re-created,
names never do. Every method that changes something returns once the change was seen to be real, or raises
DeploymentError.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from harness.faults.effect import Effect
from harness.model.endpoint import Endpoint
from harness.model.events import Scalar
from harness.probe.port import Probe
from harness.topologies.topology import Profile, Topology


class Deployment(Protocol):
    """A topology running somewhere, with its probe beside it."""

    @property
    def backend(self) -> str: ...

    @property
    def topology(self) -> Topology: ...

    @property
    def profile(self) -> Profile: ...

    @property
    def probe(self) -> Probe: ...

    def start(self) -> None:
        """Bring everything up and return; the engine settles it. On failure nothing is left behind."""

    def stop(self) -> None:
        """Take everything away; harmless when it is gone already."""

    def servers(self) -> Mapping[str, Endpoint]:
        """Every data server by pod name, in the topology's order, at its present address."""

    def sentinels(self) -> Mapping[str, Endpoint]: ...

    def fingerprint(self) -> Mapping[str, Scalar]:
        """What it runs on: isolation or cluster, engine and version, kernel, processors."""

    def save_logs(self, folder: Path) -> None:
        """Write what each container logged since the last call to folder/POD-CONTAINER.log."""


@runtime_checkable
class CanSignal(Protocol):
    def signal(self, pod: str, container: str, name: str) -> Effect:
        """Deliver SIGKILL, SIGTERM, SIGSTOP or SIGCONT to the container's process.

        A container that dies of it stays down until `start_container`.
        """


@runtime_checkable
class CanRestart(Protocol):
    def start_container(self, pod: str, container: str) -> Effect:
        """Start a dead container again as its kubelet would: same pod, same address, same volume, boot rule applied."""


@runtime_checkable
class CanRecreate(Protocol):
    def delete_pod(self, pod: str, *, grace_s: float = 30.0) -> Effect:
        """SIGTERM, after `grace_s` SIGKILL (0: SIGKILL at once); address and emptyDir are gone."""

    def create_pod(self, pod: str) -> Effect:
        """The same name again under a new address; its claim is found again, an emptyDir is new."""


@runtime_checkable
class CanPartition(Protocol):
    def isolate(self, pod: str, others: tuple[str, ...]) -> Effect:
        """Drop every packet between `pod` and each of `others`, both ways, established connections too."""

    def rejoin(self, pod: str) -> Effect:
        """Take away what `isolate` did to `pod`."""
