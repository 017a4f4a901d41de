from __future__ import annotations

from redis_resilience.statistics.quantiles import Quantile, spread


def test_quantiles_of_complete_measurements_are_numpys_own() -> None:
    values = spread([1.0, 2.0, 3.0, 4.0])

    assert (values.n, values.censored) == (4, 0)
    assert values.median is not None
    assert values.maximum is not None
    assert (values.median.ms, values.maximum.ms) == (2.5, 4.0)
    assert not values.median.censored


def test_a_censored_trial_marks_only_the_quantiles_that_it_can_move() -> None:
    """One of ten trials ended too early: the median stands, p95 and maximum are lower bounds."""
    values = spread([float(ms) for ms in range(1, 10)], [30.0])

    assert values.median is not None
    assert values.p95 is not None
    assert values.maximum is not None
    assert values.median == Quantile(ms=5.5)
    assert values.p95.censored
    assert values.maximum == Quantile(ms=30.0, censored=True)


def test_an_early_censored_trial_can_move_the_median() -> None:
    """A trial that ended at 1 ms may have become the longest of all."""
    values = spread([10.0, 20.0], [1.0])

    assert values.median is not None
    assert values.median == Quantile(ms=10.0, censored=True)


def test_only_censored_trials_give_only_lower_bounds() -> None:
    values = spread([], [5.0, 7.0])

    assert all(quantile and quantile.censored for quantile in (values.median, values.p95, values.maximum))


def test_nothing_measured_has_no_quantile() -> None:
    assert spread([]).median is None
