"""The campaign's table: rows of numbers (`statistics.rows`) on a terminal of any width.

A trial that ended before what it waited for counts as "later than": a quantile that it could move is shown with ">".
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from redis_resilience.model.tried import Ended
from redis_resilience.model.verdict import Verdict
from redis_resilience.pages.terminal import console
from redis_resilience.pages.units import NOTHING, count_text, ms_text, plural
from redis_resilience.statistics.quantiles import FEW, Quantile, Spread
from redis_resilience.statistics.rows import Row

VERDICT_STYLE = {Verdict.PASS: "green", Verdict.UNKNOWN: "yellow", Verdict.FAIL: "bold red"}
_NAME_WIDTH = 18
_WIDE = 100
"""From this width on a scenario's name stays in one piece; below it is broken at its hyphens."""
_COLUMNS = ("outage", "first\nswitch", "last\nswitch", "lost", "noise", "late\np99")
_QUANTILES = {"outage", "first\nswitch", "last\nswitch"}
_MEANINGS = {
    "first\nswitch": "switch: new master named, after the fault",
    "last\nswitch": "switch: new master named, after the fault",
    "noise": "noise: longest outage without a fault",
    "late\np99": "late: of the load itself",
}
_LEAST_FIRST = ("late\np99", "noise", "last\nswitch", "first\nswitch", "lost", "outage")
"""Which columns a narrow terminal goes without; scenario, verdicts and tests are always shown."""
_UNLIMITED = 10_000


def render(rows: Sequence[Row], *, width: int, colour: bool) -> str:
    """The table as text, three lines a row (median, p95, max), with as many columns as fit.

    NO_COLOR in the environment overrules `colour`.
    """
    out = console(width=width, colour=colour)
    shown, made = _fitting(rows, out)
    with out.capture() as capture:
        out.print(made)
        out.print()
        for line in _legend(rows, shown):
            out.print(line, style="dim")
    return "\n".join(line.rstrip() for line in capture.get().splitlines()).strip("\n") + "\n"


def _fitting(rows: Sequence[Row], out: Console) -> tuple[tuple[str, ...], Table]:
    """The columns of numbers that the console has room for, and the table of them."""
    name_width = _NAME_WIDTH if out.width < _WIDE else out.width
    for left_out in range(len(_LEAST_FIRST) + 1):
        shown = tuple(name for name in _COLUMNS if name not in _LEAST_FIRST[:left_out])
        made = _table(rows, shown, name_width=name_width)
        if Measurement.get(out, out.options.update(max_width=_UNLIMITED), made).minimum <= out.width:
            break
    return shown, made


def _table(rows: Sequence[Row], columns: Sequence[str], *, name_width: int) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column("scenario", overflow="fold", ratio=1, min_width=14)
    table.add_column("verdicts,\ntests", no_wrap=True)
    if set(columns) & _QUANTILES:
        table.add_column("ms", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for number, row in enumerate(rows):
        if number:
            table.add_section()
        quantiles = (_cell(values) for values in (row.outage, row.first_switch, row.last_switch))
        others = (lost_text(row), ms_text(row.noise_ms), ms_text(row.scheduling_delay_p99_ms))
        numbers = dict(zip(_COLUMNS, (*quantiles, *others), strict=True))
        table.add_row(
            "\n".join((*textwrap.wrap(row.scenario, name_width), row.topology, f"{row.profile}, n = {row.n}")),
            _verdicts(row),
            *(["median\np95\nmax"] if set(columns) & _QUANTILES else []),
            *(numbers[name] for name in columns),
        )
    return table


def _verdicts(row: Row) -> Text:
    """And below how pytest ended the tests."""
    counts = {Verdict.PASS: row.passed, Verdict.UNKNOWN: row.unknown, Verdict.FAIL: row.failed}
    lines = (Text(f"{verdict:<7} {n}", style=VERDICT_STYLE[verdict] if n else "") for verdict, n in counts.items())
    return Text("\n").join([*lines, Text(ended_text(row.ended, between="\n"), style="dim")])


def ended_text(ended: Mapping[Ended, int], *, between: str = ", ") -> str:
    """How pytest ended the tests, with numbers: "2 passed, 1 xfailed"."""
    return between.join(f"{ended[each]} {each}" for each in Ended if ended.get(each))


def lost_text(row: Row) -> str:
    """All lost writes of the judged trials; "?" where at least so many are lost."""
    if row.lost is None:
        return NOTHING
    return f"{count_text(row.lost)}{' ?' if row.loss_not_known else ''}"


def quantile_text(quantile: Quantile | None) -> str:
    return NOTHING if quantile is None else ms_text(quantile.ms, censored=quantile.censored)


def refused_text(rows: Sequence[Row]) -> str:
    """The share of trials that were refused, and what their absence hides; "" where there are none."""
    refused, unended = sum(row.refused for row in rows), sum(row.refused_unended for row in rows)
    lost = sum(row.refused_lost for row in rows)
    if not refused:
        return ""
    share = f"{count_text(refused)} of {plural(sum(row.n for row in rows), 'trial')}"
    text = f"{share} left out of the numbers (unknown, or an assumption did not hold)"
    if unended:
        text += f"; {count_text(unended)} of them ended before writes came back"
    if lost:
        text += f"; {plural(lost, 'write')} lost in them"
    return text


def _cell(values: Spread) -> str:
    if values.median is None:
        return NOTHING
    p95 = f"n<{FEW}" if values.too_few else quantile_text(values.p95)
    return f"{quantile_text(values.median)}\n{p95}\n{quantile_text(values.maximum)}"


def _legend(rows: Sequence[Row], shown: Collection[str]) -> Iterable[str]:
    told = dict.fromkeys(text for name, text in _MEANINGS.items() if name in shown)
    if told:
        yield "; ".join(told)
    if missing := [" ".join(name.split()) for name in _COLUMNS if name not in shown]:
        yield f"no room for: {', '.join(missing)}; summary.md has them"
    spreads = [values for row in rows for values in (row.outage, row.first_switch, row.last_switch)]
    if any(values.n and values.too_few for values in spreads):
        yield f"n<{FEW}: too few runs for a p95"
    if any(values.censored for values in spreads):
        yield ">: at least so long; the trial ended first"
    not_known = sum(row.loss_not_known for row in rows)
    if not_known:
        yield f"?: what was lost is not known of {plural(not_known, 'trial')}"
    for row in rows:
        if row.refused:
            yield f"{row.scenario}: {refused_text([row])}"
        if 0 < row.first_switch.n < row.judged:
            yield f"{row.scenario}: {row.first_switch.n} of {row.judged} judged trials had or expected a switch"
