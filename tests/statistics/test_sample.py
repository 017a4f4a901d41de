from __future__ import annotations

import math
import subprocess
import sys

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.sample import Sample


def test_a_censored_value_is_at_its_bound_or_anywhere_above() -> None:
    sample = Sample(measured_ms=(3.0, 1.0), bounds_ms=(2.0,))

    assert sample.least().tolist() == [1.0, 2.0, 3.0]
    assert sample.most().tolist() == [1.0, 3.0, math.inf]
    assert (sample.n, sample.censored) == (3, 1)


def test_a_factor_scales_bounds_too() -> None:
    assert Sample(measured_ms=(10.0,), bounds_ms=(20.0,)).times(1.5) == Sample(measured_ms=(15.0,), bounds_ms=(30.0,))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match="expected finite milliseconds"):
        Sample(measured_ms=(1.0, value))


def test_importing_the_room_imports_no_scipy() -> None:
    """scipy takes half a second: only the functions that need it import it."""
    modules = "counts, differences, gate, intervals, modes, planning, proportions, quantiles, rows, sample, survival"
    code = f"import sys; from redis_resilience.statistics import {modules}; sys.exit('scipy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
