"""What a node of a Redis Cluster reports by its own table (CLUSTER NODES, CLUSTER INFO); `teller` is that node."""

from __future__ import annotations

from redis_resilience.model.cluster import SlotRange
from redis_resilience.model.events.event import Event


class TableUp(Event, frozen=True, kw_only=True):
    """It can be asked (again). id, address: its own, by its own table."""

    id: str
    address: str


class TableDown(Event, frozen=True, kw_only=True):
    """It can be asked no more."""

    cause: str


class Pfail(Event, frozen=True, kw_only=True):
    """It does not reach another node."""

    node: str


class Fail(Event, frozen=True, kw_only=True):
    """The cluster took another node for dead."""

    node: str


class Cleared(Event, frozen=True, kw_only=True):
    """It withdrew what it had reported of another node."""

    node: str


class Owner(Event, frozen=True, kw_only=True):
    """These slots have another master. before: "" for none."""

    slots: SlotRange
    owner: str
    before: str
    epoch: int


class Address(Event, frozen=True, kw_only=True):
    """Another node is elsewhere."""

    node: str
    address: str
    before: str


class Joined(Event, frozen=True, kw_only=True):
    """Another node became known."""

    node: str
    address: str


class Left(Event, frozen=True, kw_only=True):
    """Another node was forgotten."""

    node: str
    address: str


class ClusterState(Event, frozen=True, kw_only=True):
    """Whether it serves at all: "ok" or "fail"."""

    state: str
    before: str
