"""Watches every server and every Sentinel: ROLE at a fixed interval, and all that a Sentinel publishes.

A watcher reports what it saw and when; it draws no conclusion. A server that does not answer costs one connection and
one sample an interval, so that a hung server is as visible as a dead one.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

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
from redis_resilience.probe.wire import Lost, NoReply, RawReply, Wire, connect, info_field

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
    """ROLE of one server, every interval, on one connection."""

    def __init__(self, target: Target, directory: Directory, witness: Witness) -> None:
        self.target = target
        self.up: ServerUp | None = None
        """The newest, while the state lasts."""
        self._source = f"server:{target.name}"
        self._interval_ns = round(target.interval_ms * 1e6)
        self._directory = directory
        self._witness = witness
        self._role: Role | None = None
        self._answered_ns = 0
        self._due_ns = time.monotonic_ns()

    async def run(self) -> None:
        while True:
            begun_ns = time.monotonic_ns()
            try:
                wire = await self._patiently(asyncio.create_task(reach(self.target)), begun_ns)
            except (Lost, NoReply) as lost:
                self._unreachable(begun_ns, str(lost))
            else:
                try:
                    await self._sample_until_lost(wire)
                finally:
                    wire.abort("no longer watched")
            await self._next_tick()

    async def _sample_until_lost(self, wire: Wire) -> None:
        self._directory.learn(self.target.name, wire.peer)
        while True:
            call_ns = time.monotonic_ns()
            try:
                if self.up is None:
                    info, at_ns = await self._patiently(wire.request("INFO", "server"), call_ns)
                    self._tell_up(info, call_ns, at_ns)
                    call_ns = time.monotonic_ns()
                reply, return_ns = await self._patiently(wire.request("ROLE"), call_ns)
            except (Lost, NoReply) as lost:
                self._unreachable(call_ns, str(lost))
                return
            self._answered(parse_role(reply), call_ns, return_ns)
            await self._next_tick()

    async def _patiently(self, reply: asyncio.Future[Any], begun_ns: int) -> Any:
        """The future's result; while it hangs, one unreachable sample an interval, and NoReply at last."""
        hangs_ns = begun_ns + HANG_INTERVALS * self._interval_ns
        try:
            while True:
                now_ns = time.monotonic_ns()
                await asyncio.wait({reply}, timeout=max(hangs_ns - now_ns, 0) / 1e9)
                if reply.done():
                    return reply.result()
                now_ns = time.monotonic_ns()
                cause = f"no reply for {(now_ns - begun_ns) / 1e6:.0f} ms"
                if now_ns - begun_ns > HUNG_S * 1e9:
                    raise NoReply(cause)
                self._unreachable(now_ns, cause)
                hangs_ns += self._interval_ns
        finally:
            if not reply.cancel() and not reply.cancelled():
                reply.exception()  # retrieved, even where the watch ended in the same moment

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

    async def _next_tick(self) -> None:
        now_ns = time.monotonic_ns()
        self._due_ns = max(self._due_ns + self._interval_ns, now_ns)
        await asyncio.sleep((self._due_ns - now_ns) / 1e9)


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
