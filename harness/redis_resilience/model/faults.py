"""Every fault as frozen data: its target, its parameters, its traits, and how it reads in words.

How each is injected, proved and healed is in `redis_resilience.faults`. A fault is named after the function that makes
it, and so it is tagged in plan.json (`delete_pod` is "delete-pod"). Each raises UsageError for impossible
numbers.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from redis_resilience.model.errors import UsageError
from redis_resilience.model.numbers import LONGEST_S, must_be_within
from redis_resilience.model.traits import BackBy, PeersSee, Process, Takes, Traits

GRACE_S = 30.0
"""Kubernetes' own default."""
SLOTS = 16384
"""Of a Redis Cluster."""


class _Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all share. target: a role, resolved at the moment of the fault, or a pod, or "POD/CONTAINER".

    for_s: healed so long after it took effect; None: in the heal phase.
    """

    target: str
    for_s: float | None = None

    def __post_init__(self) -> None:
        if not self.target:
            raise UsageError(f"expected a target of fault {self.kind}; got none")
        if self.for_s is not None:
            must_be_within(f"a duration of fault {self.kind}", self.for_s, 0.0, LONGEST_S, "s")

    @property
    def kind(self) -> str:
        """Its name, as in plan.json."""
        return str(self.__struct_config__.tag)

    def __str__(self) -> str:
        return f"{self.kind} {self.target}"


class Kill(_Fault, frozen=True, tag="kill"):
    """SIGKILL. Proof: the process is gone."""

    @property
    def traits(self) -> Traits:
        return Traits(
            process=Process.ENDS,
            peers_see=PeersSee.BROKEN_CONNECTIONS,
            takes=Takes.CONTAINER,
            back_by=BackBy.RESTART,
            asked_to_end=False,
            clients_reach_it=False,
            peers_reach_it=False,
            reaches_peers=False,
            watchers_lose_it=True,
            planned=False,
        )


class Stop(_Fault, frozen=True, tag="stop"):
    """SIGTERM. Proof: the process is gone."""

    @property
    def traits(self) -> Traits:
        return Traits(
            process=Process.ENDS_GRADUALLY,
            peers_see=PeersSee.BROKEN_CONNECTIONS,
            takes=Takes.CONTAINER,
            back_by=BackBy.RESTART,
            asked_to_end=True,
            clients_reach_it=False,
            peers_reach_it=False,
            reaches_peers=False,
            watchers_lose_it=True,
            planned=False,
        )


class Pause(_Fault, frozen=True, tag="pause"):
    """SIGSTOP: its connections live, nothing is answered. Proof: the kernel shows the process as stopped."""

    @property
    def traits(self) -> Traits:
        return Traits(
            process=Process.HANGS,
            peers_see=PeersSee.SILENCE,
            takes=Takes.CONTAINER,
            back_by=BackBy.HEAL,
            asked_to_end=False,
            clients_reach_it=False,
            peers_reach_it=False,
            reaches_peers=False,
            watchers_lose_it=True,
            planned=False,
        )


class Direction(StrEnum):
    """Whose connections a partition cuts."""

    IN = "in"  # those that peers open to the target
    OUT = "out"  # those that the target opens to its peers
    BOTH = "both"  # every packet


class Isolate(_Fault, frozen=True, tag="isolate"):
    """Partitioned from every other pod, established connections too.

    Proof: connects that were answered before are not, and the other way is still open where only one is cut. A master
    that cannot reach its peers is still reached by its replicas and by every Sentinel: they see nothing.
    """

    direction: Direction = Direction.BOTH

    @property
    def traits(self) -> Traits:
        reached = self.direction is Direction.OUT
        return Traits(
            process=Process.STAYS_UP,
            peers_see=PeersSee.NOTHING if reached else PeersSee.SILENCE,
            takes=Takes.CONTAINER if reached else Takes.POD,
            back_by=BackBy.HEAL,
            asked_to_end=False,
            clients_reach_it=True,
            peers_reach_it=reached,
            reaches_peers=self.direction is Direction.IN,
            watchers_lose_it=False,
            planned=False,
        )

    def __str__(self) -> str:
        way = {Direction.IN: " from its peers", Direction.OUT: " to its peers", Direction.BOTH: ""}[self.direction]
        return f"{self.kind} {self.target}{way}"


class DeletePod(_Fault, frozen=True, tag="delete-pod"):
    """SIGTERM, after `grace_s` SIGKILL (0: at once). Proof: the process is gone.

    Its connections break with it, before its address is given up.
    """

    grace_s: float = GRACE_S

    def __post_init__(self) -> None:
        super().__post_init__()
        must_be_within("a grace period", self.grace_s, 0.0, LONGEST_S, "s")

    @property
    def traits(self) -> Traits:
        return Traits(
            process=Process.ENDS_GRADUALLY,
            peers_see=PeersSee.BROKEN_CONNECTIONS,
            takes=Takes.POD,
            back_by=BackBy.RECREATION,
            asked_to_end=True,
            clients_reach_it=False,
            peers_reach_it=False,
            reaches_peers=False,
            watchers_lose_it=True,
            planned=False,
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.target}, grace {self.grace_s:g} s"


class ScaleToZero(_Fault, frozen=True, tag="scale-to-zero"):
    """The controller of the target's pod is scaled to 0. Proof: the servers' processes are gone."""

    @property
    def traits(self) -> Traits:
        return Traits(
            process=Process.ENDS_GRADUALLY,
            peers_see=PeersSee.BROKEN_CONNECTIONS,
            takes=Takes.CONTROLLER,
            back_by=BackBy.HEAL,
            asked_to_end=True,
            clients_reach_it=False,
            peers_reach_it=False,
            reaches_peers=False,
            watchers_lose_it=True,
            planned=False,
        )


class StopNode(_Fault, frozen=True, tag="stop-node"):
    """The node is powered off: no process closes its connections. Proof: the node's machine does not run."""

    @property
    def traits(self) -> Traits:
        return Traits(
            process=Process.ENDS_GRADUALLY,
            peers_see=PeersSee.SILENCE,
            takes=Takes.NODE,
            back_by=BackBy.HEAL,
            asked_to_end=False,
            clients_reach_it=False,
            peers_reach_it=False,
            reaches_peers=False,
            watchers_lose_it=True,
            planned=False,
        )


