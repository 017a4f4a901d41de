"""Change points are found where the level changes, and as rarely elsewhere as is stated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.changes import FEWEST, changes


def test_a_step_is_found_at_its_first_value() -> None:
    values = [100.0 + number % 3 for number in range(20)] + [130.0 + number % 3 for number in range(10)]

    assert changes(values, alpha=0.01) == (20,)


def test_a_step_up_and_down_is_two_changes() -> None:
    values = [level + (7 + number * 4) % 15 for level in (100.0, 200.0, 100.0) for number in range(15)]

    assert changes(values, alpha=0.01) == (15, 30)


def test_one_outlier_is_no_change() -> None:
    values = [100.0 + number % 5 for number in range(30)]
    values[17] = 1e9

    assert changes(values, alpha=0.01) == ()


def test_only_the_order_of_values_matters() -> None:
    values = list(np.random.default_rng(1).normal(10, 1, 15)) + list(np.random.default_rng(2).normal(13, 1, 15))

    assert changes(values, alpha=0.01) == changes([math.exp(value) for value in values], alpha=0.01) != ()


def test_values_that_are_only_known_to_be_high_count_as_the_highest() -> None:
    assert changes([*(100.0 + number * 7 % 11 for number in range(20)), *[math.inf] * 8], alpha=0.01) == (20,)


@pytest.mark.parametrize("values", [[], [5.0] * 40, [float(value) for value in range(FEWEST - 1)]])
def test_too_few_or_equal_values_have_no_change(values: list[float]) -> None:
    assert changes(values, alpha=0.01) == ()


def test_the_rate_of_false_alarms_is_as_stated() -> None:
    """1000 random orders at 5 %: 71 or more have a probability of 0.2 %."""
    random = np.random.default_rng(5)
    values = np.arange(25.0)

    found = sum(bool(changes(list(random.permutation(values)), alpha=0.05)) for _ in range(1000))

    assert 20 <= found <= 70


def test_an_alpha_outside_its_range_is_an_error() -> None:
    with pytest.raises(UsageError, match="expected alpha between 0 and 1"):
        changes([1.0], alpha=1.0)
