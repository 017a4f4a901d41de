"""The campaign's table: many trials to one row a scenario, and the row to a terminal of any width.

Numbers first (`summarise`), looks second (`render`). Trials of different topologies or profiles never share a row. A
trial that ended before what it waited for counts as "later than": it never enters an average, and every quantile
that it could move is shown with ">".
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from redis_resilience.model import instants
from redis_resilience.model.plan import Plan
from redis_resilience.model.verdict import Judgement, Verdict
from redis_resilience.pages.story import loss_known
from redis_resilience.pages.terminal import console
from redis_resilience.pages.units import NOTHING, count_text, ms_text, plural

FEW = 8
"""Fewer runs than this say nothing about a p95."""

VERDICT_STYLE = {Verdict.PASS: "green", Verdict.UNKNOWN: "yellow", Verdict.FAIL: "bold red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """censored: the truth is at least this much."""

    ms: float
    censored: bool = False

    def __str__(self) -> str:
        return ms_text(self.ms, censored=self.censored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """n: trials in which there was something to measure, the censored ones included."""

    n: int
    censored: int = 0
    median: Quantile | None = None
    p95: Quantile | None = None
    maximum: Quantile | None = None

    @property
    def too_few(self) -> bool:
        return self.n < FEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All trials of one scenario on one topology under one profile.

    loss_not_known: trials that `lost` says nothing of. noise_ms and lateness_p99_ms: the worst trial's.
    """

    scenario: str
    topology: str
    profile: str
    n: int
    passed: int
    unknown: int
    failed: int
    outage: Spread
    first_switch: Spread
    last_switch: Spread
    lost: int
    loss_not_known: int
    noise_ms: float
    lateness_p99_ms: float


def spread(measured: Sequence[float], bounds: Sequence[float] = ()) -> Spread:
    """Quantiles of `measured` values and of values known only to be above their bound.

    A quantile is taken twice, once with the censored values at their bounds and once beyond all others: where both
    agree, the censored values cannot move it.
    """
    n = len(measured) + len(bounds)
    if n == 0:
        return Spread(n=0)
    beyond = 2 * max(*measured, *bounds, 1.0)
    shares = (0.5, 0.95, 1.0)
    least = np.quantile([*measured, *bounds], shares)
    most = np.quantile([*measured, *(beyond for _ in bounds)], shares)
    median, p95, maximum = (
        Quantile(ms=float(low), censored=bool(low != high)) for low, high in zip(least, most, strict=True)
    )
    return Spread(n=n, censored=len(bounds), median=median, p95=p95, maximum=maximum)


def summarise(trials: Iterable[tuple[Plan, Judgement]]) -> tuple[Row, ...]:
    """One row for each scenario, topology and profile, in the order in which they first appear."""
    groups: dict[tuple[str, str, str], list[Judgement]] = {}
    for plan, judgement in trials:
        groups.setdefault((plan.scenario, plan.topology, plan.profile), []).append(judgement)
    return tuple(_row(names, judgements) for names, judgements in groups.items())


def _row(names: tuple[str, str, str], judgements: Sequence[Judgement]) -> Row:
    scenario, topology, profile = names
    verdicts = [judgement.verdict for judgement in judgements]
    outages = [judgement.availability for judgement in judgements]
    return Row(
        scenario=scenario,
        topology=topology,
        profile=profile,
        n=len(judgements),
        passed=verdicts.count(Verdict.PASS),
        unknown=verdicts.count(Verdict.UNKNOWN),
        failed=verdicts.count(Verdict.FAIL),
        outage=spread(
            [outage.outage_ms for outage in outages if outage.gap and not outage.censored],
            [outage.outage_ms for outage in outages if outage.gap and outage.censored],
        ),
        first_switch=_instant_spread(judgements, instants.FIRST_SWITCH_AT),
        last_switch=_instant_spread(judgements, instants.LAST_SWITCH_AT),
        lost=sum(judgement.writes.lost for judgement in judgements),
        loss_not_known=sum(not loss_known(judgement) for judgement in judgements),
        noise_ms=max(outage.noise_ms for outage in outages),
        lateness_p99_ms=max(outage.lateness_p99_ms for outage in outages),
    )


