"""From the index to trends: each scenario's runs in the order of time, as a page, as metrics and as rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from redis_resilience.model.verdict import Verdict
from redis_resilience.pages import openmetrics, trends_page
from redis_resilience.results import trend_rows
from redis_resilience.results.database import Database, TrialRow
from redis_resilience.statistics.quantiles import Spread, spread
from redis_resilience.statistics.trend import Point, Trend, trend
from redis_resilience.trials.folder import write_whole

TRENDS = "trends.html"
METRICS = "metrics.prom"
ROWS_JSON, ROWS_CSV = "trends.json", "trends.csv"
MOST = 100
"""Runs that a trend looks back on: in a longer past a new change would be noticed later."""


def write_trends(results: Path, database: Database) -> tuple[Trend, ...]:
    """Raises BrokenTrial where the disk refuses."""
    found = trends(database.trials())
    write_whole(results / TRENDS, trends_page.render(found).encode())
    write_whole(results / METRICS, openmetrics.render(found).encode())
    write_whole(results / ROWS_JSON, trend_rows.as_json(found).encode())
    write_whole(results / ROWS_CSV, trend_rows.as_csv(found).encode())
    return found


def trends(rows: Iterable[TrialRow]) -> tuple[Trend, ...]:
    """rows: by group, and the oldest first in each. One trend for what may be looked at together."""
    return tuple(_trend(key, list(group)) for key, group in groupby(rows, key=_key))


def _key(row: TrialRow) -> tuple[tuple[str, str], ...]:
    names = ("scenario", "topology", "profile", "backend")
    directives = " ".join(f"{name} {value}" for name, value in json.loads(row.redis).items())
    return (*((name, getattr(row, name)) for name in names), ("directives", directives), ("variant", row.variant))


def _trend(key: tuple[tuple[str, str], ...], rows: Sequence[TrialRow]) -> Trend:
    runs = [list(group) for _, group in groupby(rows, key=lambda row: row.run)]
    points = [_point(run) for run in runs[-MOST:]]
    told = [value for label, value in key if value and not (label == "directives" and rows[0].variant)]
    return trend(", ".join(told), key, points)


def _point(rows: Sequence[TrialRow]) -> Point:
    first, judged = rows[0], [row for row in rows if not row.refused]
    return Point(
        run=first.run,
        started=first.run_started,
        software=f"{first.engine} {first.engine_version}, redis-resilience {first.tool_version}".strip(),
        n=len(rows),
        refused=len(rows) - len(judged),
        failed=sum(row.verdict == Verdict.FAIL for row in rows),
        losing=sum(bool(row.lost) for row in judged),
        lost=sum(row.lost or 0 for row in judged),
        outage=_spread([(row.outage_ms, row.outage_censored) for row in judged]),
        first_switch=_spread([(row.first_switch_ms, row.first_switch_censored) for row in judged]),
    )


def _spread(values: Sequence[tuple[float | None, int | None]]) -> Spread:
    known = [(ms, censored) for ms, censored in values if ms is not None]
    return spread([ms for ms, censored in known if not censored], [ms for ms, censored in known if censored])
