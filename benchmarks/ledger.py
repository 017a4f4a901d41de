"""How long judging takes, reading included, and how much memory: `python benchmarks/ledger.py [OPERATIONS ...]`.

Each run has a process of its own and reads files made for it. Beside it, at the smallest size only, the peer that
anyone would write first: sets of key names.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from redis_resilience.judges import ledger, reading
from redis_resilience.judges.judge import judge
from redis_resilience.model import records
from redis_resilience.model.environment import Environment, Prediction, Server
from redis_resilience.model.events import Connected, FaultEffect, Link, Phase, Role, SentinelMessage
from redis_resilience.model.faults import kill
from redis_resilience.model.history import FinalRead, History
from redis_resilience.model.operations import Cause, Kind, Result, key_text
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers

SIZES = (1_000_000, 10_000_000)
CLIENTS = 50
SPACING_NS = 10_000
SAMPLE_NS = 10_000_000
LOST_SHARE = 0.001
NAMES = ("redis-0", "redis-1", "redis-2")


def make(folder: Path, count: int) -> None:
    """Operations that were written as they completed, a killed master half-way, and what three servers held."""
    rows = np.zeros(count, dtype=records.OPERATION)
    random = np.random.default_rng(1)
    rows["key"] = np.arange(count)
    rows["due_ns"] = np.arange(count) * SPACING_NS + SAMPLE_NS
    rows["call_ns"] = rows["due_ns"] + random.integers(1_000, 50_000, count)
    rows["return_ns"] = rows["call_ns"] + random.integers(50_000, 500_000, count)
    rows["client"] = np.arange(count) % CLIENTS + 1
    rows["outcome"] = Result.OK
    rows["kind"], rows["value"] = Kind.WRITE, rows["key"]
    rows["server"] = np.arange(count) >= count // 2
    rows["connection"] = rows["client"] + CLIENTS * rows["server"].astype(np.uint32)
    lost = np.zeros(count, dtype=bool)
    lost[count // 2 - int(count * LOST_SHARE) : count // 2] = True
    unknown = slice(count // 2, count // 2 + CLIENTS)
    rows["outcome"][unknown], rows["cause"][unknown], rows["return_ns"][unknown] = Result.INFO, Cause.CLOSED, 0
    kept = rows["key"][~lost]
    end_ns = int(rows["return_ns"].max())
    rows = rows[np.argsort(np.where(rows["return_ns"] == 0, rows["call_ns"], rows["return_ns"]), kind="stable")]
    (folder / "operations.bin").write_bytes(records.header("operations") + rows.tobytes())
    (folder / "samples.bin").write_bytes(records.header("samples") + _samples(end_ns, count).tobytes())
    for name in NAMES:
        np.save(folder / f"{name}.npy", kept)
    (folder / "times.json").write_text(json.dumps({"fault_ns": int((count // 2) * SPACING_NS), "end_ns": end_ns}))


def _samples(end_ns: int, count: int) -> records.Records:
    at = np.arange(0, end_ns, SAMPLE_NS)
    found = []
    for server in range(len(NAMES)):
        rows = np.zeros(len(at), dtype=records.SAMPLE)
        rows["call_ns"], rows["return_ns"], rows["offset"] = at, at + 100_000, at
        rows["server"] = server
        master = (at >= count // 2 * SPACING_NS) if server == 1 else (at < count // 2 * SPACING_NS) & (server == 0)
        rows["role"] = np.where(master, Role.MASTER, Role.REPLICA)
        rows["source"] = np.where(at >= count // 2 * SPACING_NS, 1, 0)
        rows["link"] = Link.CONNECTED
        found.append(rows)
    return np.concatenate(found)


def read(folder: Path) -> History:
    """As a trial's folder is read."""
    times = json.loads((folder / "times.json").read_text())
    fault_ns, end_ns = times["fault_ns"], times["end_ns"]
    operations, _ = records.decode("operations", memoryview(np.memmap(folder / "operations.bin", np.uint8, "r")))
    samples, _ = records.decode("samples", memoryview(np.memmap(folder / "samples.bin", np.uint8, "r")))
    phases = {"control": 0, "fault": fault_ns - 1, "observe": fault_ns + 1, "done": end_ns + 1}
    return History(
        plan=Plan(
            trial="bench",
            scenario="bench",
            topology="three",
            profile="fast",
            backend="none",
            seed=1,
            load=Load(writers=(Writers(count=CLIENTS, rate=1e9 / SPACING_NS),)),
            faults=(Scheduled(fault=kill("master")),),
            expect=Expect(max_lost=None),
            windows=Windows(),
        ),
        environment=Environment(
            servers=tuple(
                Server(name=name, address=f"10.0.0.{number}:6379", role="", run_id=f"run-{number}")
                for number, name in enumerate(NAMES)
            ),
            sentinels=(),
            master="redis-0",
            clock_ns=0,
            wall_ns=0,
            keys_before=0,
            healthy_before=True,
            health_text="",
            prediction=Prediction(failover=None, because="no Sentinel here"),
        ),
        operations=operations,
        samples=samples,
        events=(
            *(Phase(at_ns=at, name=name) for name, at in phases.items()),
            *_connections(),
            FaultEffect(at_ns=fault_ns, fault=0, fault_kind="kill", pod="redis-0", container="redis", proof="gone"),
            SentinelMessage(
                at_ns=fault_ns + 1,
                source="sentinel:s",
                name="+switch-master",
                text="mymaster 10.0.0.0 6379 10.0.0.1 6379",
            ),
        ),
        finals={
            name: FinalRead(
                server=name,
                role="master" if number == 1 else "replica",
                run_id_before=f"run-{number}",
                run_id_after=f"run-{number}",
                offset=0,
                dbsize=len(keys),
                keys=keys,
            )
            for number, name in enumerate(NAMES)
            for keys in (np.load(folder / f"{name}.npy"),)
        },
    )


