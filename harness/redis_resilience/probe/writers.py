"""One writing client: one connection, one request in flight, no retry; every operation ends in exactly one record.

A client that cannot send an operation when it is due records that and drops it; nothing is queued. After `info` it goes
on under a new identity, because the old operation may still take effect. Only *connecting* is tried again.

A server that replies MOVED is asked for the whole table, as every cluster's client does. Where the client's home still
has some of its slots, it stays, and goes elsewhere for the others only; else it leaves for where it was sent.

On a new connection an operation goes out at once, besides the schedule and due the moment it is sent: the end of an
outage is then seen when it happens, not at the client's next due time. Its reply shows that the server takes writes, so
only then is the server asked for its identity.

A client that goes through a Service or a proxy asks who is behind each connection before it writes, and connects again
when that is a replica.

A client that waits for replicas sends WAIT after each of its writes that the master took; the write is acknowledged by
the reply to WAIT, and has no result until then.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import hiredis

from redis_resilience.model.access import NO_LOGIN, Login
from redis_resilience.model.cluster import SlotRange, slot_of
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import AnyEvent, Connected, Lookup, Role
from redis_resilience.model.operations import ABSENT, FOREIGN, KEY_DIGITS, Cause, Kind, key_prefix
from redis_resilience.model.records import NO_SERVER
from redis_resilience.probe.cluster_watch import places_of
from redis_resilience.probe.directory import Directory
from redis_resilience.probe.keys import Keys
from redis_resilience.probe.lines import Line, Sides
from redis_resilience.probe.pacing import next_attempt_ns, sleep_until
from redis_resilience.probe.recorder import Recorder
from redis_resilience.probe.routing import Route, Unrouted
from redis_resilience.probe.watchers import parse_role
from redis_resilience.probe.wire import (
    Denied,
    Lost,
    NoReply,
    RawReply,
    Wire,
    classify,
    connect,
    info_field,
    resolve,
)

CONNECT_S = 0.05
"""Short, so that a packet dropped by a partition is followed by a new one soon, not by TCP's own after a second."""
ROLE_S = 0.25
MET_S = 0.1
"""Watchers ask each server every 10 ms who it is."""
_LOOK_S = 0.002
SLOW_LOOKUP_NS = 20_000_000
"""A DNS lookup that takes longer is reported: its client could not have written meanwhile."""
_TURNED_AWAY = (Cause.MOVED, Cause.CLUSTERDOWN, Cause.READONLY)


