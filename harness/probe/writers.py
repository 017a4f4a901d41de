"""One writing client: one connection, one request in flight, no retry; every operation ends in exactly one record.

A client that cannot send an operation when it is due records that and drops it; nothing is queued. After `info` it goes
on under a new identity, because the old operation may still take effect. Only *connecting* is tried again.

On a new connection an operation goes out at once, besides the schedule and due the moment it is sent: the end of an
outage is then seen when it happens, not at the client's next due time. Its reply shows that the server takes writes, so
only then is the server asked who it is.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.model.cluster import Range
from harness.model.endpoint import Endpoint
from harness.model.events import Event, Role, Scalar
from harness.model.operations import Cause, key_prefix
from harness.model.records import NO_SERVER
from harness.probe.directory import Directory
from harness.probe.keys import Keys
from harness.probe.pacing import next_attempt_ns
from harness.probe.recorder import Recorder
from harness.probe.routing import Route, Unrouted
from harness.probe.watchers import parse_role
from harness.probe.wire import Lost, NoReply, RawReply, Wire, classify, connect, info_field, pack, resolve

CONNECT_S = 0.05
"""Short, so that a packet dropped by a partition is followed by a new one soon, not by TCP's own after a second."""
ROLE_S = 0.25
SLOW_LOOKUP_NS = 20_000_000
"""A look-up that takes longer is told of: its client could not have written meanwhile."""


