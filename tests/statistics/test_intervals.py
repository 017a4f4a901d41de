from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.intervals import quantile_interval, quantile_of, trials_for_limits
from redis_resilience.statistics.quantiles import Quantile
from redis_resilience.statistics.sample import Sample

VALUES = st.lists(st.floats(0, 1e6), max_size=40)


@pytest.mark.parametrize("n", [1, 5, 6, 8, 20, 59, 71, 72, 200])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.95])
def test_limits_are_scipys(n: int, share: float) -> None:
    values = np.random.default_rng(n).normal(2000, 500, n)

    ours = quantile_interval(Sample(measured_ms=tuple(values)), share)
    theirs = stats.quantile_test(values, p=share).confidence_interval(0.95)

    assert ours.lower_ms == (None if math.isnan(theirs.low) else theirs.low)
    assert ours.upper_ms == (None if math.isnan(theirs.high) else theirs.high)


def test_a_p95_has_no_upper_limit_before_the_72nd_trial() -> None:
    """0.95^71 is above 0.025: even the longest of 71 trials may be below the p95."""
    short, enough = (Sample(measured_ms=tuple(map(float, range(n)))) for n in (71, 72))

    assert quantile_interval(short, 0.95).upper_ms is None
    assert quantile_interval(short, 0.95).too_few
    assert quantile_interval(enough, 0.95).upper_ms == 71.0
    assert not quantile_interval(enough, 0.95).too_few


def test_how_many_trials_limits_take() -> None:
    assert [trials_for_limits(0.95, 0.05), trials_for_limits(0.95, 0.025), trials_for_limits(0.5, 0.025)] == [59, 72, 6]


def test_one_trial_has_an_estimate_and_no_limits() -> None:
    interval = quantile_interval(Sample(measured_ms=(5.0,)), 0.5)

    assert (interval.estimate, interval.lower_ms, interval.upper_ms) == (Quantile(ms=5.0), None, None)


def test_no_trial_has_nothing() -> None:
    interval = quantile_interval(Sample(), 0.5)

    assert (interval.estimate, interval.lower_ms, interval.upper_ms) == (None, None, None)


def test_all_censored_leaves_a_lower_limit_only() -> None:
    interval = quantile_interval(Sample(bounds_ms=(30.0,) * 10), 0.5)

    assert (interval.estimate, interval.lower_ms, interval.upper_ms) == (Quantile(ms=30.0, censored=True), 30.0, None)


def test_without_variance_the_limits_are_the_value() -> None:
    interval = quantile_interval(Sample(measured_ms=(7.0,) * 10), 0.5)

    assert (interval.lower_ms, interval.upper_ms) == (7.0, 7.0)


def test_the_true_quantile_lies_between_the_limits_as_often_as_said() -> None:
    """Of a bimodal distribution, with every value above 5 s censored where its trial ended: 95 % at least."""
    generator = np.random.default_rng(5)
    held, rounds = 0, 500
    for _ in range(rounds):
        values = generator.normal(2000, 300, 40) + 5000 * (generator.random(40) < 0.2)
        ended = values < 5000
        sample = Sample(measured_ms=tuple(values[ended]), bounds_ms=(5000.0,) * int(np.count_nonzero(~ended)))
        interval = quantile_interval(sample, 0.5)
        assert interval.lower_ms is not None
        true_ms = 2000 + 300 * float(stats.norm.ppf(0.5 / 0.8))
        held += interval.lower_ms <= true_ms <= (interval.upper_ms or math.inf)

    assert held / rounds >= 0.95


@given(VALUES, VALUES, st.floats(0.01, 0.99))
def test_a_longer_wait_never_lowers_a_limit(measured: list[float], bounds: list[float], share: float) -> None:
    """Were every censored trial watched 10 ms longer without an end, no limit would fall."""
    before = quantile_interval(Sample(measured_ms=tuple(measured), bounds_ms=tuple(bounds)), share)
    after = quantile_interval(
        Sample(measured_ms=tuple(measured), bounds_ms=tuple(bound + 10 for bound in bounds)), share
    )

    assert (after.lower_ms or 0.0) >= (before.lower_ms or 0.0)
    assert after.upper_ms == before.upper_ms


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.floats(0.01, 0.99))
def test_quantiles_of_finite_values_are_numpys(values: list[float], share: float) -> None:
    assert quantile_of(np.sort(np.array(values)), share) == np.quantile(values, share)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_a_level_that_is_no_share_is_refused(level: float) -> None:
    with pytest.raises(UsageError, match="expected level between 0 and 1"):
        quantile_interval(Sample(), 0.5, level=level)
