"""The page of a run: every trial with its verdict and numbers, and the way to its own page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redis_resilience.model.plan import SIMULATION
from redis_resilience.model.run import Measured, RunRecord, TrialRecord
from redis_resilience.model.tried import Ended
from redis_resilience.model.verdict import Verdict
from redis_resilience.pages.marks import MARKS
from redis_resilience.pages.table import quantile_text
from redis_resilience.pages.templating import template
from redis_resilience.pages.units import NOT_KNOWN, NOTHING, count_text, ms_text, plural
from redis_resilience.statistics.arm import arm
from redis_resilience.statistics.quantiles import FEW, spread
from redis_resilience.statistics.sample import Sample

OPEN = 300
"""Of more trials only those groups are open at first that hold a trial which is no pass."""
_AS_EXPECTED = {Verdict.PASS: Ended.PASSED, Verdict.UNKNOWN: Ended.FAILED, Verdict.FAIL: Ended.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    folder: str
    page: str
    verdict: str
    ended: str
    outage: str
    first_switch: str
    last_switch: str
    lost: str
    started: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    name: str
    counts: str
    asked: str
    where: str
    open: bool
    rows: Sequence[_Row]
    numbers: str


def render(run: RunRecord) -> str:
    """The same record gives the same bytes."""
    few = len(run.trials) <= OPEN
    return template("run.html.j2").render(
        run=run,
        marks=MARKS,
        times=_times(run.started, run.finished),
        counts=f"{plural(len(run.trials), 'trial')}: {verdict_counts(run.trials)}",
        groups=[_group(trials, few=few) for trials in _grouped(run.trials)],
    )


def verdict_counts(trials: Iterable[TrialRecord]) -> str:
    counts = Counter(trial.verdict for trial in trials)
    return ", ".join(f"{count_text(counts[each])} {each}" for each in Verdict)


def software(trials: Iterable[TrialRecord]) -> str:
    """Engines with their versions, and what else the servers ran on."""
    found = dict.fromkeys(_engine(trial) for trial in trials)
    return ", ".join(filter(None, found))


def _engine(trial: TrialRecord) -> str:
    if trial.backend == SIMULATION:
        return "a simulation"
    return " ".join(filter(None, (trial.where.engine, trial.where.engine_version, f"({trial.backend})")))


def _grouped(trials: Iterable[TrialRecord]) -> Iterable[list[TrialRecord]]:
    groups: dict[tuple[str, ...], list[TrialRecord]] = {}
    for trial in trials:
        key = (trial.scenario, trial.test, trial.topology, trial.profile, trial.backend)
        groups.setdefault(key, []).append(trial)
    return groups.values()


def _group(trials: list[TrialRecord], *, few: bool) -> _Group:
    first = trials[0]
    simulated = " (simulation)" if first.backend == SIMULATION else ""
    where = first.where
    machine = ", ".join(filter(None, (where.machine, plural(where.cpus, "CPU") if where.cpus else "", where.kernel)))
    return _Group(
        name=f"{first.scenario}, {first.topology}{simulated}, {first.profile}",
        counts=f"n = {count_text(len(trials))}: {verdict_counts(trials)}",
        asked=first.asked,
        where=" on ".join(filter(None, (software(trials), machine))) + ".",
        numbers=_numbers(trials),
        open=few or any(trial.counts_as is not Verdict.PASS for trial in trials),
        rows=[_row(trial) for trial in trials],
    )


def _numbers(trials: Sequence[TrialRecord]) -> str:
    """Of the trials that were not refused; "" of a single one, whose row says the same."""
    if len(trials) == 1:
        return ""
    judged = arm(trials)
    shown = (
        _spread("outage", judged.outage),
        _spread("first switch", judged.first_switch),
        _spread("last switch", judged.last_switch),
        f"{count_text(sum(judged.lost))} lost" if judged.lost else "",
        f"{judged.refused} refused, in no number" if judged.refused else "",
    )
    return "; ".join(filter(None, shown))


def _spread(name: str, sample: Sample) -> str:
    found = spread(sample.measured_ms, sample.bounds_ms)
    if found.median is None:
        return ""
    p95 = f"n<{FEW}" if found.too_few else quantile_text(found.p95)
    return f"{name} median {quantile_text(found.median)}, p95 {p95}, max {quantile_text(found.maximum)} ms"


def _row(trial: TrialRecord) -> _Row:
    lost = NOT_KNOWN if trial.lost is None else count_text(trial.lost)
    return _Row(
        folder=trial.folder,
        page=f"{trial.folder}/{trial.page}" if trial.page else "",
        verdict=trial.verdict.value,
        ended="" if trial.ended is _AS_EXPECTED[trial.verdict] else f"(test {trial.ended})",
        outage=_measured(trial.outage),
        first_switch=_measured(trial.first_switch),
        last_switch=_measured(trial.last_switch),
        lost=f"{lost} / {count_text(trial.acknowledged)}",
        started=trial.started[:19].replace("T", " "),
        why=_why(trial),
    )


def _why(trial: TrialRecord) -> str:
    """Why it is no pass, or is one in spite of losses."""
    if trial.refused:
        return f"refused: {trial.refused}"
    if trial.reasons:
        return "; ".join(f"{reason.name}: {reason.text}" for reason in trial.reasons)
    return "loss allowed by the scenario" if trial.lost else ""


def _measured(value: Measured | None) -> str:
    return NOTHING if value is None else ms_text(value.ms, censored=value.censored)


def _times(started: str, finished: str) -> str:
    begin, end = (text[:19].replace("T", " ") for text in (started, finished))
    return f"{begin} to {end[11:] if end[:10] == begin[:10] else end}"
