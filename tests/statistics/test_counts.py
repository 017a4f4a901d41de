from __future__ import annotations

import numpy as np
import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.counts import per_trial_p, rate_p


def test_of_twenty_permutations_one_is_as_extreme() -> None:
    """Three trials each: 6 choose 3 ways, of which one puts all losses into B."""
    assert per_trial_p([0, 0, 0], [1, 1, 1]) == pytest.approx(1 / 20, rel=0.1)
    assert per_trial_p([1, 1, 1], [0, 0, 0]) == 1.0


def test_the_same_seed_gives_the_same_significance() -> None:
    a, b = list(range(30)), list(range(3, 33))

    assert per_trial_p(a, b, seed=4) == per_trial_p(a, b, seed=4)
    assert per_trial_p(a, b, seed=4) != per_trial_p(a, b, seed=5)


def test_many_writes_lost_in_one_trial_are_one_trial_not_many() -> None:
    """The test of rates, made for independent events, would be certain of a difference here."""
    a, b = [0] * 20, [0] * 19 + [500]

    assert per_trial_p(a, b) == pytest.approx(0.5, abs=0.02)
    assert rate_p(sum(a), sum(b), trials_a=20, trials_b=20) < 1e-9


def test_nothing_lost_anywhere_is_no_evidence() -> None:
    assert per_trial_p([0] * 20, [0] * 20) == 1.0
    assert rate_p(0, 0, trials_a=20, trials_b=20) == 1.0


def test_rates_are_compared_given_their_sum() -> None:
    """9 or more of 11 events, each in B with probability 1/2: (55 + 11 + 1) / 2048."""
    assert rate_p(2, 9, trials_a=50, trials_b=50) == pytest.approx(67 / 2048)


def test_clustered_losses_of_like_arms_are_called_different_in_5_percent() -> None:
    generator = np.random.default_rng(8)
    losses = generator.poisson(40, (200, 2, 5)) * (generator.random((200, 2, 5)) < 0.5)

    wrong = sum(per_trial_p(a.tolist(), b.tolist()) <= 0.05 for a, b in losses)

    assert wrong / len(losses) <= 0.065


@pytest.mark.parametrize(("a", "b"), [([], [1]), ([1], [])])
def test_an_arm_without_a_trial_is_refused(a: list[int], b: list[int]) -> None:
    with pytest.raises(UsageError, match="expected a trial or more of each"):
        per_trial_p(a, b)


def test_a_rate_without_trials_is_refused() -> None:
    with pytest.raises(UsageError, match="got 1 in 0 of A"):
        rate_p(1, 1, trials_a=0, trials_b=5)
