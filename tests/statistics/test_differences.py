from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.differences import Difference, quantile_difference, share_difference, shift
from redis_resilience.statistics.proportions import Count
from redis_resilience.statistics.sample import Sample

# Permeability of the human amnion at term and early: Hollander and Wolfe, example 4.1, also in R's `wilcox.test`.
EARLY = Sample(measured_ms=(1.15, 0.88, 0.90, 0.74, 1.21))
TERM = Sample(measured_ms=(0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46))
ARMS = st.lists(st.integers(0, 50).map(float), min_size=1, max_size=15)


def test_the_textbooks_shift() -> None:
    found = shift(EARLY, TERM, alpha=0.025)

    assert found.estimate == pytest.approx(0.305)
    assert (found.lower, found.upper) == pytest.approx((-0.15, 0.76))
    assert found.p_above == pytest.approx(0.1272, abs=5e-5)


def test_limits_of_a_shift_and_its_significance_agree() -> None:
    """Both are of Mann and Whitney's test: a limit is where the significance passes alpha."""
    generator = np.random.default_rng(2)
    a, b = (Sample(measured_ms=tuple(generator.normal(mean, 500, 25))) for mean in (2000, 2300))
    found = shift(a, b)

    assert found.lower is not None
    assert found.upper is not None
    assert shift(a, b, margin_ms=found.lower - 1).p_above <= 0.05 < shift(a, b, margin_ms=found.lower + 1).p_above
    assert shift(a, b, margin_ms=found.upper + 1).p_below <= 0.05 < shift(a, b, margin_ms=found.upper - 1).p_below


def test_limits_of_a_quantile_and_its_significance_agree() -> None:
    generator = np.random.default_rng(2)
    a, b = (Sample(measured_ms=tuple(generator.normal(mean, 500, 80))) for mean in (2000, 2500))
    found = quantile_difference(a, b, 0.95)

    assert found.lower is not None
    assert found.upper is not None
    assert quantile_difference(a, b, 0.95, margin_ms=found.lower - 1).p_above <= 0.05
    assert quantile_difference(a, b, 0.95, margin_ms=found.lower + 1).p_above > 0.05
    assert quantile_difference(a, b, 0.95, margin_ms=found.upper + 1).p_below <= 0.05
    assert quantile_difference(a, b, 0.95, margin_ms=found.upper - 1).p_below > 0.05


def test_a_p95_of_20_trials_has_no_upper_limit() -> None:
    arm = Sample(measured_ms=tuple(map(float, range(20))))
    found = quantile_difference(arm, arm, 0.95)

    assert (found.estimate, found.lower, found.upper, found.p_below) == (0.0, None, None, 1.0)


def test_the_tea_that_the_lady_tasted() -> None:
    """Fisher's own example: 3 of 4 against 1 of 4."""
    assert share_difference(Count(events=1, n=4), Count(events=3, n=4)).p_above == pytest.approx(17 / 70)


def test_no_loss_of_either_is_no_proof_that_there_is_none() -> None:
    none_of_20 = Count(events=0, n=20)
    found = share_difference(none_of_20, none_of_20, margin=0.05)

    assert found.upper == pytest.approx(1 - 0.05 ** (1 / 20))
    assert (found.p_above, found.p_below > 0.05) == (1.0, True)


def test_a_share_with_a_margin_must_exceed_it() -> None:
    a, b = Count(events=0, n=40), Count(events=8, n=40)

    assert share_difference(a, b).p_above < 0.01
    assert share_difference(a, b, margin=0.15).p_above > 0.05


@pytest.mark.parametrize("compare", [shift, lambda a, b: quantile_difference(a, b, 0.5)])
def test_censored_trials_favour_no_claim(compare: Any) -> None:
    """B ended at 10 s without a write: it is worse than A; A without an end leaves open whether B is."""
    ended, unended = Sample(measured_ms=(2000.0,) * 10), Sample(bounds_ms=(10_000.0,) * 10)

    worse, open_ = compare(ended, unended), compare(unended, ended)
    assert (worse.lower, worse.upper, worse.estimate) == (8000.0, None, None)
    assert worse.p_above < 0.01
    assert (open_.lower, open_.upper) == (None, -8000.0)
    assert compare(unended, unended).p_above > 0.5


@pytest.mark.parametrize("compare", [shift, lambda a, b: quantile_difference(a, b, 0.5)])
def test_arms_without_variance_differ_by_nothing_or_for_certain(compare: Any) -> None:
    a, b = Sample(measured_ms=(5.0,) * 10), Sample(measured_ms=(6.0,) * 10)

    assert (compare(a, a).lower, compare(a, a).upper) == (0.0, 0.0)
    assert compare(a, a).p_above > 0.05
    assert compare(a, b).p_above < 0.01


@pytest.mark.parametrize("compare", [shift, lambda a, b: quantile_difference(a, b, 0.5)])
def test_an_arm_without_a_trial_is_no_evidence(compare: Any) -> None:
    found = compare(Sample(), EARLY)

    assert (found.estimate, found.lower, found.upper, found.p_above, found.p_below) == (None, None, None, 1.0, 1.0)


@given(ARMS, ARMS)
def test_exchanged_arms_give_the_opposite_difference(a: list[float], b: list[float]) -> None:
    def turned(found: Difference) -> tuple[float | None, ...]:
        return tuple(None if value is None else -value for value in (found.estimate, found.upper, found.lower))

    arm_a, arm_b = Sample(measured_ms=tuple(a)), Sample(measured_ms=tuple(b))
    there, back = shift(arm_a, arm_b), shift(arm_b, arm_a)
    assert (there.estimate, there.lower, there.upper) == turned(back)
    there, back = quantile_difference(arm_a, arm_b, 0.5), quantile_difference(arm_b, arm_a, 0.5)
    assert (there.estimate, there.lower, there.upper) == pytest.approx(turned(back))


@given(ARMS, ARMS)
def test_significance_is_scipys_where_nothing_is_censored(a: list[float], b: list[float]) -> None:
    found = shift(Sample(measured_ms=tuple(a)), Sample(measured_ms=tuple(b)))

    assert found.p_above == stats.mannwhitneyu(b, a, alternative="greater").pvalue


def test_an_alpha_that_is_no_share_is_refused() -> None:
    with pytest.raises(UsageError, match="expected alpha between 0 and 1; got 5"):
        shift(EARLY, TERM, alpha=5)
