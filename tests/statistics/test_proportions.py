from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.proportions import Count, proportion, trials_to_see


def test_no_loss_in_59_trials_bounds_losses_below_5_percent() -> None:
    """The rule of three: 3 / 59 is 5.1 %."""
    assert proportion(Count(events=0, n=59)).at_most == pytest.approx(0.0495, abs=1e-4)
    assert trials_to_see(0.05) == 59


def test_the_textbooks_limits() -> None:
    """1 of 20: 0.13 % to 24.87 %."""
    found = proportion(Count(events=1, n=20))

    assert (found.share, round(found.lower, 4), round(found.upper, 4)) == (0.05, 0.0013, 0.2487)


def test_no_trial_says_nothing() -> None:
    found = proportion(Count(events=0, n=0))

    assert (found.share, found.lower, found.upper, found.at_most) == (None, 0.0, 1.0, 1.0)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_two_sided_limits_are_scipys(counted: tuple[int, int]) -> None:
    events, n = counted
    found, theirs = proportion(Count(events=events, n=n)), stats.binomtest(events, n).proportion_ci(0.95, "exact")

    assert (found.lower, found.upper) == pytest.approx((theirs.low, theirs.high))
    assert found.lower <= events / n <= found.upper
    assert found.at_most <= found.upper


@pytest.mark.parametrize(("events", "n"), [(3, 2), (-1, 2)])
def test_a_count_that_cannot_be_is_refused(events: int, n: int) -> None:
    with pytest.raises(UsageError, match=f"got {events} of {n}"):
        Count(events=events, n=n)
