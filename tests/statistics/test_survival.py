from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from redis_resilience.statistics.quantiles import Quantile
from redis_resilience.statistics.sample import Sample
from redis_resilience.statistics.survival import ecdf, log_rank_p

# Weeks of remission of 42 children with leukaemia, with and without 6-mercaptopurine: Freireich et al., Blood 21, 1963.
TREATED = Sample(measured_ms=(6, 6, 6, 7, 10, 13, 16, 22, 23), bounds_ms=(6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35))
PLACEBO = Sample(measured_ms=(1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23))


def test_the_textbooks_curve() -> None:
    steps = {step.ms: 1 - step.share for step in ecdf(TREATED).steps}

    told = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {ms: round(steps[ms], 3) for ms in told} == told
    assert ecdf(TREATED).quantile(0.5) == Quantile(ms=23.0)


def test_the_textbooks_log_rank() -> None:
    """Chi-squared is 16.79 there; one-sided, and of the direction of the effect."""
    assert log_rank_p(PLACEBO, TREATED) == pytest.approx(stats.norm.sf(16.79**0.5), rel=1e-2)
    assert log_rank_p(TREATED, PLACEBO) > 0.999


def test_a_quantile_that_is_never_reached_is_a_bound() -> None:
    assert ecdf(TREATED).quantile(0.95) == Quantile(ms=35.0, censored=True)


def test_a_share_that_is_reached_exactly_is_reached() -> None:
    assert ecdf(Sample(measured_ms=(1.0, 2.0, 3.0, 4.0))).quantile(0.5) == Quantile(ms=2.0)


def test_all_censored_is_a_curve_at_zero_that_says_nothing() -> None:
    curve = ecdf(Sample(bounds_ms=(5.0, 7.0)))

    assert [(step.share, step.lower, step.upper) for step in curve.steps] == [(0.0, 0.0, 1.0)] * 2
    assert log_rank_p(Sample(bounds_ms=(5.0,)), Sample(bounds_ms=(7.0,))) == 1.0


def test_nothing_is_no_curve() -> None:
    assert ecdf(Sample()).quantile(0.5) is None
    assert log_rank_p(Sample(), PLACEBO) == 1.0


def test_one_trial_without_variance_warns_of_nothing() -> None:
    (step,) = ecdf(Sample(measured_ms=(3.0,))).steps

    assert (step.ms, step.share) == (3.0, 1.0)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.lists(st.floats(0, 1e6), max_size=30))
def test_a_curve_rises_and_stays_between_its_limits(measured: list[float], bounds: list[float]) -> None:
    steps = ecdf(Sample(measured_ms=tuple(measured), bounds_ms=tuple(bounds))).steps

    shares = [step.share for step in steps]
    assert shares == sorted(shares)
    assert all(0 <= step.lower <= step.share + 1e-9 and step.share - 1e-9 <= step.upper <= 1 for step in steps)
