"""What is lost in which failure, and what the settings cost: `python benchmarks/durability.py --measure`.

Runs the campaigns CAMPAIGNS, or goes on with them, puts their numbers into `reports/durability.json` and makes the
tables of `reports/durability.md`. Options of `redis-resilience campaign` that follow (`--parallel 3`, `--deadline 30m`)
are for the first of them. With folders of campaigns in place of `--measure` it takes their trials; with neither, only
the tables are made again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec
import numpy as np
import published

from redis_resilience.command.exits import Exit
from redis_resilience.model.events import Phase
from redis_resilience.model.operations import Result
from redis_resilience.model.plan import Plan
from redis_resilience.model.verdict import Judgement
from redis_resilience.shipped import SCENARIOS
from redis_resilience.statistics.intervals import quantile_interval
from redis_resilience.statistics.proportions import Count, proportion
from redis_resilience.statistics.rows import is_refused
from redis_resilience.statistics.sample import Sample
from redis_resilience.trials.folder import TrialFolder

NAME = "durability"
COMMAND = "python benchmarks/durability.py --measure"
CAMPAIGNS = ("durability", "durability-throughput")
FAULTS = {
    "failover": "killed, replaced by a replica",
    "restart": "killed, back in time",
    "empty": "back in time, empty",
    "partition": "partitioned for 5 s",
    "all": "all pods at once",
}
"""By the scenario's name without `durability-`: what happens to the master."""
THROUGHPUT = "durability-throughput"
SETTINGS = ("persistence", "`min-replicas-to-write`", "WAIT")
HEAD = (*SETTINGS, *FAULTS.values(), "latency p50, p99 (ms)", "writes a second")
DETAILS = (
    "what happens to the master",
    *SETTINGS,
    "trials",
    "unknown",
    "trials that lost writes",
    "writes lost",
    "seconds lost",
    "outage (s)",
    "longest",
    "causes",
)
ORDER = ("none", "RDB", "AOF everysec", "AOF always")


