"""How late the probe sends: 1000 operations a second over 10 connections, each stamped against its due time.

The delay of the generator is the error bar of everything that it measures; a report carries it, and a trial above
the plan's limit is `unknown`. In each round a loop that spins is asked the same without a server: the machine's share.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from redis_server import RedisServer
from reference import lateness_us

from redis_resilience.deployments.probe_process import ProbeProcess
from redis_resilience.model.operations import Cause
from redis_resilience.model.plan import Load, Writers
from redis_resilience.model.records import decode


def one_round(server: RedisServer, clients: int, rate: float, seconds: float, number: int) -> str:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        probe = ProbeProcess.spawn()
        try:
            probe.watch(servers={"redis-0": server.endpoint}, sentinels={}, master_name="none")
            probe.open(Path(folder), f"open-loop-{number}")
            probe.start_load(Load(writers=(Writers(target="redis-0", count=clients, rate=rate),)))
            time.sleep(seconds)
            probe.stop_load()
            probe.close()
        finally:
            probe.stop()
        records, _ = decode("operations", (Path(folder) / "operations.bin").read_bytes())
    sent = records[records["cause"] != Cause.WAITING]
    late_us = (sent["call_ns"] - sent["due_ns"]) / 1e3
    took_us = (sent["return_ns"] - sent["call_ns"]) / 1e3
    p50, p99, p999, worst = np.percentile(late_us, [50, 99, 99.9, 100])
    busy = len(records) - len(sent)
    reference = np.percentile(lateness_us(rate, seconds), 99)
    return (
        f"{number:5}  {len(records):10}  {busy:4}  {p50:12.0f}  {p99:6.0f}  {p999:6.0f}  {worst:6.0f}  "
        f"{np.percentile(took_us, 50):12.0f}  {reference:17.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    print("round  operations  busy  late us: p50     p99   p99.9     max  reply p50 us  reference p99 us")
    with RedisServer() as server:
        for number in range(1, options.rounds + 1):
            print(one_round(server, options.clients, options.rate, options.seconds, number))


if __name__ == "__main__":
    main()
