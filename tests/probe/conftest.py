"""Real servers and real probes for the tests of this folder; both gone at the end, whatever happened."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from redis_resilience.deployments.probe_process import ProbeProcess
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import ProbeError
from redis_resilience.model.events import Scalar
from redis_resilience.model.operations import Cause
from redis_resilience.model.records import Records, decode


class RedisProcess:
    """One redis-server (or Sentinel) on a free loopback port."""

    def __init__(self, folder: Path, *arguments: str, sentinel_of: Endpoint | None = None) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.endpoint = Endpoint("127.0.0.1", sock.getsockname()[1])
        folder.mkdir()
        self._command = ["redis-server"]
        if sentinel_of is not None:
            config = folder / "sentinel.conf"
            config.write_text(f"sentinel monitor mymaster {sentinel_of.host} {sentinel_of.port} 1\n")
            self._command += [str(config), "--sentinel"]
        else:
            self._command += ["--save", "", "--dir", str(folder)]
        self._command += ["--port", str(self.endpoint.port), "--bind", "127.0.0.1", *arguments]
        self.process: subprocess.Popen[bytes]
        self.launch()

    def launch(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while self.ask("PING") != "+PONG":
            assert time.monotonic() < deadline, f"waited 30 s for {self.endpoint}; it did not answer PING"
            time.sleep(0.01)

    def ask(self, command: str) -> str:
        """The first line of the raw reply; "" where there is none."""
        try:
            with socket.create_connection((self.endpoint.host, self.endpoint.port), timeout=2) as sock:
                sock.sendall(command.encode() + b"\r\n")
                return sock.recv(4096).decode().partition("\r\n")[0]
        except OSError:
            return ""

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


StartRedis = Callable[..., RedisProcess]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[StartRedis]:
    """Starts servers: redis(*arguments), redis(sentinel_of=endpoint)."""
    started: list[RedisProcess] = []

    def start(*arguments: str, sentinel_of: Endpoint | None = None) -> RedisProcess:
        started.append(RedisProcess(tmp_path / f"redis-{len(started)}", *arguments, sentinel_of=sentinel_of))
        return started[-1]

    yield start
    for server in started:
        server.kill()


class Bench:
    """A probe, its history folder, and waits with a deadline."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.probe = ProbeProcess.spawn()

    def eventually(self, condition: Callable[[], object], because: str, within_s: float = 30.0) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline:
                seen = [(event.source, event.label, event.words) for event in self.probe.events()]
                pytest.fail(f"waited {within_s:g} s until {because}; saw {self.probe.status()} and {seen}")
            time.sleep(0.005)

    def heard(self, label: str, **facts: Scalar) -> bool:
        """Whether an event of this kind was reported, with these facts."""
        return any(
            event.label == label and all(getattr(event, name) == value for name, value in facts.items())
            for event in self.probe.events()
        )

    def records(self, kind: str = "operations") -> Records:
        records, torn = decode(kind, (self.folder / f"{kind}.bin").read_bytes())
        assert torn == 0
        return records

    def causes(self) -> dict[Cause, int]:
        """How often each cause, except WAITING: a stalled machine makes any client wait now and then."""
        records = self.records()
        values, counts = np.unique(records["cause"][records["cause"] != Cause.WAITING], return_counts=True)
        return {Cause(value): count for value, count in zip(values.tolist(), counts.tolist(), strict=True)}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    folder = tmp_path / "trial"
    folder.mkdir()
    bench = Bench(folder)
    yield bench
    with suppress(ProbeError):
        bench.probe.close()
    bench.probe.stop()
