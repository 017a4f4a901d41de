"""The measurements of one arm: values, and values of which only a lower bound is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.errors import UsageError

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One quantity of many trials, in ms. bounds_ms: of trials that ended first; the true value is above.

    Raises UsageError for a value that is not a finite number.
    """

    measured_ms: tuple[float, ...] = ()
    bounds_ms: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        wrong = [value for value in (*self.measured_ms, *self.bounds_ms) if not math.isfinite(value)]
        if wrong:
            raise UsageError(
                f"expected finite milliseconds; got {wrong[0]}; pass a trial that ended too early in bounds_ms"
            )

    @property
    def n(self) -> int:
        return len(self.measured_ms) + len(self.bounds_ms)

    @property
    def censored(self) -> int:
        return len(self.bounds_ms)

    def times(self, factor: float) -> Sample:
        """All values scaled: "B is at most 20 % above A" compares B with A times 1.2, so that A's own error counts."""
        return Sample(
            measured_ms=tuple(factor * value for value in self.measured_ms),
            bounds_ms=tuple(factor * value for value in self.bounds_ms),
        )

    def least(self) -> Floats:
        """Sorted, each censored value at its bound: no true value is smaller."""
        return np.sort(np.array([*self.measured_ms, *self.bounds_ms], dtype=np.float64))

    def most(self) -> Floats:
        """Sorted, each censored value at infinity: no true value is larger."""
        return np.sort(np.array([*self.measured_ms, *(math.inf for _ in self.bounds_ms)], dtype=np.float64))


def check_share(name: str, value: float) -> None:
    """Raises UsageError where `value` does not lie between 0 and 1."""
    if not 0 < value < 1:
        raise UsageError(f"expected {name} between 0 and 1; got {value:g}")
