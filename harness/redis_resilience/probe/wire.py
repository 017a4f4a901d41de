"""One connection to one server: stamped before sending and right after receiving; nothing is retried.

A wire has at most one request in flight (subscriptions aside). It passes raw replies to its owner: an
`hiredis.ReplyError` is a reply like any other here, because whether it is a definite rejection is decided by
`classify`, not by an exception class. This module knows nothing of operations, watchers or histories.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import hiredis

from redis_resilience.model.access import NO_LOGIN, Login, Tls
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.operations import Cause
from redis_resilience.probe.tls import HANDSHAKE_S, Context, context_of, explain

RawReply = Any
"""What `hiredis.Reader` makes of a reply: bytes, int, None, list, or a ReplyError that stands for an error reply."""

RECEIVE_BYTES = 16384
"""asyncio receives into a fresh buffer of 256 KiB, which the C library maps and unmaps each time: half the speed."""

RESOLVE_S = 2.0

_INCOMPLETE = object()

pack = cast("Callable[[tuple[str | bytes, ...]], bytes]", hiredis.pack_command)
"""A packed command. hiredis's own stub knows tuples of one word only, and no result."""

_CAUSES = {
    "READONLY": Cause.READONLY,
    "LOADING": Cause.LOADING,
    "MASTERDOWN": Cause.MASTERDOWN,
    "NOREPLICAS": Cause.NOREPLICAS,
    "OOM": Cause.OOM,
    "MISCONF": Cause.MISCONF,
    "CLUSTERDOWN": Cause.CLUSTERDOWN,
    "MOVED": Cause.MOVED,
    "ASK": Cause.ASK,
    "TRYAGAIN": Cause.TRYAGAIN,
    "NOAUTH": Cause.NOAUTH,
    "WRONGPASS": Cause.NOAUTH,
    "NOPERM": Cause.NOAUTH,
}


class Lost(Exception):
    """The connection could not be made, or ended; the text says how."""


class Denied(Lost):
    """It answers, and refuses this user, password or certificate."""


class NoReply(Exception):
    """The connection lives, the reply did not come in time."""


def classify(reply: RawReply) -> Cause:
    """What a raw reply to `SET key value NX` means for the write. Every error reply is a definite rejection."""
    if reply == b"OK":
        return Cause.NONE
    if reply is None:
        return Cause.TAKEN
    if isinstance(reply, hiredis.ReplyError):
        return _CAUSES.get(str(reply).split(" ", 1)[0], Cause.REJECTED)
    return Cause.REJECTED


