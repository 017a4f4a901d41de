"""The page of trends: how each scenario did over time, where its level changed, and which runs stand on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from redis_resilience.pages.frame import GRID, Figure
from redis_resilience.pages.script import SHARED
from redis_resilience.pages.table import quantile_text
from redis_resilience.pages.templating import template
from redis_resilience.pages.units import count_text, ms_text, plural
from redis_resilience.statistics.changes import FEWEST
from redis_resilience.statistics.quantiles import FEW, Quantile
from redis_resilience.statistics.trend import FALSE_ALARMS, RECENT, Point, Shift, Trend

OPEN = 4
"""Of more trends only those with a change are open at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    text: str
    alarm: bool
    before: Point
    after: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    name: str
    state: str
    alarm: bool
    open: bool
    last: str
    total: str
    changes: Sequence[_Change]


def render(trends: Sequence[Trend]) -> str:
    """Plotly is loaded from beside the page when the first picture is near. The same trends give the same bytes."""
    ordered = sorted(trends, key=lambda each: (not each.alarms, each.name))
    return template("trends.html.j2").render(
        script=SHARED,
        trends=[_shown(each, few=len(trends) <= OPEN) for each in ordered],
        figures=[figure(each) for each in ordered],
        alarms=sum(bool(each.alarms) for each in trends),
        rule=f"A change point is marked where a history without a change has one with a probability of "
        f"{FALSE_ALARMS:.0%} or less, at each look and over all quantities of a scenario; at least {FEWEST} runs are "
        f"needed. A rise is an alarm for {RECENT} runs. Refused trials are in no number but their own share.",
    )


def _shown(trend: Trend, *, few: bool) -> _Shown:
    points = trend.points
    state = "alarm" if trend.alarms else plural(len(trend.shifts), "change") if trend.shifts else "no change"
    return _Shown(
        name=trend.name,
        state=f"{state} in {plural(len(points), 'run')}",
        last=_last_run(points[-1]),
        alarm=bool(trend.alarms),
        open=few or bool(trend.shifts),
        total=_all_runs(points),
        changes=[_change(trend, shift) for shift in trend.shifts],
    )


def _last_run(point: Point) -> str:
    p95 = f"n<{FEW}" if point.outage.too_few else quantile_text(point.outage.p95)
    outage = f"outage median {quantile_text(point.outage.median)}, p95 {p95} ms"
    return f"Last run: {outage}; {count_text(point.lost)} lost; {point.refused} of {plural(point.n, 'trial')} refused."


def _all_runs(points: Sequence[Point]) -> str:
    trials, failed = sum(point.n for point in points), sum(point.failed for point in points)
    refused = sum(point.refused for point in points)
    return (
        f"All runs: {count_text(failed)} of {plural(trials, 'trial')} failed ({failed / trials:.1%}), "
        f"{count_text(refused)} refused ({refused / trials:.1%})."
    )


def _change(trend: Trend, shift: Shift) -> _Change:
    before, after = (
        f"{ms_text(value)}" if value != float("inf") else "not ended" for value in (shift.before, shift.after)
    )
    return _Change(
        text=f"{shift.quantity}: {before} before, {after} after",
        alarm=shift.alarm,
        before=trend.points[shift.at - 1],
        after=trend.points[shift.at],
    )


def figure(trend: Trend) -> Figure:
    """Median and p95 of the outage above; shares of refused and of losing trials below; versions and changes across."""
    times = [point.started for point in trend.points]
    marks = [
        *_versions(trend.points),
        *((trend.points[shift.at].started, "", "#d1495b", "solid") for shift in trend.shifts),
    ]
    return {
        "data": [
            _line("median outage", times, [_ms(point.outage.median) for point in trend.points], "#2f6fb3"),
            _line("p95 outage", times, [_p95(point) for point in trend.points], "#8a9bab"),
            _line("refused, %", times, [_share(each.refused, each.n) for each in trend.points], "#e0a030", "y2"),
            _line("losing, %", times, [_share(each.losing, each.judged) for each in trend.points], "#d1495b", "y2"),
        ],
        "layout": {
            "height": 420,
            "margin": {"l": 64, "r": 16, "t": 28, "b": 80},
            "legend": {"orientation": "h", "y": 0, "yref": "container", "yanchor": "bottom"},
            "xaxis": {"type": "date", "gridcolor": GRID, "anchor": "y2"},
            "yaxis": {"title": {"text": "outage, ms"}, "domain": [0.32, 1], "rangemode": "tozero", "gridcolor": GRID},
            "yaxis2": {"title": {"text": "trials, %"}, "domain": [0, 0.24], "range": [-4, 104], "gridcolor": GRID},
            "shapes": [
                {
                    "type": "line",
                    "yref": "paper",
                    "y0": 0,
                    "y1": 1,
                    "x0": at,
                    "x1": at,
                    "line": {"color": colour, "dash": dash, "width": 1.5},
                }
                for at, _, colour, dash in marks
            ],
            "annotations": [
                {"x": at, "y": 1, "yref": "paper", "yanchor": "bottom", "text": text, "showarrow": False}
                for at, text, _, _ in marks
                if text
            ],
        },
    }


def _versions(points: Sequence[Point]) -> Iterable[tuple[str, str, str, str]]:
    for before, point in pairwise(points):
        if before.software != point.software:
            yield point.started, point.software, "#888888", "dot"


def _line(name: str, times: Sequence[str], values: Sequence[float | None], colour: str, axis: str = "y") -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(times),
        "y": list(values),
        "yaxis": axis,
        "marker": {"size": 4},
        "line": {"color": colour, "width": 1.5},
    }


def _ms(quantile: Quantile | None) -> float | None:
    return round(quantile.ms, 1) if quantile else None


def _p95(point: Point) -> float | None:
    return None if point.outage.too_few else _ms(point.outage.p95)


def _share(count: int, n: int) -> float | None:
    return round(100 * count / n, 1) if n else None
