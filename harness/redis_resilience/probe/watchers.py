"""Watches every server and every Sentinel: ROLE at a fixed interval, and all that a Sentinel publishes.

A watcher reports what it saw and when; it draws no conclusion. A server that does not answer costs one connection and
one sample an interval, so that a hung server is as visible as a dead one.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import hiredis

from redis_resilience.model.access import Login
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.engine import engine_of
from redis_resilience.model.events import (
    AnyEvent,
    Link,
    Role,
    RoleChanged,
    SentinelDown,
    SentinelMessage,
    SentinelUp,
    ServerDown,
    ServerUp,
)
from redis_resilience.probe.directory import Directory
from redis_resilience.probe.pacing import Ticks
from redis_resilience.probe.wire import Lost, NoReply, RawReply, Wire, connect, info_field, pack

HANG_INTERVALS = 3
"""A request unanswered for so many intervals makes the server unreachable, interval by interval."""
GIVE_UP_S = 1.0
"""Without a sign of the other kernel, or of a Sentinel's process, a connection is given up."""
HUNG_S = 5.0
"""A server that hangs while its kernel answers keeps its connection, and its handshake, for longer: each new one costs
it up to 2 ms once it goes on, before it answers anybody."""
CONNECT_S = 0.25
SENTINEL_RETRY_S = 0.05
SENTINEL_PING_S = 0.5

