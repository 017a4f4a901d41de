"""Start of the probe: requests on stdin, answers on stdout, errors on stderr.

The end of stdin ends the probe: the harness is gone, and the history is closed as if it had asked for that.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from redis_resilience.probe.protocol import FromProbe, Request
from redis_resilience.probe.service import Service

LINE_BYTES = 1 << 22
LOOKUPS = 64
"""Threads that wait for the resolver. A lookup that its client gave up waits on, and must not delay the next."""


class _Line(asyncio.BaseProtocol):
    """The way out: written without ever waiting, so that a slow reader delays nothing that is measured."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.closed.set()


async def main() -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=LOOKUPS, thread_name_prefix="lookup"))
    requests = asyncio.StreamReader(limit=LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin.buffer)
    outlet, line = await loop.connect_write_pipe(_Line, sys.stdout.buffer)
    encode = msgspec.json.Encoder().encode

    def emit(message: FromProbe) -> None:
        outlet.write(encode(message) + b"\n")

    service = Service(emit)
    loop.set_exception_handler(lambda _, context: service.crashed(_crash_text(context)))
    loop.add_signal_handler(signal.SIGTERM, service.over.set)
    listening = service.spawn(_listen(requests, service), "reading requests")
    gc.freeze()
    await service.over.wait()
    listening.cancel()
    service.close()
    outlet.close()
    await line.closed.wait()


async def _listen(requests: asyncio.StreamReader, service: Service) -> None:
    decoder = msgspec.json.Decoder(Request)
    while line := await requests.readline():
        service.spawn(service.handle(decoder.decode(line)), "a request")
    service.over.set()


def _crash_text(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return f"{context['message']}: {type(error).__name__}: {error}" if error else str(context["message"])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the harness, which ends stdin
    asyncio.run(main())
