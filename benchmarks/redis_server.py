"""A redis-server of a benchmark's own: a free loopback port, no persistence, gone at the end."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from redis_resilience.deployments.certificates import Authority
from redis_resilience.model.access import OPEN, Access, Login
from redis_resilience.model.endpoint import Endpoint


class RedisServer:
    """`with RedisServer() as server:` it answers at `server.endpoint`, to clients with `server.access`."""

    def __init__(self, *, tls: bool = False) -> None:
        """tls: it proves itself by TLS, requires a certificate of clients, and has no other port."""
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.endpoint = Endpoint("127.0.0.1", sock.getsockname()[1])
        self._folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
        self.control = self._folder / "control"
        """A Unix socket, which stays when the port is closed."""
        self.access: Access = OPEN
        self.port_option = "port"
        """The directive of the port that clients use."""
        self._door: tuple[str, ...] = ("--port", str(self.endpoint.port))
        if tls:
            authority = Authority()
            files = authority.issue(self._folder, ("127.0.0.1",))
            self.access = Access(servers=Login(tls=authority.client()))
            self.port_option = "tls-port"
            self._door = (
                *("--port", "0", "--tls-port", str(self.endpoint.port)),
                *("--tls-ca-cert-file", str(files.ca), "--tls-cert-file", str(files.chain)),
                *("--tls-key-file", str(files.key)),
            )
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self.launch()
        deadline = time.monotonic() + 5
        while self.set_once() is None:
            if time.monotonic() > deadline:
                raise SystemExit(f"waited 5 s for redis-server at {self.endpoint}; it took no write")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def launch(self) -> None:
        """Start the process, or start it again; returns before it answers."""
        self.process = subprocess.Popen(
            (
                *("redis-server", *self._door, "--bind", "127.0.0.1", "--save", ""),
                *("--dir", str(self._folder), "--unixsocket", str(self.control)),
            ),
            stdout=subprocess.DEVNULL,
        )

    def set_once(self) -> int | None:
        """One plain SET on a connection of its own: the instant of the OK, None where it failed."""
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(1)
                sock.connect(str(self.control))
                sock.sendall(b"SET benchmark 1\r\n")
                return time.monotonic_ns() if sock.recv(64) == b"+OK\r\n" else None
        except OSError:
            return None
