"""Quantiles of measurements of which some are censored: the trial ended before what it waited for.

A censored value is known only to be above its bound. It never enters an average, and every quantile that it could move
is a lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEW = 8
"""Fewer measurements than this say nothing about a p95."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """censored: the true value is at least this much."""

    ms: float
    censored: bool = False


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


def spread(measured_ms: Sequence[float], bounds_ms: Sequence[float] = ()) -> Spread:
    """Quantiles of measured values and of values known only to be above their bound.

    A quantile is taken twice, once with the censored values at their bounds and once beyond all others: where both
    agree, the censored values cannot move it. Quantiles are interpolated as numpy does by default.
    """
    n = len(measured_ms) + len(bounds_ms)
    if n == 0:
        return Spread(n=0)
    beyond_ms = 2 * max(*measured_ms, *bounds_ms, 1.0)
    shares = (0.5, 0.95, 1.0)
    least = np.quantile([*measured_ms, *bounds_ms], shares)
    most = np.quantile([*measured_ms, *(beyond_ms for _ in bounds_ms)], shares) if bounds_ms else least
    median, p95, maximum = (
        Quantile(ms=float(low), censored=bool(low != high)) for low, high in zip(least, most, strict=True)
    )
    return Spread(n=n, censored=len(bounds_ms), median=median, p95=p95, maximum=maximum)
