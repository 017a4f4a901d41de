"""The page of a results folder: all of its runs, the newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redis_resilience.pages.templating import template
from redis_resilience.pages.units import count_text, plural

FIRST = 100
"""So many runs are open at first; older ones are grouped by month."""
NAMED = 6
"""Scenarios that a row names; of more it gives the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run in the index. scenarios: their names. lost: None where it is not known of any trial."""

    run: str
    started: str
    verdict: str
    passed: int
    unknown: int
    failed: int
    lost: int | None
    scenarios: tuple[str, ...]
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    run: str
    link: str
    verdict: str
    counts: str
    lost: str
    scenarios: str
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    name: str
    counts: str
    rows: Sequence[_Shown]


def render(runs: Sequence[RunRow], problems: Sequence[str] = ()) -> str:
    """runs: the newest first. problems: what could not be read, one line each."""
    trials = sum(run.passed + run.unknown + run.failed for run in runs)
    return template("runs.html.j2").render(
        total=f"{plural(len(runs), 'run')}, {plural(trials, 'trial')}",
        groups=list(_groups(runs)),
        problems=problems,
    )


def _groups(runs: Sequence[RunRow]) -> Iterable[_Group]:
    months: dict[str, list[RunRow]] = {}
    for run in runs[FIRST:]:
        months.setdefault(run.started[:7] or "without a time", []).append(run)
    for name, group in {"newest": list(runs[:FIRST]), **months}.items():
        counts = [(each.passed, each.unknown, each.failed) for each in group]
        passed, unknown, failed = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0, 0)
        yield _Group(
            name=name,
            counts=f"{plural(len(group), 'run')}: {passed} pass, {unknown} unknown, {failed} fail",
            rows=[_shown(run) for run in group],
        )


def _shown(run: RunRow) -> _Shown:
    names = run.scenarios
    return _Shown(
        run=run.started[:19].replace("T", " ") or run.run,
        link=f"{run.run}/index.html",
        verdict=run.verdict,
        counts=f"{count_text(run.passed)} / {count_text(run.unknown)} / {count_text(run.failed)}",
        lost="not known" if run.lost is None else count_text(run.lost),
        scenarios=", ".join(names) if len(names) <= NAMED else f"{len(names)} scenarios",
        software=run.software,
    )
