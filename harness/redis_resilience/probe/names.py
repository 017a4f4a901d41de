"""What a name means, asked again and again of the resolver that the writers use, too.

A pod that is deleted loses its name before its process, and has it back only when it is ready to be found: where names
decide who is reached, this is an instant of its own. A look-up blocks, so each name has a thread.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from redis_resilience.model.events import Event, Scalar

INTERVAL_S = 0.25


class NameWatch:
    """One name. server: whose it is. Tells "name-found" where it has a new address, "name-lost" where it has none."""

    def __init__(
        self, server: str, name: str, tell: Callable[[Event], None], *, interval_s: float = INTERVAL_S
    ) -> None:
        self.up: Event | None = None
        """The newest "name-found", while it is so."""
        self._server, self._name, self._tell = server, name, tell
        self._interval_s = interval_s
        self._address = ""
        self._known_ns = 0

    async def run(self) -> None:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"name {self._name}") as resolver:
            while True:
                begun_ns = time.monotonic_ns()
                address, cause = await asyncio.get_running_loop().run_in_executor(resolver, _address_of, self._name)
                self._found(address, cause, self._known_ns or begun_ns)
                self._known_ns = begun_ns
                await asyncio.sleep(self._interval_s)

    def _found(self, address: str, cause: str, since_ns: int) -> None:
        """It changed after the look-up before this one was begun."""
        if address and address != self._address:
            self.up = self._event("name-found", since_ns, address=address)
        elif not address and self._address:
            self.up = None
            self._event("name-lost", since_ns, cause=cause)
        self._address = address

    def _event(self, kind: str, since_ns: int, **data: Scalar) -> Event:
        event = Event(
            at_ns=time.monotonic_ns(),
            since_ns=since_ns,
            source=f"name:{self._server}",
            kind=kind,
            data={"server": self._server, "name": self._name, **data},
        )
        self._tell(event)
        return event


def _address_of(name: str) -> tuple[str, str]:
    """Its first address, or why it has none."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        return "", error.strerror or str(error)
    return str(found[0][4][0]), ""