class Book:
    """What all clients of a load share: numbers of keys, clients and connections, and where records go."""

    def __init__(
        self,
        recorder: Recorder,
        directory: Directory,
        tell: Callable[[Event], None],
        lanes: Sequence[Sequence[Range]] = (),
    ) -> None:
        """lanes: the slots of each shard of a cluster, see `Keys`."""
        self.recorder = recorder
        self.directory = directory
        self.tell = tell
        self.connections = itertools.count(1)
        self.keys = Keys(key_prefix(recorder.trial).encode(), lanes)

    def set_command(self, key: int) -> bytes:
        """The packed command that writes this key. NX: a second execution shows."""
        return pack((b"SET", self.keys.name(key), b"%d" % key, b"NX"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a client behaves. member of members: its share of the reconnect interval. closed: sends on each reply."""

    timeout_ms: int
    reconnect_ms: float
    member: int
    members: int
    closed: bool
    password: str = field(default="", repr=False)


class Writer:
    """One client. `run` keeps it connected; `due` is called at each of its due times."""

    def __init__(self, book: Book, route: Route, habits: Habits) -> None:
        self._book = book
        self._record = book.recorder.operation
        self._route = route
        self._habits = habits
        self._timeout_ns = habits.timeout_ms * 1_000_000
        self._identity = habits.member + 1
        self._wire: Wire | None = None
        self._lost = asyncio.Event()
        self._stopping = False
        self._unreached = route.unreached
        self._connection = 0
        self._server = NO_SERVER
        self._connected_ns = 0
        self._idle = False
        self._in_flight = False
        self._identified = False
        self._key = self._due_ns = self._asked_ns = 0
        self.attempted = asyncio.Event()
        """Set once the first attempt to connect has ended, either way."""
        self.ended = asyncio.Event()
        """Set once nothing is in flight and nothing will be."""

    async def run(self) -> None:
        while not self._stopping:
            try:
                wire = await self._reach()
            except Unrouted as nowhere:
                self._unreached = nowhere.cause
                if self._habits.closed:
                    self._skip(time.monotonic_ns(), nowhere.cause)
            else:
                self._route.rest()
                self._begin(wire)
            self.attempted.set()
            if self._wire is not None:
                await self._lost.wait()
            await self._next_attempt()

    def due(self, due_ns: int) -> None:
        """Send an operation now, or record why not."""
        if self._idle:
            self._send(due_ns)
        else:
            self._skip(due_ns, self._unreached if self._wire is None else Cause.BUSY)

    def expire(self, now_ns: int) -> None:
        """Give up what has been in flight for too long."""
        if self._wire is not None and not self._idle and now_ns - self._asked_ns > self._timeout_ns:
            self._leave(Cause.TIMEOUT)

    def stop(self) -> None:
        """Send nothing new from now on."""
        self._stopping = True
        if not self._in_flight:
            self.end()

    def end(self) -> None:
        """Drop the connection; what is still in flight is `unfinished`."""
        self._stopping = True
        self._route.rest()
        self._leave(Cause.UNFINISHED)

    async def _reach(self) -> Wire:
        endpoint = await self._route.find()
        try:
            there = Endpoint(await self._look_up(endpoint.host), endpoint.port)
            wire = await connect(there, within_s=CONNECT_S, password=self._habits.password)
            if self._route.must_be_master:
                await _expect_master(wire)
        except (Lost, NoReply) as error:
            self._route.doubted()
            raise Unrouted(Cause.REFUSED, str(error)) from error
        self._connected_ns = time.monotonic_ns()
        self._server = self._book.directory.number_at(endpoint)
        if self._server == NO_SERVER:
            self._server = self._book.directory.number_at(wire.peer)
        if self._route.node_id:
            self._server = self._book.directory.number_of_id(self._route.node_id)
        return wire

    async def _look_up(self, host: str) -> str:
        begun_ns = time.monotonic_ns()
        try:
            return await resolve(host)
        finally:
            now_ns = time.monotonic_ns()
            if now_ns - begun_ns > SLOW_LOOKUP_NS:
                data: dict[str, Scalar] = {"client": self._identity, "name": host}
                self._book.tell(Event(at_ns=now_ns, since_ns=begun_ns, source="probe", kind="lookup", data=data))

    def _begin(self, wire: Wire) -> None:
        if self._stopping or wire.lost:
            wire.abort("not wanted any more")
            return
        self._wire = wire
        self._write = wire.write
        self._connection = next(self._book.connections)
        self._lost.clear()
        wire.on_lost = self._on_lost
        wire.on_reply = self._replied
        self._identified = False
        self._send(time.monotonic_ns())

    def _send(self, due_ns: int) -> None:
        self._key = self._book.keys.take(self._route.lane)
        command = self._book.set_command(self._key)
        self._due_ns = due_ns
        self._idle = False
        self._in_flight = True
        self._asked_ns = time.monotonic_ns()
        self._write(command)

    def _skip(self, due_ns: int, cause: Cause) -> None:
        now_ns = time.monotonic_ns()
        self._record(
            key=self._book.keys.take(self._route.lane),
            due_ns=due_ns,
            call_ns=now_ns,
            return_ns=now_ns,
            connection=0 if self._wire is None else self._connection,
            client=self._identity,
            server=NO_SERVER if self._wire is None else self._server,
            cause=cause,
        )

    def _replied(self, reply: RawReply, at_ns: int) -> None:
        if not self._in_flight:
            return  # a farewell such as "max number of clients reached"; the connection ends by itself
        cause = classify(reply)
        self._complete(cause, at_ns)
        if self._stopping:
            self._leave(Cause.NONE)
        elif cause is Cause.MOVED and self._route.must_be_master:
            self._follow(str(reply))
        elif cause is Cause.CLUSTERDOWN and self._route.must_be_master:
            self._route.doubted()
            self._unreached = Cause.NO_MASTER
            self._leave(cause)
        elif cause is Cause.READONLY and self._route.must_be_master:
            self._unreached = Cause.NO_MASTER
            self._leave(cause)
        elif self._identified:
            self._free()
        else:
            self._identify()

    def _follow(self, moved: str) -> None:
        """The operation has failed; the next one goes where it was sent to ("MOVED slot host:port")."""
        host, _, port = moved.rpartition(" ")[2].rpartition(":")
        if port.isdigit():
            peer = self._wire.peer if self._wire else None
            self._route.moved(Endpoint(host or (peer.host if peer else ""), int(port)))
        self._unreached = Cause.NO_MASTER
        self._leave(Cause.MOVED)

    def _identify(self) -> None:
        assert self._wire is not None  # noqa: S101 - it has just replied
        self._asked_ns = time.monotonic_ns()
        self._wire.on_reply = self._told_who
        self._wire.send("INFO", "server")

    def _told_who(self, reply: RawReply, at_ns: int) -> None:
        assert self._wire is not None  # noqa: S101 - it has just replied
        self._wire.on_reply = self._replied
        self._identified = True
        self._book.tell(
            Event(
                at_ns=at_ns,
                since_ns=self._connected_ns,
                source="probe",
                kind="connected",
                data={
                    "connection": self._connection,
                    "client": self._identity,
                    "server": self._book.directory.name(self._server),
                    "address": str(self._wire.peer),
                    "run_id": info_field(reply, "run_id"),
                    "sentinel": self._route.via,
                },
            )
        )
        self._free()

    def _free(self) -> None:
        self._idle = True
        if self._habits.closed:
            self._send(time.monotonic_ns())

    def _complete(self, cause: Cause, return_ns: int) -> None:
        self._in_flight = False
        self._record(
            key=self._key,
            due_ns=self._due_ns,
            call_ns=self._asked_ns,
            return_ns=return_ns,
            connection=self._connection,
            client=self._identity,
            server=self._server,
            cause=cause,
        )

    def _on_lost(self, text: str) -> None:
        del text
        self._leave(Cause.CLOSED)

    def _leave(self, cause: Cause) -> None:
        """No connection from here on; what was in flight ends as `info`, and the identity with it."""
        if self._in_flight:
            self._complete(cause, 0)
            self._identity += self._habits.members
        self._idle = False
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.on_lost = _heed_not
            wire.abort("given up by its client")
        self._lost.set()
        if self._stopping:
            self.ended.set()

    async def _next_attempt(self) -> None:
        now_ns = time.monotonic_ns()
        at_ns = next_attempt_ns(
            now_ns=now_ns,
            interval_ns=max(round(self._habits.reconnect_ms * 1e6), 1),
            member=self._habits.member,
            members=self._habits.members,
        )
        await asyncio.sleep((at_ns - now_ns) / 1e9)


async def _expect_master(wire: Wire) -> None:
    """A Sentinel's word may be old: ask the server itself, on the connection that is to carry the writes."""
    try:
        told = parse_role(await wire.call("ROLE", within_s=ROLE_S))
    except BaseException:
        wire.abort("asked in vain")
        raise
    if told.role is not Role.MASTER:
        wire.abort("no master")
        raise Unrouted(Cause.NO_MASTER, f"{wire.peer} says that it is {told.role.name.lower()}")


def _heed_not(text: str) -> None:
    """A wire that its client gave up has nothing more to say."""
