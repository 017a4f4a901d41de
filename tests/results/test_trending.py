"""Trends come from the index: what may be looked at together, run by run, the oldest first."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from redis_resilience.model.verdict import Verdict
from redis_resilience.results.database import opened
from redis_resilience.results.indexing import index
from redis_resilience.results.run_file import read_run, write_run
from redis_resilience.results.trending import METRICS, ROWS_CSV, ROWS_JSON, TRENDS, trends
from redis_resilience.statistics.trend import Trend
from tests.results.test_indexing import write


def found(results: Path) -> tuple[Trend, ...]:
    index(results)
    with opened(results) as database:
        return trends(database.trials())


def test_runs_are_points_in_the_order_of_time(tmp_path: Path) -> None:
    write(tmp_path, "b", Verdict.PASS, day=1)
    write(tmp_path, "a", Verdict.PASS, Verdict.FAIL, day=2)

    (made,) = found(tmp_path)

    assert [(point.run, point.n, point.failed) for point in made.points] == [("b", 1, 0), ("a", 2, 1)]
    assert made.name == "master-kill, node, rapid, local"
    assert made.points[0].software == "Redis 7.0.15, redis-resilience 0.1.0"


def test_other_directives_are_another_trend(tmp_path: Path) -> None:
    run = write(tmp_path, "a", Verdict.PASS, Verdict.PASS)
    record = read_run(run)
    changed = replace(record.trials[0], redis={"appendonly": "yes"})
    write_run(run, replace(record, trials=(changed, *record.trials[1:])))

    assert [made.name.removeprefix("master-kill, node, rapid, local") for made in found(tmp_path)] == [
        ", appendonly yes",
        "",
    ]


def test_the_sides_of_a_comparison_are_trends_of_their_own(tmp_path: Path) -> None:
    """They differ in nothing else that is on record: an image, a chart."""
    run = write(tmp_path, "a", Verdict.PASS, Verdict.PASS, Verdict.PASS)
    record = read_run(run)
    sides = ("A: image=redis:7.0", "B: image=redis:8.0", "A: image=redis:7.0")
    trials = tuple(replace(each, variant=side) for each, side in zip(record.trials, sides, strict=True))
    write_run(run, replace(record, trials=trials))

    assert [(made.name, made.points[0].n) for made in found(tmp_path)] == [
        ("master-kill, node, rapid, local, A: image=redis:7.0", 2),
        ("master-kill, node, rapid, local, B: image=redis:8.0", 1),
    ]


def test_refused_trials_are_in_no_number_but_their_own(tmp_path: Path) -> None:
    run = write(tmp_path, "a", Verdict.PASS, Verdict.UNKNOWN)
    record = read_run(run)
    refused = replace(record.trials[1], refused="busy", lost=7)
    write_run(run, replace(record, trials=(record.trials[0], refused)))

    (made,) = found(tmp_path)

    assert (made.points[0].refused, made.points[0].lost, made.points[0].outage.n) == (1, 0, 1)


def test_a_run_of_which_only_failures_are_left_is_no_point(tmp_path: Path) -> None:
    run = write(tmp_path, "a", Verdict.FAIL, day=1)
    write(tmp_path, "b", Verdict.PASS, day=2)
    write_run(run, replace(read_run(run), pruned=9))

    (made,) = found(tmp_path)

    assert [point.run for point in made.points] == ["b"]


def test_the_index_writes_page_and_metrics(tmp_path: Path) -> None:
    write(tmp_path, "a", Verdict.PASS)
    index(tmp_path)

    assert 'script.src = "plotly.min.js"' in (tmp_path / TRENDS).read_text()
    assert "redis_resilience_trials{" in (tmp_path / METRICS).read_text()
    assert json.loads((tmp_path / ROWS_JSON).read_text())["rows"][0]["run"] == "a"
    assert (tmp_path / ROWS_CSV).read_text().count("\n") == 2
    assert 'href="trends.html"' in (tmp_path / "index.html").read_text()
