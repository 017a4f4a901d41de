"""Watches what each node of a Redis Cluster believes: its table and its state, at a fixed interval.

A node decides by its own table, and tables differ for a while: so each is watched, and each change is reported as that
node's view. Nothing is concluded here. Nodes are known by their ids, since addresses may be stale.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypedDict

from redis_resilience.model.cluster import Node, SlotRange, parse_nodes
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import (
    Address,
    AnyEvent,
    Cleared,
    ClusterState,
    Fail,
    Joined,
    Left,
    Owner,
    Pfail,
    TableDown,
    TableUp,
)
from redis_resilience.probe.directory import Directory
from redis_resilience.probe.watchers import GIVE_UP_S, Target, Witness, reach
from redis_resilience.probe.wire import Lost, NoReply, RawReply, Wire, info_field

RETRY_S = 0.05
INTERVALS = 3
"""A table is requested with every third ROLE: nodes decide ten times a second, and a table costs more to read."""
STATE_EVERY = 8
"""The state is requested when the table has changed, and with every eighth table."""

_HEALTH: dict[str, type[Pfail | Fail]] = {"fail?": Pfail, "fail": Fail}


class _Since(TypedDict):
    """When a table was seen with this content, and the node that it is of."""

    at_ns: int
    since_ns: int
    source: str


@dataclass(slots=True)
class Believed:
    """What a node reported last; outlives its connection and its address, so that no later change is missed."""

    nodes: dict[str, Node] = field(default_factory=dict)
    owners: dict[SlotRange, str] = field(default_factory=dict)
    state: str = ""


class ClusterWatch:
    """CLUSTER NODES and CLUSTER INFO of one node on a connection of its own."""

    def __init__(self, target: Target, directory: Directory, witness: Witness, believed: Believed) -> None:
        self.target = target
        self.up: TableUp | None = None
        """The newest, while the state lasts."""
        self._source = f"node:{target.name}"
        self._interval_ns = round(target.interval_ms * INTERVALS * 1e6)
        self._directory = directory
        self._witness = witness
        self._last = believed
        self._asked_ns = 0
        self._unchanged = 0

    async def run(self) -> None:
        while True:
            cause = ""
            with suppress(Lost, NoReply):
                wire = await reach(self.target)
                try:
                    await self._poll(wire)
                except (Lost, NoReply) as lost:
                    cause = str(lost)
                finally:
                    wire.abort("no longer watched")
            if self.up is not None:
                self.up = None
                self._tell(TableDown(cause=cause, **self._since(time.monotonic_ns())))
            await asyncio.sleep(RETRY_S)

    async def _poll(self, wire: Wire) -> None:
        due_ns = time.monotonic_ns()
        self._unchanged = 0
        while True:
            call_ns = time.monotonic_ns()
            table = await wire.call("CLUSTER", "NODES", within_s=GIVE_UP_S)
            at_ns = time.monotonic_ns()
            if isinstance(table, bytes):
                self._read(parse_nodes(table.decode(errors="backslashreplace")), at_ns)
                if not self._unchanged % STATE_EVERY:
                    self._read_state(await wire.call("CLUSTER", "INFO", within_s=GIVE_UP_S))
                self._unchanged += 1
            self._asked_ns = call_ns
            now_ns = time.monotonic_ns()
            due_ns = max(due_ns + self._interval_ns, now_ns)
            await asyncio.sleep((due_ns - now_ns) / 1e9)

    def _read(self, table: tuple[Node, ...], at_ns: int) -> None:
        own = next((node for node in table if "myself" in node.flags), None)
        if own is None:
            return
        self._directory.learn_id(own.id, self.target.name)
        if self.up is None:
            self.up = TableUp(id=own.id, address=own.address, **self._since(at_ns))
            self._tell(self.up)
        before, self._last.nodes = self._last.nodes, {node.id: node for node in table}
        for node in table:
            if node.id not in before or before[node.id].address != node.address:
                self._directory.learn_alias(node.id, node.address)
        if before:
            for node in table:
                self._compare(before.get(node.id), node, at_ns)
            for gone in before.keys() - self._last.nodes.keys():
                self._tell(Left(node=self._name(gone), address=before[gone].address, **self._since(at_ns)))
        self._read_owners(table, at_ns, first=not before)

    def _compare(self, before: Node | None, node: Node, at_ns: int) -> None:
        name = self._name(node.id)
        if before is None:
            self._tell(Joined(node=name, address=node.address, **self._since(at_ns)))
            return
        was, health = _health(before), _health(node)
        if was != health:
            self._tell(health(node=name, **self._since(at_ns)))
        if before.address != node.address:
            self._tell(Address(node=name, address=node.address, before=before.address, **self._since(at_ns)))

    def _read_owners(self, table: tuple[Node, ...], at_ns: int, *, first: bool) -> None:
        """One event for each run of slots that has another master than before."""
        owners = {span: node.id for node in table for span in node.slots}
        before, self._last.owners = self._last.owners, owners
        if first or owners == before:
            return
        epochs = {node.id: node.epoch for node in table}
        for slots, owner in owners.items():
            if before.get(slots) != owner:
                self._tell(
                    Owner(
                        slots=slots,
                        owner=self._name(owner),
                        before=self._name(before.get(slots, "")),
                        epoch=epochs[owner],
                        **self._since(at_ns),
                    )
                )

    def _read_state(self, reply: RawReply) -> None:
        state = info_field(reply, "cluster_state")
        if self._last.state and state != self._last.state:
            self._tell(ClusterState(state=state, before=self._last.state, **self._since(time.monotonic_ns())))
        self._last.state = state

    def _name(self, node_id: str) -> str:
        """The server's name; the id itself of a node that is not watched."""
        return self._directory.name(self._directory.number_of_id(node_id)) or node_id

    def _since(self, at_ns: int) -> _Since:
        return {"at_ns": at_ns, "since_ns": self._asked_ns, "source": self._source}

    def _tell(self, event: AnyEvent) -> None:
        self._unchanged = 0
        self._witness.tell(event)