def _connections() -> Iterator[Connected]:
    """Each client's to the first master, and its next to the promoted one."""
    for server, name in enumerate(NAMES[:2]):
        for client in range(1, CLIENTS + 1):
            yield Connected(
                at_ns=1,
                source="writer",
                connection=client + CLIENTS * server,
                client=client,
                server=name,
                address=f"10.0.0.{server}:6379",
                run_id=f"run-{server}",
            )


def by_bitmap(folder: Path) -> int:
    return ledger.judge(reading.read(read(folder))).measures.lost


def by_everything(folder: Path) -> int:
    judgement = judge(read(folder))
    broken = [
        finding.text for finding in judgement.findings if finding.name.startswith("judge.") and "raised" in finding.text
    ]
    if broken:
        raise SystemExit("\n".join(broken))
    return judgement.writes.lost


def by_sets(folder: Path) -> int:
    """Names of acknowledged keys in one set, names of those found in another."""
    history = read(folder)
    acknowledged = {
        key_text("bench", key)
        for key, outcome in zip(history.operations["key"].tolist(), history.operations["outcome"].tolist(), strict=True)
        if outcome == Result.OK
    }
    found = [{key_text("bench", key) for key in final.keys.tolist()} for final in history.finals.values()]
    return len(acknowledged - found[1])


METHODS = {"ledger": by_bitmap, "all judges": by_everything, "python sets": by_sets}


def main(sizes: tuple[int, ...]) -> None:
    print(f"{'operations':>12}  {'method':<12} {'seconds':>8} {'peak MB':>8} {'lost':>8}")
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="ledger-") as name:
            make(Path(name), count)
            for method in METHODS:
                if method == "python sets" and count > min(sizes):
                    continue
                told = subprocess.run(
                    [sys.executable, __file__, "--one", method, name], check=True, capture_output=True, text=True
                ).stdout.split()
                print(f"{count:>12}  {method:<12} {float(told[0]):>8.2f} {int(told[1]) // 1024:>8} {told[2]:>8}")


def one(method: str, folder: Path) -> None:
    begun = time.perf_counter()
    lost = METHODS[method](folder)
    seconds = time.perf_counter() - begun
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, lost)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]))
    else:
        main(tuple(int(word) for word in sys.argv[1:]) or SIZES)
