"""A results folder of many trials, from the record of one: how long its index takes.

python benchmarks/many_results.py FOLDER [TRIALS [RUNS]]
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from redis_resilience.model.run import Measured, RunRecord, TrialRecord
from redis_resilience.model.verdict import Verdict
from redis_resilience.results.indexing import rebuild
from redis_resilience.results.run_file import write_run

SCENARIOS = ("master-kill", "master-pause", "master-isolate", "replica-kill", "sentinel-kill")
_RECORD = Path(__file__).with_name("trial_record.json")


def make(results: Path, *, trials: int, runs: int) -> None:
    """Each trial has a folder with a page; every twentieth is a fail, every fiftieth unknown.

    Outages vary by 10 %; those of one scenario become a fifth longer for the last 5 runs.
    """
    drawn = random.Random(7)
    first = msgspec.convert(json.loads(_RECORD.read_text()), TrialRecord)
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(runs):
        at = begin + timedelta(hours=number)
        folder = results / f"{at:%Y%m%dT%H%M%SZ}-{number % 0x10000:04x}"
        made = []
        for each in range(number * trials // runs, (number + 1) * trials // runs):
            verdict = Verdict.FAIL if each % 20 == 0 else Verdict.UNKNOWN if each % 50 == 1 else Verdict.PASS
            scenario = SCENARIOS[each % len(SCENARIOS)]
            name = f"{scenario}-{each}"
            (folder / name).mkdir(parents=True)
            (folder / name / "report.html").write_text("<p>page</p>")
            ms = drawn.gauss(1700, 170) * (1.2 if scenario == SCENARIOS[0] and number >= runs - 5 else 1)
            outage = Measured(ms=ms, least_ms=ms - 1, most_ms=ms)
            trial = replace(first, scenario=scenario, folder=name, verdict=verdict, counts_as=verdict)
            made.append(replace(trial, outage=outage, first_switch=outage))
        started = at.isoformat(timespec="milliseconds")
        write_run(
            folder,
            RunRecord(
                run=folder.name,
                verdict=Verdict.FAIL,
                started=started,
                finished=started,
                tool_version="0.1.0",
                trials=tuple(replace(trial, started=started, finished=started) for trial in made),
            ),
        )


def main() -> None:
    results, (trials, runs) = Path(sys.argv[1]), (*map(int, sys.argv[2:4]), 10_000, 500)[:2]
    make(results, trials=trials, runs=runs)
    begin, began = time.perf_counter(), time.process_time()
    made = rebuild(results)
    took, used = time.perf_counter() - begin, time.process_time() - began
    print(f"{made.runs} runs, {made.trials} trials: rebuilt in {took:.1f} s, {used:.1f} s of CPU time")


if __name__ == "__main__":
    main()
