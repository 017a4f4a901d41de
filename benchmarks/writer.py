"""How fast the probe writes when nothing holds it back, beside redis-benchmark on the same server, round by round.

The probe's writers send the next SET as soon as the reply to the last one came, stamp both, and put every operation on
disk; redis-benchmark does none of that. Single rounds swing by a third on a shared machine: read the median ratio.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from redis_server import RedisServer

from redis_resilience.deployments.probe_process import ProbeProcess
from redis_resilience.model.operations import Result
from redis_resilience.model.plan import Load, Writers
from redis_resilience.model.records import decode


def probe_round(server: RedisServer, clients: int, seconds: float, number: int) -> float:
    """Acknowledged writes a second, from the records on disk: between the first call and the last reply."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        probe = ProbeProcess.spawn()
        try:
            probe.watch(servers={"redis-0": server.endpoint}, sentinels={}, master_name="none", interval_ms=1000)
            probe.open(Path(folder), f"writer-{number}")
            probe.start_load(Load(writers=(Writers(target="redis-0", count=clients, rate=0),)))
            time.sleep(seconds)
            probe.stop_load()
            probe.close()
        finally:
            probe.stop()
        records, _ = decode("operations", (Path(folder) / "operations.bin").read_bytes())
        good = records[records["outcome"] == Result.OK]
        return len(good) / (int(np.max(good["return_ns"]) - np.min(good["call_ns"])) / 1e9)


def redis_benchmark_round(server: RedisServer, clients: int, requests: int) -> float:
    done = subprocess.run(
        (
            *("redis-benchmark", "-p", str(server.endpoint.port), "-t", "set", "-P", "1", "-c", str(clients)),
            *("-n", str(requests), "-r", "1000000", "-d", "7", "--csv"),
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1].split(",")[1].strip('"'))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[16, 50])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a round of the probe")
    parser.add_argument("--requests", type=int, default=200_000, help="length of a round of redis-benchmark")
    options = parser.parse_args()
    print("clients  redis-benchmark/s  probe/s  ratio (median of rounds)  each round")
    with RedisServer() as server:
        for clients in options.clients:
            theirs, ours = [], []
            for number in range(options.rounds):
                theirs.append(redis_benchmark_round(server, clients, options.requests))
                ours.append(probe_round(server, clients, options.seconds, number * 1000 + clients))
            ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
            each = " ".join(f"{ratio:.2f}" for ratio in ratios)
            print(
                f"{clients:7}  {statistics.median(theirs):17.0f}  {statistics.median(ours):7.0f}  "
                f"{statistics.median(ratios):5.2f}                     {each}"
            )


if __name__ == "__main__":
    main()
