from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics import planning
from redis_resilience.statistics.planning import (
    per_arm,
    per_arm_by_pilot,
    per_arm_of_shares,
    power_of_shares,
    simulated_power,
)
from redis_resilience.statistics.quantiles import FEW
from redis_resilience.statistics.sample import Sample


@pytest.mark.parametrize(("effect_ms", "normal"), [(500, 17.1), (250, 68.5), (100, 428.2)])
def test_the_formula_of_two_normal_samples_for_ranks(effect_ms: float, normal: float) -> None:
    """One-sided 0.05, power 0.9, sd 0.5 s: the t-test's number over 3 / pi."""
    assert per_arm(effect_ms, sd_ms=500) == pytest.approx(normal * np.pi / 3 + 0.7, abs=1)


def test_the_distance_from_the_margin_counts() -> None:
    assert per_arm(0, sd_ms=500, margin_ms=250) == per_arm(250, sd_ms=500) == per_arm(500, sd_ms=500, margin_ms=250)


def test_an_effect_that_needs_no_statistics_still_takes_eight_trials() -> None:
    assert per_arm(60_000, sd_ms=1) == FEW


def test_rare_losses_take_hundreds_of_trials() -> None:
    """With none in A, Fisher's test asks for 5 of B's: the least n for which binomial gives them in 80 %."""
    n = per_arm_of_shares(0, 0.01)

    assert stats.binom.sf(4, n, 0.01) >= 0.8 > stats.binom.sf(4, n - 1, 0.01)


def test_power_of_shares_is_that_of_the_test_itself() -> None:
    """All 11 x 11 tables of ten trials each, each with its own test."""
    of_a, of_b = (stats.binom.pmf(np.arange(11), 10, share) for share in (0.1, 0.6))
    told = sum(
        of_a[a] * of_b[b]
        for a in range(11)
        for b in range(11)
        if stats.fisher_exact([[b, 10 - b], [a, 10 - a]], alternative="greater").pvalue <= 0.05
    )

    assert power_of_shares(0.1, 0.6, n=10) == pytest.approx(told, abs=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"effect_ms": 0}, {"sd_ms": 0}, {"sd_ms": float("nan")}, {"power": 1}, {"alpha": 0}, {"effect_ms": 0.01}]
)
def test_what_no_number_of_trials_can_show_is_refused(wrong: dict[str, float]) -> None:
    asked = {"effect_ms": 500, "sd_ms": 500, **wrong}

    with pytest.raises(UsageError, match="expected"):
        per_arm(asked.pop("effect_ms"), **asked)


@pytest.mark.parametrize(("share_a", "share_b"), [(0.1, 0.1), (0.2, 0.1), (-0.1, 0.5), (0.5, 1.1), (0, 1e-5)])
def test_shares_that_cannot_be_told_apart_are_refused(share_a: float, share_b: float) -> None:
    with pytest.raises(UsageError, match="expected"):
        per_arm_of_shares(share_a, share_b)


def test_a_p95_is_planned_with_no_fewer_trials_than_its_limits_take() -> None:
    pilot = Sample(measured_ms=tuple(map(float, range(100, 200))))

    assert per_arm_by_pilot(pilot, share=0.95, factor=10, rounds=20) == 59


def test_an_effect_that_simulation_never_finds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_SIMULATED", 16)
    pilot = Sample(measured_ms=tuple(map(float, range(100, 200))))

    with pytest.raises(UsageError, match="does not reach it"):
        per_arm_by_pilot(pilot, effect_ms=0.001, rounds=20)


def test_a_simulation_without_a_pilot_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a pilot of a trial or more"):
        simulated_power(Sample(), n=10)


def test_the_same_seed_simulates_the_same() -> None:
    pilot = Sample(measured_ms=tuple(map(float, range(30))), bounds_ms=(40.0,))

    one, again = (simulated_power(pilot, n=10, rounds=20, seed=3) for _ in range(2))
    assert one == again
    assert one.worse + one.no_worse + one.cannot_tell == pytest.approx(1)
