"""A trend has the changes of each quantity; a rise that is new is an alarm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from redis_resilience.statistics.quantiles import spread
from redis_resilience.statistics.trend import RECENT, Point, Trend, trend


def point(number: int, outage_ms: float | None = 1900.0, **changes: Any) -> Point:
    found = spread([] if outage_ms is None else [outage_ms + number % 7])
    values = {"n": 5, "refused": 0, "failed": 0, "losing": 0, "lost": 0, "outage": found, "first_switch": spread([])}
    started = f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}T01:00:00.000+00:00"
    return Point(run=f"r{number}", started=started, software="Redis 7.0.15", **(values | changes))


def of(outages_ms: Sequence[float | None]) -> Trend:
    return trend("name", (), [point(number, ms) for number, ms in enumerate(outages_ms)])


def test_a_rise_is_an_alarm_at_its_first_run() -> None:
    found = of([1900.0] * 20 + [2300.0] * 6)

    (shift,) = found.shifts
    assert (shift.quantity, shift.at, shift.rise, shift.alarm) == ("median outage, ms", 20, True, True)
    assert found.alarms == (shift,)


def test_a_fall_is_a_change_and_no_alarm() -> None:
    found = of([1900.0] * 20 + [1500.0] * 6)

    assert [(shift.at, shift.alarm) for shift in found.shifts] == [(20, False)]


def test_a_rise_that_has_lasted_is_no_alarm_any_more() -> None:
    assert of([1900.0] * 20 + [2300.0] * RECENT).alarms
    assert not of([1900.0] * 20 + [2300.0] * (RECENT + 1)).alarms


def test_a_rise_that_was_undone_is_no_alarm() -> None:
    found = of([1900.0] * 20 + [2300.0] * 15 + [1900.0] * 8)

    assert len(found.shifts) == 2
    assert not found.alarms


def test_runs_without_the_quantity_do_not_move_its_change() -> None:
    found = of([1900.0, None] * 10 + [2300.0] * 6)

    assert [shift.at for shift in found.shifts] == [20]


def test_outages_that_did_not_end_are_a_rise() -> None:
    points = [point(number) for number in range(20)]
    points += [point(number, outage=spread([], [9000.0])) for number in range(20, 26)]

    (shift,) = trend("name", (), points).shifts
    assert (shift.after, shift.alarm) == (math.inf, True)


def test_more_refused_and_losing_trials_are_alarms_of_their_own() -> None:
    points = [point(number) for number in range(20)]
    points += [point(number, refused=2, losing=2) for number in range(20, 28)]

    assert [shift.quantity for shift in trend("name", (), points).alarms] == ["losing trials, %", "refused trials, %"]
