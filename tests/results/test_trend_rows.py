"""Trends as rows: one for each run of each trend, without a number that was not measured."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

from redis_resilience.results.trend_rows import as_csv, as_json, rows
from redis_resilience.statistics.quantiles import spread
from redis_resilience.statistics.trend import Point, Shift, Trend

POINT = Point(
    run="a",
    started="2026-11-28T02:00:00.000+00:00",
    software="Redis 7.0.15, redis-resilience 0.1.0",
    n=9,
    refused=1,
    failed=2,
    losing=1,
    lost=7,
    outage=spread([1000.0] * 4 + [2000.0] * 4),
    first_switch=spread([900.0], [5000.0] * 7),
)
SHIFT = Shift(quantity="median outage, ms", at=1, before=1000.0, after=1500.0, alarm=True)
TREND = Trend(
    name="master-kill, sidecar",
    labels=(("scenario", "master-kill"), ("topology", "sidecar")),
    points=(POINT, replace(POINT, run="b")),
    shifts=(SHIFT, replace(SHIFT, quantity="refused trials, %", alarm=False)),
)


def test_a_run_of_a_scenario_is_a_row_with_its_labels() -> None:
    first, second = rows([TREND])

    assert (first["scenario"], first["topology"], first["run"], second["run"]) == ("master-kill", "sidecar", "a", "b")
    assert (first["trials"], first["refused"], first["failed"], first["losing"], first["lost"]) == (9, 1, 2, 1, 7)
    assert (first["outage_median_ms"], first["outage_p95_ms"], first["outage_max_ms"]) == (1500.0, 2000.0, 2000.0)


def test_a_bound_is_no_measurement_and_few_trials_have_no_p95() -> None:
    few = replace(POINT, outage=spread([1000.0] * 7))
    (row,) = rows([replace(TREND, points=(few,), shifts=())])

    assert row["first_switch_median_ms"] is None
    assert (row["outage_median_ms"], row["outage_p95_ms"]) == (1000.0, None)


def test_a_change_is_in_the_row_of_its_first_run() -> None:
    first, second = rows([TREND])

    assert (first["changed"], first["alarm"]) == ("", "")
    assert (second["changed"], second["alarm"]) == ("median outage, ms; refused trials, %", "median outage, ms")


def test_both_files_hold_the_same_rows() -> None:
    known = json.loads(as_json([TREND]))
    read = list(csv.DictReader(io.StringIO(as_csv([TREND]))))

    assert known["schema"] == 1
    assert read == [{name: "" if value is None else str(value) for name, value in row.items()} for row in known["rows"]]


def test_without_a_run_there_are_no_rows() -> None:
    assert as_csv([]) == ""
    assert json.loads(as_json([]))["rows"] == []