class Shared:
    """What all clients of a load share: numbers of keys, clients and connections, and where records go."""

    def __init__(
        self,
        recorder: Recorder,
        directory: Directory,
        tell: Callable[[AnyEvent], None],
        lanes: Sequence[Sequence[SlotRange]] = (),
    ) -> None:
        """lanes: the slots of each shard of a cluster, see `Keys`."""
        self.recorder = recorder
        self.directory = directory
        self.tell = tell
        self.connections = itertools.count(1)
        prefix = key_prefix(recorder.trial).encode()
        self.keys = Keys(prefix, lanes)
        # Packing each command anew takes seven times as long.
        name = b"$%d\r\n%b%%0%dd\r\n" % (len(prefix) + KEY_DIGITS, prefix.replace(b"%", b"%%"), KEY_DIGITS)
        self._set = b"*4\r\n$3\r\nSET\r\n" + name + b"$%d\r\n%d\r\n$2\r\nNX\r\n"
        self._get = b"*2\r\n$3\r\nGET\r\n" + name

    def set_command(self, key: int) -> bytes:
        """The packed command that writes this key. NX: a second execution shows."""
        return self._set % (key, len(str(key)), key)

    def get_command(self, key: int) -> bytes:
        """The packed command that reads it."""
        return self._get % key


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a client behaves. member of members: its share of the reconnect interval. closed: sends on each reply."""

    timeout_ms: int
    reconnect_ms: float
    member: int
    members: int
    closed: bool
    kind: Kind = Kind.WRITE
    wait: int = 0
    login: Login = NO_LOGIN


class Writer:
    """One client. `run` keeps it connected; `due` is called at each of its due times."""

    def __init__(self, book: Shared, route: Route, habits: Habits) -> None:
        self._book = book
        self._record = book.recorder.operation
        self._route = route
        self._habits = habits
        self._writes = habits.kind is Kind.WRITE
        self._timeout_ns = habits.timeout_ms * 1_000_000
        self._identity = habits.member + 1
        self._home: Line | None = None
        self._sides = Sides(self._open, replied=self._replied, lost=self._lose_side, ready=self._side_ready)
        self._line: Line  # the one written to last
        self._lost = asyncio.Event()
        self._stopping = False
        self._unreached = route.unreached
        self._idle = False
        self._in_flight = False
        self._key = self._due_ns = self._asked_ns = 0
        self._newest = (0, False)
        self.attempted = asyncio.Event()
        """Set once the first attempt to connect has ended, either way."""
        self.ended = asyncio.Event()
        """Set once nothing is in flight and nothing will be."""

    @property
    def newest(self) -> tuple[int, bool] | None:
        """When its newest write was due, and whether it was acknowledged; None while that is open."""
        return None if self._in_flight else self._newest

    async def run(self) -> None:
        while not self._stopping:
            try:
                home = await self._reach()
            except Unrouted as nowhere:
                self._unreached = nowhere.cause
                if self._habits.closed:
                    self._skip(time.monotonic_ns(), nowhere.cause)
            else:
                self._route.rest()
                self._begin(home)
            self.attempted.set()
            if self._home is not None:
                await self._lost.wait()
            await self._next_attempt()

    def due(self, due_ns: int) -> None:
        """Send an operation now, or record why not."""
        if self._idle:
            self._send(due_ns)
        else:
            self._skip(due_ns, self._unreached if self._home is None else Cause.WAITING)

    def expire(self, now_ns: int) -> None:
        """Give up what has been in flight for too long."""
        if self._home is not None and not self._idle and now_ns - self._asked_ns > self._timeout_ns:
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

    async def _reach(self) -> Line:
        endpoint = await self._route.find()
        try:
            line = await self._open(endpoint)
        except Unrouted as nowhere:
            if nowhere.cause is Cause.REFUSED:
                self._route.doubted()
            raise
        if line.server == NO_SERVER and self._route.node_id:
            line.server = self._book.directory.number_of_id(self._route.node_id)
        return line

    async def _open(self, endpoint: Endpoint) -> Line:
        try:
            there = Endpoint(await self._look_up(endpoint.host), endpoint.port)
            wire = await connect(
                there,
                within_s=CONNECT_S,
                handshake_s=self._habits.timeout_ms / 1000,
                login=self._habits.login,
                called=endpoint.host,
            )
            if self._route.must_be_master:
                await _expect_master(wire)
            behind = await _behind(wire, self._book.directory) if self._route.asks_who else NO_SERVER
        except Denied as error:
            raise Unrouted(Cause.NOAUTH, str(error)) from error
        except (Lost, NoReply) as error:
            raise Unrouted(Cause.REFUSED, str(error)) from error
        server = self._book.directory.number_at(endpoint)
        if server == NO_SERVER:
            server = self._book.directory.number_at(wire.peer)
        if behind != NO_SERVER:
            server = behind
        number = next(self._book.connections)
        return Line(wire=wire, place=endpoint, number=number, server=server, connected_ns=time.monotonic_ns())

    async def _look_up(self, host: str) -> str:
        begun_ns = time.monotonic_ns()
        try:
            return await resolve(host)
        finally:
            now_ns = time.monotonic_ns()
            if now_ns - begun_ns > SLOW_LOOKUP_NS:
                self._book.tell(
                    Lookup(at_ns=now_ns, since_ns=begun_ns, source="probe", client=self._identity, name=host)
                )

    def _begin(self, home: Line) -> None:
        if self._stopping or home.wire.lost:
            home.wire.abort("not wanted any more")
            return
        self._home = home
        self._lost.clear()
        home.wire.on_lost = self._on_lost
        home.wire.on_reply = self._replied
        self._send(time.monotonic_ns())

    def _draw(self) -> int:
        keys, lane = self._book.keys, self._route.lane
        return keys.take(lane) if self._writes else keys.read(lane)

    def _send(self, due_ns: int) -> None:
        key = self._draw()
        line = self._line_of(key) if self._sides else self._home
        if line is None:
            self._refuse(key, due_ns, Cause.NO_MASTER)
            return
        command = self._book.set_command(key) if self._writes else self._book.get_command(key)
        self._line, self._key, self._due_ns = line, key, due_ns
        self._idle = False
        self._in_flight = True
        self._asked_ns = time.monotonic_ns()
        line.write(command)

    def _line_of(self, key: int) -> Line | None:
        slot = slot_of(self._book.keys.name(key))
        return self._sides.line(slot) if self._sides.has(slot) else self._home

    def _side_ready(self) -> None:
        if self._idle and self._habits.closed:
            self._send(time.monotonic_ns())

    def _lose_side(self, line: Line) -> None:
        if self._line is not line or self._idle:
            return
        if self._in_flight:
            self._complete(Cause.CLOSED, 0)
            self._identity += self._habits.members
        if self._stopping:
            self._leave(Cause.NONE)
        else:
            self._free()

    def _skip(self, due_ns: int, cause: Cause) -> None:
        self._refuse(self._draw(), due_ns, cause)

    def _refuse(self, key: int, due_ns: int, cause: Cause) -> None:
        now_ns = time.monotonic_ns()
        home = self._home
        if cause is not Cause.WAITING:
            self._newest = (due_ns, False)
        self._record(
            key=key,
            due_ns=due_ns,
            call_ns=now_ns,
            return_ns=now_ns,
            connection=0 if home is None else home.number,
            client=self._identity,
            server=NO_SERVER if home is None else home.server,
            cause=cause,
            kind=self._habits.kind,
            value=key if self._writes else ABSENT,
        )

    def _replied(self, reply: RawReply, at_ns: int) -> None:
        if not self._in_flight:
            return  # a farewell such as "max number of clients reached"; the connection ends by itself
        if self._writes or isinstance(reply, hiredis.ReplyError):
            cause, seen = classify(reply), ABSENT
        else:
            cause, seen = Cause.NONE, _seen(reply)
        if cause is Cause.NONE and self._habits.wait:
            self._line.ask(self._told_replicas, "WAIT", str(self._habits.wait), str(self._habits.timeout_ms // 2))
            return
        self._conclude(cause, at_ns, reply, seen)

    def _told_replicas(self, reply: RawReply, at_ns: int) -> None:
        """A master that is demoted meanwhile replies with an error."""
        self._line.wire.on_reply = self._replied
        enough = isinstance(reply, int) and reply >= self._habits.wait
        self._conclude(Cause.NONE if enough else Cause.UNREPLICATED, at_ns, reply)

    def _conclude(self, cause: Cause, at_ns: int, reply: RawReply, seen: int = ABSENT) -> None:
        self._complete(cause, at_ns, seen)
        if self._stopping:
            self._leave(Cause.NONE)
        elif cause in _TURNED_AWAY and self._route.must_be_master:
            self._turned_away(cause, str(reply))
        elif cause is Cause.READONLY and self._route.asks_who:
            self._unreached = Cause.NO_MASTER
            self._leave(cause)
        else:
            self._go_on()

    def _go_on(self) -> None:
        if self._line.identified:
            self._free()
        else:
            self._ask(self._told_who, "INFO", "server")

    def _ask(self, told: Callable[[RawReply, int], None], *command: str) -> None:
        self._asked_ns = time.monotonic_ns()
        self._line.ask(told, *command)

    def _turned_away(self, cause: Cause, reply: str) -> None:
        """The operation has failed; decide where the next ones go."""
        line = self._line
        there = _sent_to(reply, line.place)
        if there is not None:
            self._ask(lambda slots, _: self._told_slots(slots, there), "CLUSTER", "SLOTS")
        elif line is not self._home:
            line.wire.abort(reply)
        else:
            if cause is Cause.CLUSTERDOWN:
                self._route.doubted()
            self._unreached = Cause.NO_MASTER
            self._leave(cause)

    def _told_slots(self, reply: RawReply, there: Endpoint) -> None:
        line, home = self._line, self._home
        at_home = (home.place, home.wire.peer) if home else ()
        lane, lane_of = self._route.lane, self._book.keys.lane_of
        places = {slot: place for slot, place in places_of(reply, line.place).items() if lane_of(slot) == lane}
        elsewhere = {slot: place for slot, place in places.items() if place not in at_home}
        if len(elsewhere) < len(places):
            self._sides.learn(elsewhere)
            line.wire.on_reply = self._replied
            self._go_on()
        else:
            self._route.moved(there)
            self._unreached = Cause.NO_MASTER
            self._leave(Cause.MOVED)

    def _told_who(self, reply: RawReply, at_ns: int) -> None:
        line = self._line
        line.wire.on_reply = self._replied
        line.identified = True
        self._book.tell(
            Connected(
                at_ns=at_ns,
                since_ns=line.connected_ns,
                source="probe",
                connection=line.number,
                client=self._identity,
                server=self._book.directory.name(line.server),
                address=str(line.wire.peer),
                run_id=info_field(reply, "run_id"),
                sentinel=self._route.via,
            )
        )
        self._free()

    def _free(self) -> None:
        self._idle = True
        if self._habits.closed:
            self._send(time.monotonic_ns())

    def _complete(self, cause: Cause, return_ns: int, seen: int = ABSENT) -> None:
        """seen: the value that a read returned."""
        self._in_flight = False
        if self._writes and cause is Cause.NONE:
            self._book.keys.wrote(self._route.lane, self._key)
        self._newest = (self._due_ns, cause is Cause.NONE)
        self._record(
            key=self._key,
            due_ns=self._due_ns,
            call_ns=self._asked_ns,
            return_ns=return_ns,
            connection=self._line.number,
            client=self._identity,
            server=self._line.server,
            cause=cause,
            kind=self._habits.kind,
            value=self._key if self._writes else seen,
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
        home, self._home = self._home, None
        self._sides.close()
        if home is not None:
            home.give_up()
        self._lost.set()
        if self._stopping:
            self.ended.set()

    async def _next_attempt(self) -> None:
        await sleep_until(
            next_attempt_ns(
                now_ns=time.monotonic_ns(),
                interval_ns=max(round(self._habits.reconnect_ms * 1e6), 1),
                member=self._habits.member,
                members=self._habits.members,
            )
        )


def _seen(reply: RawReply) -> int:
    """The number that a key held; a key's own value has no more digits than a key has."""
    if reply is None:
        return ABSENT
    return int(reply) if isinstance(reply, bytes) and reply.isdigit() and len(reply) <= KEY_DIGITS else FOREIGN


