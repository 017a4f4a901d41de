"""Every fault on a cluster and on this host, side by side: `python benchmarks/kind_faults.py --trials 20`.

Runs the scenarios on both backends, one after the other, and prints the figures behind `docs/kind-and-local.md`: first
what happened in how long, then where the time of a run goes that begins with nothing but images (`--cold`). With
`--from` the tables are made of results that are there already.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from redis_resilience.command.scenarios import scenario
from redis_resilience.model.errors import ResilienceError
from redis_resilience.model.events import Phase
from redis_resilience.model.verdict import Judgement, Verdict
from redis_resilience.trials.folder import TrialFolder

FAULTS = (
    "master-kill",
    "master-stop",
    "master-pause",
    "master-delete",
    "master-delete-now",
    "scale-to-zero",
    "master-isolate",
    "node-stop",
    "replica-kill",
    "replica-delete",
    "sentinel-kill",
    "sentinel-delete",
)
NEEDS_WORKERS = ("node-stop",)
WORKERS = 3
TRIAL_S = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One scenario on one backend."""

    scenario: str
    backend: str
    judged: tuple[Judgement, ...]
    missing: int

    def cells(self) -> list[str]:
        verdicts = [judgement.verdict for judgement in self.judged]
        gaps = [
            phase
            for judgement in self.judged
            for phase in judgement.phases
            if phase.cause in ("unexplained", "not seen")
        ]
        return [
            self.scenario,
            self.backend,
            "/".join(str(verdicts.count(each)) for each in (Verdict.PASS, Verdict.UNKNOWN, Verdict.FAIL))
            + (f", {self.missing} without a verdict" if self.missing else ""),
            _spread(judgement.timeline.ms("first_switch_at") for judgement in self.judged),
            _spread(judgement.availability.outage_ms for judgement in self.judged),
            _spread(judgement.timeline.ms("started_at") for judgement in self.judged),
            _spread(judgement.timeline.ms("redundant_at") for judgement in self.judged),
            str(max((judgement.writes.lost for judgement in self.judged), default=0)),
            str(len(gaps)),
        ]


HEAD = (
    "scenario",
    "backend",
    "pass/unknown/fail",
    "first switch",
    "outage",
    "container back",
    "redundancy restored",
    "most lost",
    "unexplained gaps",
)


def _spread(values: Iterable[float | None]) -> str:
    """Median and 95th percentile in ms; fewer than 8 values have no percentile worth telling."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return "-"
    high = f" / {statistics.quantiles(known, n=20)[-1]:.0f}" if len(known) >= 8 else ""
    return f"{statistics.median(known):.0f}{high}"


def run(name: str, backend: str, folder: Path, options: Sequence[str], *, trials: int) -> str:
    """One scenario so many times; what pytest said. Verdicts are in the folder, whatever they are."""
    command = [sys.executable, "-m", "pytest", scenario(name).node, "-q", "-p", "no:cacheprovider", "-o", "timeout=0"]
    command += [f"--redis-backend={backend}", f"--redis-trials={trials}", f"--redis-results={folder}", *options]
    print(f"{backend} {name}, {trials} trials", file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True, timeout=600 + trials * TRIAL_S, check=False)
    return done.stdout


def row(name: str, backend: str, folder: Path) -> Row:
    trials = _trials(folder)
    judged = []
    for trial in trials:
        try:
            judged.append(TrialFolder(trial).judgement())
        except ResilienceError:
            continue
    return Row(scenario=name, backend=backend, judged=tuple(judged), missing=len(trials) - len(judged))


def _trials(folder: Path) -> list[Path]:
    """Every trial of every run, once, though the newest run is there by two names."""
    return sorted({path.parent.resolve() for path in folder.glob("*/*/plan.json")})


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def where_the_time_goes(folder: Path) -> str:
    """One run of master-kill on a cluster of its own, step by step; and what no step accounts for."""
    began = time.monotonic()
    said = run("master-kill", "kind", folder, (), trials=1)
    whole_s = time.monotonic() - began
    told = re.search(r"^bring-up: (.*)$", said, re.MULTILINE)
    if told is None:
        raise SystemExit(f"expected a line that begins with 'bring-up:'; got:\n{said}")
    steps = [(name, float(seconds)) for name, seconds in re.findall(r"([^,]+?) ([\d.]+) s(?:, |$)", told[1])]
    [trial] = _trials(folder)
    phases = TrialFolder(trial).history().of(Phase)
    spans = [(f"trial: {begin.name}", (end.at_ns - begin.at_ns) / 1e9) for begin, end in pairwise(phases)]
    rest_s = whole_s - sum(seconds for _, seconds in (*steps, *spans))
    rows = [*steps, *spans, ("start, judging, report, deletion of the cluster", rest_s), ("all", whole_s)]
    return table(("step", "s"), [(name, f"{seconds:.1f}") for name, seconds in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--faults", nargs="+", default=FAULTS, metavar="SCENARIO")
    parser.add_argument("--backends", nargs="+", default=("kind", "local"))
    parser.add_argument("--profile", default="fast")
    parser.add_argument("--topology", default="sidecar")
    parser.add_argument("--cluster", default="", help="use this kind cluster (node-stop still makes its own)")
    parser.add_argument("--results", type=Path, default=Path("results/kind-faults"))
    parser.add_argument("--parallel", type=int, default=1, help="of local: so many deployments side by side")
    parser.add_argument("--from", dest="made", action="store_true", help="no trials: tables of what --results holds")
    parser.add_argument("--cold", action="store_true", help="where the time goes from nothing but images, too")
    chosen = parser.parse_args()
    rows = []
    for name in chosen.faults:
        for backend in chosen.backends:
            folder = (chosen.results / backend / name).absolute()
            options = [f"--redis-profile={chosen.profile}", f"--redis-topology={chosen.topology}"]
            if backend == "kind" and name in NEEDS_WORKERS:
                options.append(f"--redis-workers={WORKERS}")
            elif backend == "kind" and chosen.cluster:
                options.append(f"--redis-kind-cluster={chosen.cluster}")
            elif backend == "local" and chosen.parallel > 1:
                options.append(f"--numprocesses={chosen.parallel}")
            if not chosen.made:
                run(name, backend, folder, options, trials=chosen.trials)
            found = row(name, backend, folder)
            if found.judged or found.missing:
                rows.append(found)
    print(table(HEAD, (found.cells() for found in rows)))
    if chosen.cold:
        print(f"\n{where_the_time_goes((chosen.results / 'cold').absolute())}")


if __name__ == "__main__":
    main()
