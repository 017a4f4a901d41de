"""Looks spend alpha and no more, late rather than early."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.sequential import looks, spent


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_all_looks_together_have_alpha(count: int) -> None:
    planned = looks(61, count)

    assert sum(look.alpha for look in planned) == pytest.approx(0.05)
    assert planned[-1].trials == 61
    assert len(planned) == count
    assert list(planned) == sorted(planned, key=lambda look: look.alpha)


def test_the_spending_function_is_the_published_one() -> None:
    """Lan and DeMets' table for a one-sided 0.025: half of the information spends 0.00153, by 2 - 2 Phi(z / sqrt t)."""
    assert spent(0.5, alpha=0.025) == pytest.approx(0.00153, abs=2e-5)
    assert spent(1.0, alpha=0.025) == pytest.approx(0.025)


def test_few_trials_have_fewer_looks() -> None:
    assert [look.trials for look in looks(2, 5)] == [1, 2]


@pytest.mark.parametrize(("trials", "count"), [(10, 0), (10, 6), (0, 2)])
def test_what_makes_no_sense_is_refused(trials: int, count: int) -> None:
    with pytest.raises(UsageError, match="expected 1"):
        looks(trials, count)


def test_many_looks_are_wrong_no_more_often_than_one() -> None:
    """The mean of normal values whose truth is 0, tested at each of five looks: 20000 rounds, error 0.15 %."""
    values = np.random.default_rng(3).normal(size=(20_000, 50)).cumsum(axis=1)
    wrong = np.zeros(20_000, dtype=bool)
    for look in looks(50, 5):
        wrong |= values[:, look.trials - 1] / np.sqrt(look.trials) > norm.isf(look.alpha)

    assert 0.025 <= wrong.mean() <= 0.05