class Wire(asyncio.Protocol):
    """on_reply(reply, at_ns) is called for each reply, on_lost(cause) once; both may be replaced at any time."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader(notEnoughData=_INCOMPLETE)
        self._transport: asyncio.Transport
        self.write: Callable[[bytes], None]
        self._waiting: asyncio.Future[tuple[RawReply, int]] | None = None
        self._lost: str | None = None
        self.on_reply: Callable[[RawReply, int], None] = self._settle
        self.on_lost: Callable[[str], None] = self._ignore
        self.peer: Endpoint | None = None
        self.secured: Context | None = None
        """None where it is not encrypted."""
        self._heard = False

    @property
    def lost(self) -> str | None:
        """Why this wire ended; None while it lives."""
        return self._lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows for mypy; TCP has no other
        self._transport = transport
        transport.max_size = RECEIVE_BYTES  # type: ignore[attr-defined]  # asyncio's own attribute, not in its types
        self.write = transport.write
        name = transport.get_extra_info("peername")
        self.peer = Endpoint(name[0], name[1]) if name else None

    def data_received(self, data: bytes) -> None:
        at_ns = time.monotonic_ns()
        self._heard = True
        reader = self._reader
        try:
            reader.feed(data)
            reply = reader.gets()
            while reply is not _INCOMPLETE:
                self.on_reply(reply, at_ns)
                reply = reader.gets()
        except hiredis.ProtocolError as error:
            self.abort(f"not the Redis protocol: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(_how_it_ended(exc, refused=self.secured is not None and not self._heard))

    def abort(self, cause: str) -> None:
        """Give the connection up at once; what was in flight stays unanswered."""
        self._transport.abort()
        self._end(cause)

    def send(self, *command: str | bytes) -> None:
        self.write(pack(command))

    def request(self, *command: str | bytes) -> asyncio.Future[tuple[RawReply, int]]:
        """One request; its reply and the instant of the reply come as a future, which fails with Lost."""
        self._waiting = asyncio.get_running_loop().create_future()
        if self._lost is not None:
            self._waiting.set_exception(Lost(self._lost))
        else:
            self.on_reply = self._settle
            self.send(*command)
        return self._waiting

    async def call(self, *command: str | bytes, within_s: float) -> RawReply:
        """One request, one reply. Raises Lost or NoReply; after NoReply the wire is unusable."""
        try:
            async with asyncio.timeout(within_s):
                return (await self.request(*command))[0]
        except TimeoutError as error:
            # Never a password: this text ends up in histories and logs.
            asked = " ".join(str(word) for word in (command[:1] if command[0] == "AUTH" else command[:2]))
            raise NoReply(f"no reply to {asked} within {within_s * 1000:.0f} ms") from error

    def _settle(self, reply: RawReply, at_ns: int) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((reply, at_ns))

    def _ignore(self, cause: str) -> None:
        pass

    def _end(self, cause: str) -> None:
        if self._lost is not None:
            return
        self._lost = cause
        if self.secured is not None and self._heard:
            self.secured.newest = self._transport.get_extra_info("ssl_object").session
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Lost(cause))
        self.on_lost(cause)


async def connect(
    endpoint: Endpoint,
    *,
    within_s: float,
    handshake_s: float = HANDSHAKE_S,
    unacknowledged_s: float = 0,
    login: Login = NO_LOGIN,
    called: str = "",
) -> Wire:
    """A new connection, encrypted and authenticated as `login` says. Raises Lost, of it Denied.

    called: the name that the endpoint's address was resolved from. within_s is for connecting; resolving a name and the
    handshake of TLS have their own time, because a slow resolver says nothing about the server.
    unacknowledged_s: after so long without a sign of the other kernel the connection is lost; 0 for the system's limit.
    """
    host = await resolve(endpoint.host)
    tls = login.tls
    try:
        async with asyncio.timeout(within_s):
            transport, wire = await _open(
                host, endpoint.port, Wire if tls is None else asyncio.Protocol, unacknowledged_s
            )
        if tls is not None:
            name = called or endpoint.host
            wire = await _secured(transport, endpoint, tls, name, within_s=max(handshake_s, within_s))
        if login.password:
            await _authenticate(wire, endpoint, login, within_s=within_s)
    except TimeoutError as error:
        raise Lost(f"connecting to {endpoint} took more than {within_s * 1000:.0f} ms") from error
    except NoReply as error:
        raise Lost(f"{endpoint}: {error}") from error
    except ssl.SSLError as error:
        raise Denied(f"{endpoint}: {explain(error)}") from error
    except OSError as error:
        raise Lost(f"{endpoint}: {error.strerror or error}") from error
    return cast("Wire", wire)


async def _open(host: str, port: int, make: Callable[[], asyncio.Protocol], unacknowledged_s: float) -> Any:
    """The transport and the protocol."""
    made = await asyncio.get_running_loop().create_connection(make, host, port)
    limit_ms = round(unacknowledged_s * 1000)
    made[0].get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limit_ms)
    return made


async def _secured(plain: asyncio.Transport, endpoint: Endpoint, tls: Tls, called: str, *, within_s: float) -> Wire:
    context = context_of(tls, endpoint)
    wire = Wire()
    upgrade = asyncio.get_running_loop().start_tls(plain, wire, context, server_hostname=tls.name or called)
    try:
        async with asyncio.timeout(within_s):
            secured = await upgrade
    except TimeoutError as error:
        plain.abort()
        raise Lost(f"{endpoint}: no TLS handshake within {within_s * 1000:.0f} ms") from error
    except BaseException:
        plain.abort()
        raise
    if secured is None:
        raise Lost(f"{endpoint}: closed by the server during the TLS handshake")
    wire.secured = context
    wire.connection_made(secured)
    return wire


def _how_it_ended(error: Exception | None, *, refused: bool) -> str:
    """refused: nothing came after the handshake. A server may refuse a client's certificate only then, silently."""
    if isinstance(error, ssl.SSLError):
        return explain(error)
    told = f"{type(error).__name__}: {error}" if error else "closed by the server"
    return (
        f"TLS: refused right after the handshake ({told}), as without a certificate that it trusts" if refused else told
    )


async def _authenticate(wire: Wire, endpoint: Endpoint, login: Login, *, within_s: float) -> None:
    """A server that has no password set is no reason to give up: the next reply shows."""
    user = (login.user,) if login.user else ()
    try:
        reply = await wire.call("AUTH", *user, login.password, within_s=within_s)
    except BaseException:
        wire.abort("not authenticated")
        raise
    if isinstance(reply, hiredis.ReplyError) and str(reply).startswith("WRONGPASS"):
        wire.abort("not authenticated")
        raise Denied(f"{endpoint}: {reply} (user {login.user or 'default'!r})")


async def resolve(host: str) -> str:
    """The host's address: itself where it is one, else what the resolver returns now. Raises Lost."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            socket.inet_pton(family, host)
            return host
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise Lost(f"the name {host} was not resolved within {RESOLVE_S:g} s") from error
    except OSError as error:
        raise Lost(f"the name {host} was not resolved: {error.strerror or error}") from error
    return str(found[0][4][0])


async def ask(endpoint: Endpoint, *command: str, within_s: float, login: Login = NO_LOGIN) -> RawReply:
    """One command on a fresh connection. Raises Lost or NoReply; the time covers connecting and asking together.

    Resolving a name is not covered, see `connect`.
    """
    begun_ns = time.monotonic_ns()
    wire = await connect(endpoint, within_s=within_s, login=login)
    try:
        left_s = within_s - (time.monotonic_ns() - begun_ns) / 1e9
        return await wire.call(*command, within_s=max(left_s, 0.001))
    finally:
        wire.abort("done")


def info_field(reply: RawReply, name: str) -> str:
    """A field of an INFO reply; "" where it is missing."""
    if not isinstance(reply, bytes):
        return ""
    for line in reply.split(b"\r\n"):
        if line.startswith(name.encode() + b":"):
            return line.partition(b":")[2].decode(errors="backslashreplace")
    return ""