async def _expect_master(wire: Wire) -> None:
    """A Sentinel's answer may be stale: ask the server itself, on the connection that is to carry the writes."""
    try:
        told = parse_role(await wire.call("ROLE", within_s=ROLE_S))
    except BaseException:
        wire.abort("asked in vain")
        raise
    if told.role is not Role.MASTER:
        wire.abort("no master")
        raise Unrouted(Cause.NO_MASTER, f"{wire.peer} says that it is {told.role.name.lower()}")


async def _behind(wire: Wire, directory: Directory) -> int:
    """The server behind an address that several share, by its run_id; a watcher may meet a new process a little later.

    Raises Unrouted where it does not tell, or is none of the watched ones: its writes could not be accounted for.
    """
    try:
        run_id = info_field(await wire.call("INFO", "server", within_s=ROLE_S), "run_id")
        for _ in range(round(MET_S / _LOOK_S)):
            if (server := directory.number_of_run_id(run_id)) != NO_SERVER:
                return server
            await asyncio.sleep(_LOOK_S)
    except BaseException:
        wire.abort("asked in vain")
        raise
    wire.abort("no watched server")
    raise Unrouted(
        Cause.NO_MASTER, f"{wire.peer} leads to process {run_id or 'without a run_id'}, which is not watched"
    )


def _sent_to(reply: str, asked: Endpoint) -> Endpoint | None:
    """The place in "MOVED slot host:port", without a host the one that was asked; None where it is no such reply."""
    match reply.split(" "):
        case ["MOVED", _, there]:
            host, _, port = there.rpartition(":")
            return Endpoint(host or asked.host, int(port)) if port.isdigit() else None
    return None
