"""A program in a pod as two byte streams: a thread copies between them and the websocket.

Only the thread touches the websocket, because a TLS connection is not safe for two; the harness has plain pipes, as it
has with a local program. When the connection breaks, both pipes end, and `ended` says why.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from contextlib import suppress
from typing import IO

from redis_resilience.deployments.kube.interface import Channel, KubeError
from redis_resilience.model.errors import DeploymentError

_CHUNK_BYTES = 1 << 16
_KEPT_COMPLAINTS = 20
_IDLE_S = 1.0


class PodProgram:
    """writer: its stdin. reader: its stdout. complaints(): the end of its stderr, and how it ended."""

    def __init__(self, channel: Channel, name: str) -> None:
        self._channel = channel
        self._complaints: deque[bytes] = deque(maxlen=_KEPT_COMPLAINTS)
        self._ended = ""
        self._stop = False
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        self.reader: IO[bytes] = os.fdopen(ours_in, "rb")
        self.writer: IO[bytes] = os.fdopen(ours_out, "wb")
        self._input: int | None = theirs_in
        self._output = theirs_out
        self._thread = threading.Thread(target=self._carry, name=name, daemon=True)
        self._thread.start()

    def complaints(self) -> str:
        said = b"".join(self._complaints).decode(errors="backslashreplace").strip()
        return "\n".join(part for part in (said, self._ended) if part)

    def end(self, *, within_s: float) -> None:
        """Wait for the program's end, then close the connection, which ends its input."""
        self._thread.join(timeout=within_s)
        self._stop = True
        self._thread.join(timeout=_IDLE_S + within_s)
        self.writer.close()

    def _carry(self) -> None:
        try:
            while self._channel.open and not self._stop:
                self._once()
            self._ended = self._channel.outcome() if not self._channel.open else ""
        except KubeError as error:
            self._ended = str(error)
        except BrokenPipeError:
            self._ended = "the harness stopped listening"
        finally:
            with suppress(KubeError):  # closed already
                self._channel.close()
            os.close(self._output)
            if self._input is not None:
                os.close(self._input)

    def _once(self) -> None:
        watched = [self._channel.fileno()] + ([self._input] if self._input is not None else [])
        ready, _, _ = select.select(watched, [], [], _IDLE_S)
        if self._input in ready:
            data = os.read(self._input, _CHUNK_BYTES)
            if data:
                self._channel.send(data)
            else:
                os.close(self._input)
                self._input = None
                self._channel.end_input()
        # Called whether or not the socket is readable: a TLS record may hold more than was read of it.
        out, err = self._channel.receive()
        if err:
            self._complaints.append(err)
        rest = memoryview(out)
        while rest:
            rest = rest[os.write(self._output, rest) :]


def run_to_end(channel: Channel, what: str, *, within_s: float, sink: IO[bytes]) -> None:
    """Run a program that reads nothing, with its output to `sink`. Raises DeploymentError where it failed."""
    deadline = time.monotonic() + within_s
    said = b""
    try:
        channel.end_input()
        while True:
            out, err = channel.receive()
            sink.write(out)
            said += err
            if not channel.open:
                break
            if time.monotonic() > deadline:
                raise DeploymentError(f"expected {what} within {within_s:g} s; it still runs")
            select.select([channel.fileno()], [], [], 0.1)
        outcome = channel.outcome()
    finally:
        with suppress(KubeError):  # closed already
            channel.close()
    if outcome:
        complaint = said.decode(errors="replace").strip()
        raise DeploymentError(f"expected {what}; got: {outcome}" + (f"; its output: {complaint}" if complaint else ""))
