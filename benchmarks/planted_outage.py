"""Known outages of a real server, as the probe measures them: 20 sizes from 20 ms to 5 s, two ways.

stop: SIGSTOP and SIGCONT, connections survive. break: the server closes its port and every connection, and opens the
port again (CONFIG SET port, over its Unix socket). Both ends are stamped here, on the clock that the probe uses too.
measured: the longest time between two acknowledgements, all clients together. A client that spins measures the same
sizes before the probe does: the machine's share of the error.
"""

from __future__ import annotations

import argparse
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from redis_server import RedisServer
from reference import Stamps, spinning

from redis_resilience.deployments.probe_process import ProbeProcess
from redis_resilience.model.operations import Result
from redis_resilience.model.plan import Load, Writers
from redis_resilience.model.records import decode

QUIET_S = 0.25
Way = Callable[[RedisServer, float], tuple[int, int]]


def stop(server: RedisServer, size_s: float) -> tuple[int, int]:
    server.process.send_signal(signal.SIGSTOP)
    begin_ns = time.monotonic_ns()
    time.sleep(size_s)
    end_ns = time.monotonic_ns()
    server.process.send_signal(signal.SIGCONT)
    return begin_ns, end_ns


def break_off(server: RedisServer, size_s: float) -> tuple[int, int]:
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(5)
        control.connect(str(server.control))
        _ask(control, f"CONFIG SET {server.port_option} 0")
        _ask(control, "CLIENT KILL TYPE normal SKIPME yes")
        begin_ns = time.monotonic_ns()
        time.sleep(size_s)
        _ask(control, f"CONFIG SET {server.port_option} {server.endpoint.port}")
        return begin_ns, time.monotonic_ns()


def _ask(control: socket.socket, command: str) -> None:
    control.sendall(command.encode() + b"\r\n")
    if (reply := control.recv(200)).startswith(b"-"):
        raise SystemExit(f"expected {command!r} to be obeyed; got {reply!r} (Redis 7.0 or later is needed)")


def carry_out(way: Way, sizes_s: list[float], server: RedisServer) -> list[tuple[int, int]]:
    """Begin and end of each outage."""
    time.sleep(QUIET_S)
    spans = []
    for size_s in sizes_s:
        spans.append(way(server, size_s))
        time.sleep(QUIET_S)
    return spans


def with_probe(way: Way, sizes_s: list[float], *, clients: int, rate: float, tls: bool) -> list[tuple[float, float]]:
    """(true, measured) of each size, in ms."""
    with RedisServer(tls=tls) as server, tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        probe = ProbeProcess.spawn()
        try:
            probe.watch(servers={"redis-0": server.endpoint}, sentinels={}, master_name="none", access=server.access)
            probe.open(Path(folder), "planted")
            writers = Writers(target="redis-0", count=clients, rate=rate, timeout_ms=10_000)
            probe.start_load(Load(writers=(writers,)))
            spans = carry_out(way, sizes_s, server)
            probe.stop_load()
            probe.close()
        finally:
            probe.stop()
        records, _ = decode("operations", (Path(folder) / "operations.bin").read_bytes())
    return longest_gaps(spans, np.sort(records["return_ns"][records["outcome"] == Result.OK]))


def with_reference(way: Way, sizes_s: list[float], *, tls: bool) -> list[tuple[float, float]]:
    with RedisServer(tls=tls) as server:
        with spinning(server.endpoint, server.access.servers.tls) as stamps:
            spans = carry_out(way, sizes_s, server)
        return longest_gaps(spans, stamps[0])


def longest_gaps(spans: list[tuple[int, int]], acknowledged: Stamps) -> list[tuple[float, float]]:
    results = []
    for begin_ns, end_ns in spans:
        near = acknowledged[(acknowledged > begin_ns - 100_000_000) & (acknowledged < end_ns + 100_000_000)]
        results.append(((end_ns - begin_ns) / 1e6, float(np.max(np.diff(near))) / 1e6))
    return results


def errors_ms(results: list[tuple[float, float]]) -> tuple[float, float, float]:
    """p50, p95, and the largest."""
    p50, p95, worst = np.percentile([abs(measured_ms - true_ms) for true_ms, measured_ms in results], [50, 95, 100])
    return float(p50), float(p95), float(worst)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--sizes", type=int, default=20)
    parser.add_argument("--longest", type=float, default=5.0, help="seconds")
    parser.add_argument("--tls", action="store_true", help="over TLS, with client certificates")
    options = parser.parse_args()
    sizes_s = np.geomspace(0.02, options.longest, options.sizes).tolist()
    for name, way in (("stop", stop), ("break", break_off)):
        reference = with_reference(way, sizes_s, tls=options.tls)
        results = with_probe(way, sizes_s, clients=options.clients, rate=options.rate, tls=options.tls)
        print(f"{name:6} true ms  measured ms  error ms  reference's error ms")
        for (true_ms, measured_ms), (own_ms, seen_ms) in zip(results, reference, strict=True):
            print(f"{true_ms:14.2f}  {measured_ms:11.2f}  {measured_ms - true_ms:8.2f}  {seen_ms - own_ms:20.2f}")
        for what, (p50, p95, worst) in (("probe", errors_ms(results)), ("reference", errors_ms(reference))):
            print(f"{name}, {what}: |error| p50 {p50:.2f}, p95 {p95:.2f}, max {worst:.2f} ms")
        print(f"spacing of the load {1000 / options.rate:.2f} ms\n")


if __name__ == "__main__":
    main()
