"""What a name resolves to, asked again and again of the resolver that the writers use, too.

A deleted pod loses its name before its process, and gets it back only when it is ready to be found: where names
decide which server is reached, this is an instant of its own. A DNS lookup blocks, so each name has a thread.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from redis_resilience.model.events import NameFound, NameLost

INTERVAL_S = 0.25


class NameWatch:
    """One name. server: whose it is. Reports a new address, and that there is none."""

    def __init__(
        self, server: str, name: str, tell: Callable[[NameFound | NameLost], None], *, interval_s: float = INTERVAL_S
    ) -> None:
        self.up: NameFound | None = None
        """The newest, while the state lasts."""
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
        """It changed after the start of the DNS lookup before this one."""
        now_ns, source, server, name = time.monotonic_ns(), f"name:{self._server}", self._server, self._name
        if address and address != self._address:
            self.up = NameFound(
                at_ns=now_ns, since_ns=since_ns, source=source, server=server, name=name, address=address
            )
            self._tell(self.up)
        elif not address and self._address:
            self.up = None
            self._tell(NameLost(at_ns=now_ns, since_ns=since_ns, source=source, server=server, name=name, cause=cause))
        self._address = address


def _address_of(name: str) -> tuple[str, str]:
    """Its first address, or why it has none."""
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        return "", error.strerror or str(error)
    return str(found[0][4][0]), ""