class Loss(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The trials of one failure with one set of settings; `unknown` ones count nowhere else. Limits are of 95 %."""

    trials: int
    unknown: int
    losing: int
    losing_at_least: float
    losing_at_most: float
    everything: int
    lost_median: float
    lost_most: int
    lost_median_s: float
    lost_most_s: float
    outage_median_s: float
    outage_lower_s: float | None
    outage_upper_s: float | None
    outage_most_s: float
    causes: dict[str, int]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One set of settings. faults: by the name of the scenario without `durability-`."""

    persistence: str
    min_replicas: int
    wait: int
    faults: dict[str, Loss]
    p50_ms: float | None
    p99_ms: float | None
    p99_lower_ms: float | None
    p99_upper_ms: float | None
    writes_per_s: float | None
    writes_per_s_least: float | None
    writes_per_s_most: float | None


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """where: what the trials ran on, in words."""

    made_by: str
    where: str
    rows: tuple[Row, ...]
    schema: int = 1


def read() -> Document:
    return published.read(NAME, Document)


def page(document: Document) -> str:
    """What stands between the page's marks."""
    return f"{document.where}\n\n{table(document.rows)}\n{details(document.rows)}"


def table(rows: Iterable[Row]) -> str:
    """One line for each set of settings: what people choose by."""
    return published.table(HEAD, map(_line, rows))


def details(rows: Iterable[Row]) -> str:
    """One line for each cell."""
    rows = tuple(rows)
    cells = [(words, row, row.faults[fault]) for fault, words in FAULTS.items() for row in rows if fault in row.faults]
    return published.table(DETAILS, (_detail(*cell) for cell in cells))


def _line(row: Row) -> tuple[str, ...]:
    return (
        *_settings(row),
        *(_loss(row.faults[fault]) if fault in row.faults else "-" for fault in FAULTS),
        "-" if row.p50_ms is None else f"{row.p50_ms:.2g}, {row.p99_ms:.2g}",
        "-" if row.writes_per_s is None else f"{row.writes_per_s:.0f}",
    )


def _settings(row: Row) -> tuple[str, ...]:
    return row.persistence, str(row.min_replicas), str(row.wait)


def _loss(loss: Loss) -> str:
    """How much of the history a trial loses, and in how many; the limit where none lost any."""
    if not loss.trials:
        return "unknown"
    if not loss.losing:
        return f"none in {loss.trials} (≤ {100 * loss.losing_at_most:.0f} %)"
    most = f"up to {_s(loss.lost_most_s)}"
    if loss.everything == loss.losing:
        how_much = "everything"
    elif loss.losing == loss.trials:
        how_much = f"{_s(loss.lost_median_s)}, {most}"
    else:
        how_much = most
    return how_much if loss.losing == loss.trials else f"{how_much}, in {loss.losing} of {loss.trials}"


def _s(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds < 0.1 else f"{seconds:.1f} s"


def _detail(fault: str, row: Row, loss: Loss) -> tuple[str, ...]:
    head = (fault, *_settings(row), str(loss.trials), f"{loss.unknown} of {loss.trials + loss.unknown}")
    if not loss.trials:
        return (*head, *("-",) * (len(DETAILS) - len(head)))
    limits = f"{100 * loss.losing_at_least:.0f} to {100 * loss.losing_at_most:.0f} %"
    outage = f"{loss.outage_median_s:.2f}"
    if loss.outage_lower_s is not None and loss.outage_upper_s is not None:
        outage += f" ({loss.outage_lower_s:.2f} to {loss.outage_upper_s:.2f})"
    return (
        *head,
        f"{loss.losing} ({limits})",
        f"{loss.lost_median:.0f}, {loss.lost_most}" if loss.losing else "0",
        f"{loss.lost_median_s:.2f}, {loss.lost_most_s:.2f}" if loss.losing else "0",
        outage,
        f"{loss.outage_most_s:.2f}",
        ", ".join(f"{cause} {count}" for cause, count in loss.causes.items()) or "-",
    )


def rows_of(trials: Iterable[TrialFolder]) -> tuple[Row, ...]:
    """The trials of this module's campaigns by their settings; those of other scenarios are left out."""
    groups: dict[tuple[str, int, int], dict[str, list[TrialFolder]]] = {}
    for trial in trials:
        plan = trial.plan()
        if plan.scenario.startswith(f"{NAME}-"):
            groups.setdefault(settings_of(plan), {}).setdefault(plan.scenario, []).append(trial)
    ordered = sorted(groups, key=lambda settings: (ORDER.index(settings[0]), *settings[1:]))
    return tuple(_row(settings, groups[settings]) for settings in ordered)


def settings_of(plan: Plan) -> tuple[str, int, int]:
    """Persistence, min-replicas-to-write and WAIT."""
    redis = plan.redis
    if redis["appendonly"] == "yes":
        persistence = f"AOF {redis['appendfsync']}"
    else:
        persistence = "none" if redis["save"] == '""' else "RDB"
    return persistence, int(redis["min-replicas-to-write"]), plan.load.writers[0].wait


def _row(settings: tuple[str, int, int], by_scenario: Mapping[str, Sequence[TrialFolder]]) -> Row:
    faults, baselines, speeds = {}, [], []
    for scenario, trials in by_scenario.items():
        sound = [trial for trial in trials if not is_refused(trial.judgement())]
        if scenario == THROUGHPUT:
            speeds = [len(latencies) / seconds for latencies, seconds in map(baseline, sound)]
        else:
            baselines += [latencies for latencies, _ in map(baseline, sound)]
            judgements = [trial.judgement() for trial in sound]
            faults[scenario.removeprefix(f"{NAME}-")] = loss_of(judgements, unknown=len(trials) - len(sound))
    p99 = quantile_interval(Sample(measured_ms=tuple(float(np.quantile(each, 0.99)) for each in baselines)), 0.5)
    persistence, min_replicas, wait = settings
    return Row(
        persistence=persistence,
        min_replicas=min_replicas,
        wait=wait,
        faults={fault: faults[fault] for fault in FAULTS if fault in faults},
        p50_ms=round(median(float(np.median(each)) for each in baselines), 3) if baselines else None,
        p99_ms=round(p99.estimate.ms, 3) if p99.estimate else None,
        p99_lower_ms=_rounded(p99.lower_ms),
        p99_upper_ms=_rounded(p99.upper_ms),
        writes_per_s=round(median(speeds)) if speeds else None,
        writes_per_s_least=round(min(speeds)) if speeds else None,
        writes_per_s_most=round(max(speeds)) if speeds else None,
    )


def baseline(trial: TrialFolder) -> tuple[np.ndarray, float]:
    """Latencies in ms of the writes that were acknowledged before the fault, and the seconds that this took."""
    history = trial.history()
    begin_ns, end_ns = (
        next(event.at_ns for event in history.of(Phase) if event.name == name) for name in ("control", "fault")
    )
    writes = history.writes
    during = (writes["outcome"] == Result.OK) & (writes["call_ns"] >= begin_ns) & (writes["return_ns"] < end_ns)
    latencies_ms = (writes["return_ns"][during] - writes["call_ns"][during]) / 1e6
    return latencies_ms, (end_ns - begin_ns) / 1e9


def loss_of(judgements: Sequence[Judgement], *, unknown: int) -> Loss:
    """judgements: those that are not refused; unknown: how many are."""
    writes = [judgement.writes for judgement in judgements]
    losing = proportion(Count(events=sum(each.lost > 0 for each in writes), n=len(writes)))
    outages = [judgement.availability for judgement in judgements]
    outage = Sample(
        measured_ms=tuple(each.outage_ms for each in outages if not each.censored),
        bounds_ms=tuple(each.outage_ms for each in outages if each.censored),
    )
    middle = quantile_interval(outage, 0.5)
    causes: Counter[str] = Counter()
    for each in writes:
        causes.update(each.lost_by_cause)
    return Loss(
        trials=len(writes),
        unknown=unknown,
        losing=losing.events,
        losing_at_least=round(losing.lower, 3),
        losing_at_most=round(losing.upper if losing.events else losing.at_most, 3),
        everything=sum("wipe" in each.lost_by_cause for each in writes),
        lost_median=median([each.lost for each in writes] or [0]),
        lost_most=max((each.lost for each in writes), default=0),
        lost_median_s=round(median([each.lost_seconds for each in writes] or [0.0]), 3),
        lost_most_s=round(max((each.lost_seconds for each in writes), default=0.0), 3),
        outage_median_s=round(middle.estimate.ms / 1e3, 3) if middle.estimate else 0.0,
        outage_lower_s=_rounded(middle.lower_ms, 1e3),
        outage_upper_s=_rounded(middle.upper_ms, 1e3),
        outage_most_s=round(max((each.outage_ms for each in outages), default=0.0) / 1e3, 3),
        causes=dict(sorted(causes.items())),
    )


def _rounded(ms: float | None, by: float = 1.0) -> float | None:
    return None if ms is None else round(ms / by, 3)


def where(trials: Sequence[TrialFolder]) -> str:
    """Dates, versions and machine of these trials, in words; several where they differ."""
    told = [trial.environment() for trial in trials]
    days = sorted({datetime.fromtimestamp(each.wall_ns / 1e9, UTC).date().isoformat() for each in told})
    words = ("engine_version", "cpus", "kernel", "tool_version")
    engine, cpus, kernel, tool = (
        " and ".join(sorted({str(each.fingerprint.get(word)) for each in told})) for word in words
    )
    rates = sorted({trial.plan().load.writers[0].rate for trial in trials if trial.plan().scenario != THROUGHPUT})
    rate = " and ".join(f"{each:g}" for each in rates)
    return (
        f"{' to '.join(dict.fromkeys((days[0], days[-1])))}, Redis {engine}, Linux {kernel}, {cpus} CPUs, "
        f"redis-resilience {tool}: {len(trials)} trials under {rate} writes a second."
    )


def measured(options: Sequence[str]) -> list[Path]:
    """The folders of the campaigns. Raises CalledProcessError where one gives no verdict."""
    for name in CAMPAIGNS:
        chosen = options if name == NAME else ("--parallel", "1")
        campaign = [sys.executable, "-m", "redis_resilience.cli", "campaign", str(SCENARIOS / f"{name}.yaml"), *chosen]
        done = subprocess.run(campaign, check=False)
        if done.returncode not in (Exit.PASS, Exit.FAIL, Exit.UNKNOWN):
            done.check_returncode()
    return [Path("results") / name for name in CAMPAIGNS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaigns", nargs="*", type=Path, metavar="CAMPAIGN")
    parser.add_argument("--measure", action="store_true", help="run the campaigns; further options go to the first")
    asked, options = parser.parse_known_args()
    if options and not asked.measure:
        parser.error(f"expected campaigns or --measure; got {' '.join(options)}")
    runs = measured(options) if asked.measure else asked.campaigns
    trials = tuple(published.judged(runs))
    document = Document(made_by=COMMAND, where=where(trials), rows=rows_of(trials)) if trials else read()
    published.write(NAME, document, page(document))


if __name__ == "__main__":
    main()
