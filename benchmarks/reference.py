"""What the machine itself allows: a loop that does nothing but spin, beside the probe in the same run.

How late it is, and how wrong the outages are that it measures, is the machine's share of the probe's figures.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection

import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.access import Tls
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.probe.tls import context_of

_PING = b"*1\r\n$4\r\nPING\r\n"
Stamps = NDArray[np.int64]


def lateness_us(rate: float, seconds: float) -> NDArray[np.float64]:
    """How late it is at each of its due times."""
    late_ns = np.empty(round(rate * seconds))
    begin_ns = time.monotonic_ns() + 1_000_000
    for k in range(len(late_ns)):
        due_ns = begin_ns + round(k * 1e9 / rate)
        while (now_ns := time.monotonic_ns()) < due_ns:
            pass
        late_ns[k] = now_ns - due_ns
    return late_ns / 1e3


@contextmanager
def spinning(endpoint: Endpoint, tls: Tls | None) -> Iterator[list[Stamps]]:
    """A client that sends PING on each reply, and connects again at once; afterwards the instants of its replies."""
    here, there = Pipe()
    process = Process(target=_spin, args=(endpoint, tls, there), daemon=True)
    process.start()
    stamps: list[Stamps] = []
    try:
        yield stamps
        here.send_bytes(b"end")
        stamps.append(np.frombuffer(here.recv_bytes(), np.int64))
    finally:
        process.kill()
        process.join()


def _spin(endpoint: Endpoint, tls: Tls | None, told: Connection) -> None:
    at_ns: list[int] = []
    while not told.poll():
        try:
            with _connected(endpoint, tls) as sock:
                while not told.poll():
                    sock.sendall(_PING)
                    if not sock.recv(64):
                        break
                    at_ns.append(time.monotonic_ns())
        except OSError:
            continue
    told.send_bytes(np.array(at_ns, np.int64).tobytes())


def _connected(endpoint: Endpoint, tls: Tls | None) -> socket.socket:
    sock = socket.create_connection((endpoint.host, endpoint.port), timeout=20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context_of(tls, endpoint).wrap_socket(sock, server_hostname=endpoint.host) if tls else sock
