"""Where a client connects to: a pinned server, a host name, or whoever the Sentinels call master.

Asking follows Redis's own guideline for Sentinel clients: the Sentinels one after the other, the first that answers is
asked first the next time, and what it says is checked with ROLE on the very connection that will carry the writes.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Protocol

from harness.model.endpoint import Endpoint
from harness.model.operations import Cause
from harness.probe.directory import Directory
from harness.probe.wire import Lost, NoReply, Wire, connect

ASK_S = 0.1
"""For a Sentinel to be reached, and again for it to answer."""
REDIS_PORT = 6379


class Unrouted(Exception):
    """There is nowhere to connect to; `cause` is what its operations fail with."""

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.cause = cause


class Route(Protocol):
    """must_be_master: ROLE has to say so before the connection may be used. via: the Sentinel that named the place."""

    must_be_master: bool
    unreached: Cause
    via: str

    async def find(self) -> Endpoint: ...

    def rest(self) -> None:
        """The client is connected: hold nothing open."""


class Fixed:
    """A watched server by name, wherever it is today; or else a host name, resolved at each connect."""

    must_be_master = False
    unreached = Cause.REFUSED
    via = ""

    def __init__(self, target: str, directory: Directory) -> None:
        self._target = target
        self._directory = directory

    async def find(self) -> Endpoint:
        return self._directory.endpoint(self._target) or Endpoint(self._target, REDIS_PORT)

    def rest(self) -> None:
        pass


class AskSentinels:
    """The master by the Sentinels' word. `sentinels` may change under it. seed: decides who is asked first."""

    must_be_master = True
    unreached = Cause.NO_MASTER

    def __init__(self, sentinels: Mapping[str, Endpoint], *, master_name: str, password: str, seed: str) -> None:
        self._sentinels = sentinels
        self._master_name = master_name
        self._password = password
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._order: list[str] = []
        self._wire: Wire | None = None
        self._wire_of: tuple[str, Endpoint] | None = None
        self.via = ""

    async def find(self) -> Endpoint:
        if set(self._order) != set(self._sentinels):
            self._order = sorted(self._sentinels)
            self._random.shuffle(self._order)
        for name in tuple(self._order):
            found = await self._ask(name)
            if found is not None:
                self._order.remove(name)
                self._order.insert(0, name)
                self.via = name
                return found
        raise Unrouted(Cause.NO_MASTER, f"none of {len(self._order)} Sentinels named a master {self._master_name!r}")

    async def _ask(self, name: str) -> Endpoint | None:
        try:
            wire = await self._reach(name)
            reply = await wire.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._master_name, within_s=ASK_S)
        except (Lost, NoReply):
            self.rest()
            return None
        match reply:
            case [bytes(host), bytes(port)]:
                return Endpoint(host.decode(), int(port))
        return None

    async def _reach(self, name: str) -> Wire:
        endpoint = self._sentinels[name]
        if self._wire is None or self._wire_of != (name, endpoint) or self._wire.lost:
            self.rest()
            self._wire = await connect(endpoint, within_s=ASK_S, password=self._password)
            self._wire_of = (name, endpoint)
        return self._wire

    def rest(self) -> None:
        if self._wire is not None:
            self._wire.abort("master found")
            self._wire = None