def _health(node: Node) -> type[Pfail | Fail | Cleared]:
    return next((told for flag, told in _HEALTH.items() if flag in node.flags), Cleared)


def lanes_of(reply: RawReply) -> tuple[tuple[SlotRange, ...], ...]:
    """The slots of each master in the reply to CLUSTER SLOTS, in the order of their first slots."""
    found: dict[bytes, list[SlotRange]] = {}
    for entry in reply if isinstance(reply, list) else ():
        match entry:
            case [int(first), int(last), [_, int(), bytes(node_id), *_], *_]:
                found.setdefault(node_id, []).append((first, last))
    return tuple(sorted(tuple(sorted(ranges)) for ranges in found.values()))


def owner_of(reply: RawReply, slot: int, asked: Endpoint) -> tuple[Endpoint, str] | None:
    """Where the reply to CLUSTER SLOTS sends this slot, and the node's id; None where no node has it."""
    for (first, last), place, node_id in _served(reply, asked):
        if first <= slot <= last:
            return place, node_id
    return None


def places_of(reply: RawReply, asked: Endpoint) -> dict[int, Endpoint]:
    """Where the reply to CLUSTER SLOTS sends each slot that has a node."""
    return {slot: place for (first, last), place, _ in _served(reply, asked) for slot in range(first, last + 1)}


def _served(reply: RawReply, asked: Endpoint) -> Iterator[tuple[SlotRange, Endpoint, str]]:
    """Slots, their master's place and id. A node that does not know its own address leaves it empty."""
    for entry in reply if isinstance(reply, list) else ():
        match entry:
            case [int(first), int(last), [host, int(port), bytes(node_id), *_], *_]:
                name = host.decode() if isinstance(host, bytes) else ""
                place = Endpoint(name if name not in ("", "?") else asked.host, port)
                yield (first, last), place, node_id.decode()
