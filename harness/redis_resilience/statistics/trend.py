"""The history of one scenario on one topology: a point for each run, its changes of level, its alarms."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from redis_resilience.statistics.changes import changes
from redis_resilience.statistics.quantiles import Quantile, Spread

FALSE_ALARMS = 0.01
"""How often a history without a change has a change point in any of its quantities, at each look."""
RECENT = 10
"""A rise is an alarm for so many runs; afterwards it is the level that later runs are held against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """All trials of one run. started: ISO 8601, UTC. software: engine, backend and this program with their versions.

    outage, first_switch: of the trials that were not refused. losing: those of them that lost a write; lost: writes.
    failed: trials with the verdict `fail`.
    """

    run: str
    started: str
    software: str
    n: int
    refused: int
    failed: int
    losing: int
    lost: int
    outage: Spread
    first_switch: Spread

    @property
    def judged(self) -> int:
        return self.n - self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """name: with its unit. of: its value in a run; None where the run has none; inf for a lower bound."""

    name: str
    of: Callable[[Point], float | None]


def _median(spread: Spread) -> float | None:
    return _value(spread.median)


def _value(quantile: Quantile | None) -> float | None:
    if quantile is None:
        return None
    return math.inf if quantile.censored else quantile.ms


QUANTITIES = (
    Quantity(name="median outage, ms", of=lambda point: _median(point.outage)),
    Quantity(name="median first switch, ms", of=lambda point: _median(point.first_switch)),
    Quantity(name="losing trials, %", of=lambda point: 100 * point.losing / point.judged if point.judged else None),
    Quantity(name="refused trials, %", of=lambda point: 100 * point.refused / point.n),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A change of level. at: index of the first point of the new level. before, after: medians of both levels.

    alarm: it is a rise, the last change of its quantity, and not older than `RECENT` runs.
    """

    quantity: str
    at: int
    before: float
    after: float
    alarm: bool

    @property
    def rise(self) -> bool:
        return self.after > self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """name: scenario, topology, profile, backend, and its variant or directives. points: the oldest first."""

    name: str
    labels: tuple[tuple[str, str], ...]
    points: tuple[Point, ...]
    shifts: tuple[Shift, ...]

    @property
    def alarms(self) -> tuple[Shift, ...]:
        return tuple(shift for shift in self.shifts if shift.alarm)


def trend(name: str, labels: tuple[tuple[str, str], ...], points: Sequence[Point]) -> Trend:
    """points: the oldest first. The rate of false alarms is shared by all quantities."""
    found = [shift for quantity in QUANTITIES for shift in _shifts(quantity, points)]
    return Trend(name=name, labels=labels, points=tuple(points), shifts=tuple(found))


def _shifts(quantity: Quantity, points: Sequence[Point]) -> list[Shift]:
    known = [(index, value) for index, point in enumerate(points) if (value := quantity.of(point)) is not None]
    values = [value for _, value in known]
    if not values:
        return []
    ends = (0, *changes(values, alpha=FALSE_ALARMS / len(QUANTITIES)), len(values))
    levels = [statistics.median(values[begin:end]) for begin, end in pairwise(ends)]
    return [
        Shift(
            quantity=quantity.name,
            at=known[begin][0],
            before=before,
            after=after,
            alarm=after > before and begin == ends[-2] and len(values) - begin <= RECENT,
        )
        for begin, (before, after) in zip(ends[1:-1], pairwise(levels), strict=True)
    ]