def _instant_spread(judgements: Sequence[Judgement], name: str) -> Spread:
    """Where the instant was predicted and never seen, all that is known is that the trial ended before it."""
    measured, bounds = [], []
    for judgement in judgements:
        ms = judgement.timeline.ms(name)
        if ms is not None:
            measured.append(ms)
        elif any(phase.name == name and phase.measured_ms is None for phase in judgement.phases):
            bounds.append(_watched_ms(judgement))
    return spread(measured, bounds)


def _watched_ms(judgement: Judgement) -> float:
    """How long after the fault the trial is known to have gone on: until its last instant or the end of its outage."""
    timeline, availability = judgement.timeline, judgement.availability
    seen = [timeline.ms(name) or 0.0 for name in timeline.instants]
    fault = timeline.at(instants.FAULT_AT)
    if fault and availability.gap:
        seen.append((availability.gap.begin_ns - fault.at_ns) / 1e6 + availability.outage_ms)
    return max(seen, default=0.0)


_NAME_WIDTH = 18
_WIDE = 100
"""From this width on a scenario's name stays in one piece; below it is broken at its hyphens."""


def render(rows: Sequence[Row], *, width: int, colour: bool) -> str:
    """The table as text, three lines a row (median, p95, max). NO_COLOR in the environment overrules `colour`."""
    out = console(width=width, colour=colour)
    with out.capture() as capture:
        out.print(_table(rows, name_width=_NAME_WIDTH if width < _WIDE else width))
        out.print()
        for line in _legend(rows):
            out.print(line, style="dim")
    return "\n".join(line.rstrip() for line in capture.get().splitlines()).strip("\n") + "\n"


def _table(rows: Sequence[Row], *, name_width: int) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column("scenario", overflow="fold", ratio=1, min_width=14)
    table.add_column("verdicts", no_wrap=True)
    table.add_column("ms", no_wrap=True)
    for name in ("outage", "first\nswitch", "last\nswitch", "lost", "noise", "late\np99"):
        table.add_column(name, justify="right", no_wrap=True)
    for number, row in enumerate(rows):
        if number:
            table.add_section()
        table.add_row(
            "\n".join((*textwrap.wrap(row.scenario, name_width), row.topology, f"{row.profile}, n = {row.n}")),
            _verdicts(row),
            "median\np95\nmax",
            *(_cell(values) for values in (row.outage, row.first_switch, row.last_switch)),
            lost_text(row),
            ms_text(row.noise_ms),
            ms_text(row.lateness_p99_ms),
        )
    return table


def _verdicts(row: Row) -> Text:
    counts = {Verdict.PASS: row.passed, Verdict.UNKNOWN: row.unknown, Verdict.FAIL: row.failed}
    lines = (Text(f"{verdict:<7} {n}", style=VERDICT_STYLE[verdict] if n else "") for verdict, n in counts.items())
    return Text("\n").join(lines)


def lost_text(row: Row) -> str:
    """All lost writes; "?" where at least so many are lost."""
    return f"{count_text(row.lost)}{' ?' if row.loss_not_known else ''}"


def _cell(values: Spread) -> str:
    if values.median is None:
        return NOTHING
    p95 = f"n<{FEW}" if values.too_few else str(values.p95)
    return f"{values.median}\n{p95}\n{values.maximum}"


def _legend(rows: Sequence[Row]) -> Iterable[str]:
    yield "switch: new master named, after the fault; noise: longest outage without a fault; late: of the load itself"
    spreads = [values for row in rows for values in (row.outage, row.first_switch, row.last_switch)]
    if any(values.n and values.too_few for values in spreads):
        yield f"n<{FEW}: too few runs for a p95"
    if any(values.censored for values in spreads):
        yield ">: at least so long; the trial ended first"
    not_known = sum(row.loss_not_known for row in rows)
    if not_known:
        yield f"?: what was lost is not known of {plural(not_known, 'trial')}"
    for row in rows:
        if 0 < row.first_switch.n < row.n:
            yield f"{row.scenario}: {row.first_switch.n} of {row.n} trials had or expected a switch"
