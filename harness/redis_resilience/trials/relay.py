"""Progress of trials that run in other processes (pytest-xdist's workers), to the one that shows it.

Datagrams to a socket with an abstract name, so nothing is left in any folder. What does not arrive is not missed: a
newer one follows within a tenth of a second.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress

import msgspec

from redis_resilience.trials.observer import Observer, Progress

_EVERY_S = 0.1
_LARGEST = 65536


class Sender:
    """An observer that sends what it is shown, each phase at once, else ten times a second."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(0)
        self._last = ("", "", "")
        self._last_at = 0.0

    def progress(self, progress: Progress) -> None:
        what, now = (progress.trial, progress.phase, progress.doing), time.monotonic()
        if what == self._last and now - self._last_at < _EVERY_S:
            return
        self._last, self._last_at = what, now
        with suppress(OSError):  # the receiver is gone, or its buffer is full
            self._socket.sendto(msgspec.msgpack.encode(progress), b"\0" + self._address.encode())


class Receiver:
    """Shows an observer what the senders to `address` send, whenever it is asked to."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self.address = f"redis-resilience-progress-{os.getpid()}-{os.urandom(4).hex()}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(b"\0" + self.address.encode())
        self._socket.settimeout(0)

    def receive(self) -> None:
        """Everything that has arrived; what is no progress is passed over."""
        while True:
            try:
                data = self._socket.recv(_LARGEST)
            except (BlockingIOError, ValueError, OSError):
                return
            with suppress(msgspec.DecodeError, msgspec.ValidationError):
                self._observer.progress(msgspec.msgpack.decode(data, type=Progress))

    def close(self) -> None:
        self._socket.close()