class Grow(_Fault, frozen=True, tag="grow"):
    """Nothing fails: the target gets the last `slots` slots of each shard. Proof: every node's table says so."""

    slots: int = 50

    def __post_init__(self) -> None:
        super().__post_init__()
        must_be_within("a number of slots of each shard", self.slots, 1, SLOTS)

    @property
    def traits(self) -> Traits:
        return Traits(
            process=Process.STAYS_UP,
            peers_see=PeersSee.NOTHING,
            takes=Takes.CONTAINER,
            back_by=BackBy.HEAL,
            asked_to_end=False,
            clients_reach_it=True,
            peers_reach_it=True,
            reaches_peers=True,
            watchers_lose_it=False,
            planned=False,
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.target} by {self.slots} slots of each shard"


class Order(StrEnum):
    """Which server of a rolling upgrade goes first."""

    REPLICAS_FIRST = "replicas-first"  # then the master
    HIGHEST_FIRST = "highest-first"  # by ordinal, as in a StatefulSet's own rolling update


class RollingUpgrade(_Fault, frozen=True, tag="rolling-upgrade"):
    """Pods are replaced one after the other by pods with the engine `to`; a master only after a planned failover.

    to: a program (local) or an image (Kubernetes); "" for the deployment's own: a restart, or the way back. A pod goes
    once the one before it is back and the deployment healthy. Proof: the process is gone; after it another one runs.
    What it changed stays until the deployment is taken down. Raises UsageError for one with a duration.
    """

    to: str = ""
    order: Order = Order.REPLICAS_FIRST

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.for_s is not None:
            raise UsageError(
                f"expected {self.kind} without for_s, as it stays; got {self.for_s:g} s; inject another one to go back"
            )

    @property
    def traits(self) -> Traits:
        return Traits(
            process=Process.ENDS_GRADUALLY,
            peers_see=PeersSee.BROKEN_CONNECTIONS,
            takes=Takes.POD,
            back_by=BackBy.HEAL,
            asked_to_end=True,
            clients_reach_it=False,
            peers_reach_it=False,
            reaches_peers=False,
            watchers_lose_it=True,
            planned=True,
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.target} to {self.to or 'its own engine'}, {self.order.replace('-', ' ')}"


Fault = Kill | Stop | Pause | Isolate | DeletePod | ScaleToZero | StopNode | Grow | RollingUpgrade


def kill(target: str, *, for_s: float | None = None) -> Kill:
    """SIGKILL the target's process; it is started again after `for_s`, or in the heal phase."""
    return Kill(target=target, for_s=for_s)


def stop(target: str, *, for_s: float | None = None) -> Stop:
    """SIGTERM the target's process, which may save its data first; otherwise like `kill`."""
    return Stop(target=target, for_s=for_s)


def pause(target: str, *, for_s: float | None = None) -> Pause:
    """SIGSTOP the target's process for `for_s`, or until the heal phase."""
    return Pause(target=target, for_s=for_s)


def isolate(target: str, *, direction: str = Direction.BOTH, for_s: float | None = None) -> Isolate:
    """Partition the target's pod from the other pods for `for_s`, or until the heal phase; clients still reach it.

    direction: "in" cuts the connections that peers open to it, "out" those that it opens to them, "both" every packet.
    Raises UsageError for any other.
    """
    if direction not in tuple(Direction):
        raise UsageError(f"expected a direction of: {', '.join(Direction)}; got {direction!r}")
    return Isolate(target=target, direction=Direction(direction), for_s=for_s)


def delete_pod(target: str, *, grace_s: float = GRACE_S, for_s: float | None = None) -> DeletePod:
    """Delete the target's pod; `grace_s=0` kills it at once. Where no controller recreates it, heal does."""
    return DeletePod(target=target, grace_s=grace_s, for_s=for_s)


def scale_to_zero(target: str, *, for_s: float | None = None) -> ScaleToZero:
    """Scale the controller of the target's pod to 0 replicas; back after `for_s`, or in the heal phase."""
    return ScaleToZero(target=target, for_s=for_s)


def stop_node(target: str, *, for_s: float | None = None) -> StopNode:
    """Power off the node of the target's pod; on again after `for_s`, or in the heal phase."""
    return StopNode(target=target, for_s=for_s)


def grow(target: str, *, slots: int = 50, for_s: float | None = None) -> Grow:
    """Add the spare pod `target` to the Redis Cluster: it gets the last `slots` slots of each shard, with their keys.

    It gives them back after `for_s`, or in the heal phase.
    """
    return Grow(target=target, slots=slots, for_s=for_s)


def rolling_upgrade(to: str = "", *, order: str = Order.REPLICAS_FIRST, target: str = "every-server") -> RollingUpgrade:
    """Replace the target's pods one after the other by pods with the engine `to`, under load.

    to: a server program (local) or an image (Kubernetes); "" is the engine that the deployment began with: a rolling
    restart, or the way back after an upgrade. order: "replicas-first" or "highest-first". target: fewer than all, to
    try it on one of them. Raises UsageError for another order.
    """
    if order not in tuple(Order):
        raise UsageError(f"expected an order of: {', '.join(Order)}; got {order!r}")
    return RollingUpgrade(target=target, to=to, order=Order(order))