_WHO = pack(("INFO", "server"))
_ROLE = pack(("ROLE",))
_LINKS = {
    b"connect": Link.CONNECT,
    b"connecting": Link.CONNECTING,
    b"handshake": Link.CONNECTING,
    b"sync": Link.SYNC,
    b"connected": Link.CONNECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTold:
    """What one ROLE reported. source: the master of a replica. replicas: the number of a master's replicas."""

    role: Role
    offset: int = -1
    source: Endpoint | None = None
    link: Link = Link.NONE
    replicas: int = 0


UNREACHABLE = RoleTold(role=Role.UNREACHABLE)


def parse_role(reply: RawReply) -> RoleTold:
    """The reply to ROLE; anything that is not a role of a data server is Role.OTHER."""
    if isinstance(reply, hiredis.ReplyError):
        return RoleTold(role=Role.LOADING if str(reply).startswith("LOADING") else Role.OTHER)
    match reply:
        case [b"master", int(offset), [*replicas]]:
            return RoleTold(role=Role.MASTER, offset=offset, replicas=min(len(replicas), 255))
        case [b"slave", bytes(host), int(port), bytes(state), int(offset)]:
            source = Endpoint(host.decode(errors="backslashreplace"), port)
            return RoleTold(role=Role.REPLICA, offset=offset, source=source, link=_LINKS.get(state, Link.NONE))
    return RoleTold(role=Role.OTHER)


class Witness(Protocol):
    """Receives what watchers saw."""

    def tell(self, event: AnyEvent) -> None: ...

    def sample(self, *, server: str, call_ns: int, return_ns: int, told: RoleTold) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What to watch, and how. kind: "server", "sentinel", or "node" of a cluster."""

    kind: str
    name: str
    endpoint: Endpoint
    interval_ms: float
    login: Login


async def reach(target: Target) -> Wire:
    """A new connection to a watched process. Raises Lost."""
    return await connect(
        target.endpoint, within_s=CONNECT_S, handshake_s=HUNG_S, unacknowledged_s=GIVE_UP_S, login=target.login
    )


class ServerWatch:
    """ROLE of one server, each time that `ticks` calls, on one connection."""

    def __init__(self, target: Target, directory: Directory, witness: Witness, ticks: Ticks) -> None:
        self.target = target
        self.up: ServerUp | None = None
        """The newest, while the state lasts."""
        self._source = f"server:{target.name}"
        self._hangs_ns = round(HANG_INTERVALS * target.interval_ms * 1e6)
        self._directory = directory
        self._witness = witness
        self._ticks = ticks
        self._role: Role | None = None
        self._answered_ns = 0
        self._wire: Wire | None = None
        self._since_ns = 0  # a connection or a reply is waited for; 0 where none is
        self._turn = asyncio.Event()

    async def run(self) -> None:
        self._ticks.add(self._tick)
        try:
            while True:
                self._since_ns = time.monotonic_ns()
                try:
                    cause = await self._watch(await reach(self.target))
                except Lost as lost:
                    cause = str(lost)
                self._unreachable(self._since_ns or time.monotonic_ns(), cause)
                self._since_ns = 0
                self._turn.clear()
                await self._turn.wait()
        finally:
            self._ticks.discard(self._tick)

    async def _watch(self, wire: Wire) -> str:
        """Until this connection is lost, or given up; returns why."""
        if wire.lost:
            return wire.lost
        lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        wire.on_lost = lost.set_result
        self._directory.learn(self.target.name, wire.peer)
        self._wire = wire
        self._ask_who(wire)
        try:
            await asyncio.wait({lost})
            return lost.result()
        finally:
            self._wire = None
            wire.abort("no longer watched")

    def _tick(self, now_ns: int) -> None:
        silent_ns = now_ns - self._since_ns
        if not self._since_ns:
            if self._wire is None:
                self._turn.set()
            else:
                self._ask_role(self._wire)
        elif silent_ns >= self._hangs_ns:
            cause = f"no reply for {silent_ns / 1e6:.0f} ms"
            if self._wire is not None and silent_ns > HUNG_S * 1e9:
                self._wire.abort(cause)
            else:
                self._unreachable(now_ns, cause)

    def _ask_who(self, wire: Wire) -> None:
        wire.on_reply = self._told_who
        self._since_ns = time.monotonic_ns()
        wire.write(_WHO)

    def _told_who(self, reply: RawReply, at_ns: int) -> None:
        self._tell_up(reply, self._since_ns, at_ns)
        if self._wire is not None:
            self._ask_role(self._wire)

    def _ask_role(self, wire: Wire) -> None:
        wire.on_reply = self._told_role
        self._since_ns = time.monotonic_ns()
        wire.write(_ROLE)

    def _told_role(self, reply: RawReply, at_ns: int) -> None:
        """A server that hung may be another process by now, behind the same connection of a proxy."""
        self._answered(parse_role(reply), self._since_ns, at_ns)
        self._since_ns = 0
        if self.up is None and self._wire is not None:
            self._ask_who(self._wire)

    def _answered(self, told: RoleTold, call_ns: int, return_ns: int) -> None:
        if self._role is not None and told.role is not self._role:
            self._witness.tell(
                RoleChanged(
                    at_ns=return_ns,
                    since_ns=self._answered_ns,
                    source=self._source,
                    server=self.target.name,
                    role=told.role,
                    before=self._role,
                )
            )
        self._role = told.role
        self._answered_ns = call_ns
        self._witness.sample(server=self.target.name, call_ns=call_ns, return_ns=return_ns, told=told)

    def _unreachable(self, call_ns: int, cause: str) -> None:
        now_ns = time.monotonic_ns()
        if self.up is not None:
            self.up = None
            self._witness.tell(
                ServerDown(
                    at_ns=now_ns,
                    since_ns=self._answered_ns,
                    source=self._source,
                    server=self.target.name,
                    address=str(self.target.endpoint),
                    cause=cause,
                )
            )
        self._witness.sample(server=self.target.name, call_ns=call_ns, return_ns=now_ns, told=UNREACHABLE)

    def _tell_up(self, info: RawReply, since_ns: int, at_ns: int) -> None:
        self.up = ServerUp(
            at_ns=at_ns,
            since_ns=since_ns,
            source=self._source,
            server=self.target.name,
            address=str(self.target.endpoint),
            run_id=info_field(info, "run_id"),
            engine=engine_of(info.decode(errors="replace")) if isinstance(info, bytes) else "",
        )
        self._directory.learn_run_id(self.up.run_id, self.target.name)
        self._witness.tell(self.up)


class SentinelWatch:
    """Everything that one Sentinel publishes, except the hellos among Sentinels."""

    def __init__(self, target: Target, witness: Witness) -> None:
        self.target = target
        self.up: SentinelUp | None = None
        self._source = f"sentinel:{target.name}"
        self._witness = witness
        self._heard_ns = 0

    async def run(self) -> None:
        while True:
            begun_ns = time.monotonic_ns()
            with suppress(Lost, NoReply):
                wire = await reach(self.target)
                try:
                    await self._listen(wire, begun_ns)
                finally:
                    wire.abort("no longer watched")
            await asyncio.sleep(SENTINEL_RETRY_S)

    async def _listen(self, wire: Wire, begun_ns: int) -> None:
        sentinel_id = await wire.call("SENTINEL", "MYID", within_s=GIVE_UP_S)
        lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        wire.on_lost = lost.set_result
        wire.on_reply = self._heard
        self._heard_ns = time.monotonic_ns()
        wire.send("PSUBSCRIBE", "*")
        run_id = sentinel_id.decode() if isinstance(sentinel_id, bytes) else ""
        name, address = self.target.name, str(self.target.endpoint)
        self.up = SentinelUp(
            at_ns=time.monotonic_ns(),
            since_ns=begun_ns,
            source=self._source,
            sentinel=name,
            address=address,
            run_id=run_id,
        )
        self._witness.tell(self.up)
        try:
            cause = ""
            while not cause:
                await asyncio.wait({lost}, timeout=SENTINEL_PING_S)
                silent_s = (time.monotonic_ns() - self._heard_ns) / 1e9
                if lost.done():
                    cause = lost.result()
                elif silent_s > GIVE_UP_S + SENTINEL_PING_S:
                    cause = f"no reply for {silent_s * 1000:.0f} ms"
                else:
                    wire.send("PING")
            self._witness.tell(
                SentinelDown(
                    at_ns=time.monotonic_ns(),
                    since_ns=self._heard_ns,
                    source=self._source,
                    sentinel=name,
                    address=address,
                    run_id=run_id,
                    cause=cause,
                )
            )
        finally:
            self.up = None

    def _heard(self, reply: RawReply, at_ns: int) -> None:
        self._heard_ns = at_ns
        match reply:
            case [b"pmessage", _, bytes(channel), bytes(payload)] if channel != b"__sentinel__:hello":
                self._witness.tell(
                    SentinelMessage(
                        at_ns=at_ns,
                        source=self._source,
                        name=channel.decode(errors="backslashreplace"),
                        text=payload.decode(errors="backslashreplace"),
                    )
                )
