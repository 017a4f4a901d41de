"""What a fault needs a deployment to be able to do.

A deployment has those that it can honour; a scenario that needs another is skipped with the reason. Every method
returns once the change was observed, or raises DeploymentError (Unavailable where this machine lacks something).
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from redis_resilience.faults.effect import Effect
from redis_resilience.model.faults import Isolate


@runtime_checkable
class Limited(Protocol):
    """One of whose capabilities depends on where it runs."""

    def lacks(self, capability: type) -> str:
        """Why it cannot honour what it has the methods for; "" where it can."""


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
    def isolate(self, pod: str, fault: Isolate, others: tuple[str, ...] = ()) -> Effect:
        """Cut what `fault` cuts between `pod` and `others` (none named: every other pod), all at once."""

    def rejoin(self, pod: str) -> Effect:
        """Take away what `isolate` did to `pod`."""


IN_NODES = (CanSignal, CanRestart, CanPartition)
"""On Kubernetes these need a way into the nodes."""


@runtime_checkable
class CanScale(Protocol):
    def scale_to_zero(self, pod: str) -> Effect:
        """Ask for 0 replicas of the StatefulSet or the like that manages `pod`: all its pods go, with grace."""

    def scale_back(self, pod: str) -> Effect:
        """Ask for as many as before; the pods come back in their own time, under their names and new addresses."""


@runtime_checkable
class CanStopNode(Protocol):
    def stop_node(self, pod: str) -> Effect:
        """Switch off the node that `pod` is on, at once. Raises Unavailable where more pods would go with it."""

    def start_node(self, pod: str) -> Effect:
        """Switch it on again; returns once its pods answer."""


@runtime_checkable
class CanGrow(Protocol):
    def grow(self, pod: str, *, slots: int) -> Effect:
        """Take `pod`, a spare, into the Redis Cluster as a master, and those after it as its replicas.

        It gets the last `slots` slots of each shard, with their keys, one by one.
        """

    def shrink(self, pod: str) -> Effect:
        """Give its slots back to the shards that they came from; the other nodes forget it, and it forgets them."""


@runtime_checkable
class CanUpgrade(Protocol):
    """to: a program or an image; "" for the one that the deployment began with."""

    def prepare(self, to: str) -> None:
        """Make sure that pods can run `to`, before anything is measured. Raises Unavailable where they cannot."""

    def retire(self, pod: str, *, to: str) -> Effect:
        """Delete `pod`, which is to come back with `to`; where it is master, another server is made master first."""

    def renew(self, pod: str) -> Effect:
        """The pod that was retired, again, once it answers; its claim is found again."""

    def restore(self, pod: str) -> Effect:
        """The pod with the engine that it had before it was retired; whatever became of the new one."""

    def program(self, pod: str) -> str:
        """The program or the image that the pod's server runs, or is to run."""

    def refusal(self, pod: str) -> str:
        """Why the pod's new engine does not accept its data or its master's, by its log; "" where it says nothing."""
