"""Trends as rows, one for each run of each: `trends.csv` for a spreadsheet, `trends.json` for a program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from redis_resilience.statistics.quantiles import Quantile
from redis_resilience.statistics.trend import Point, Trend

SCHEMA = 1
Value = str | int | float | None


def rows(trends: Iterable[Trend]) -> Iterator[dict[str, Value]]:
    """Durations in ms; None where there is none, or the trials ended before it: no measurement, but a bound."""
    for trend in trends:
        for number, point in enumerate(trend.points):
            here = [shift for shift in trend.shifts if shift.at == number]
            yield {
                **dict(trend.labels),
                **_counts(point),
                "outage_median_ms": _ms(point.outage.median),
                "outage_p95_ms": None if point.outage.too_few else _ms(point.outage.p95),
                "outage_max_ms": _ms(point.outage.maximum),
                "first_switch_median_ms": _ms(point.first_switch.median),
                "changed": "; ".join(shift.quantity for shift in here),
                "alarm": "; ".join(shift.quantity for shift in here if shift.alarm),
            }


def as_json(trends: Iterable[Trend]) -> str:
    return json.dumps({"schema": SCHEMA, "rows": list(rows(trends))}, indent=1) + "\n"


def as_csv(trends: Iterable[Trend]) -> str:
    """With a head; empty where there is no run."""
    found = list(rows(trends))
    text = io.StringIO()
    if found:
        writer = csv.DictWriter(text, fieldnames=list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    return text.getvalue()


def _counts(point: Point) -> dict[str, Value]:
    return {
        "run": point.run,
        "started": point.started,
        "software": point.software,
        "trials": point.n,
        "refused": point.refused,
        "failed": point.failed,
        "losing": point.losing,
        "lost": point.lost,
    }


def _ms(quantile: Quantile | None) -> float | None:
    return round(quantile.ms, 3) if quantile and not quantile.censored else None
