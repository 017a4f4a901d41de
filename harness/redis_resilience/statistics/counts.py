"""B's counts beside A's: one-sided p-values of "no more than in A", exact whatever the counts are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.sample import Floats

RESAMPLES = 9999


def per_trial_p(a: Sequence[int], b: Sequence[int], *, seed: int = 0) -> float:
    """Whether B's trials have more of it each (lost writes, say), by permutation of the trials between the arms.

    Lost writes come in clusters, one fault loses many: trials are exchanged, never single writes. Exact where all
    permutations fit into `RESAMPLES`, else drawn by `seed`, the observed one counted in (Phipson and Smyth, 2010, by
    scipy.stats.permutation_test). Raises UsageError for an arm without a trial.
    """
    from scipy.stats import permutation_test

    if not len(a) or not len(b):
        raise UsageError(f"expected a trial or more of each; got {len(a)} of A and {len(b)} of B")
    if max(*a, *b) == min(*a, *b):
        return 1.0
    found = permutation_test(
        (np.asarray(b, dtype=float), np.asarray(a, dtype=float)),
        _mean_difference,
        permutation_type="independent",
        vectorized=True,
        alternative="greater",
        n_resamples=RESAMPLES,
        rng=seed,
    )
    return float(found.pvalue)


def rate_p(a: int, b: int, *, trials_a: int, trials_b: int) -> float:
    """Whether independent events (failed elections, say) come more often in B's trials: two Poisson rates.

    Given the sum of the events, B's are binomial (Przyborowski and Wilenski, Biometrika 31, 1940). Not for lost writes,
    which come in clusters: `per_trial_p`. Raises UsageError for an arm without a trial or a negative count.
    """
    from scipy.stats import binomtest

    if min(trials_a, trials_b) < 1 or min(a, b) < 0:
        raise UsageError(
            f"expected counts of 0 or more in a trial or more; got {a} in {trials_a} of A and {b} in {trials_b} of B"
        )
    if a + b == 0:
        return 1.0
    return float(binomtest(b, a + b, trials_b / (trials_a + trials_b), alternative="greater").pvalue)


def _mean_difference(b: Floats, a: Floats, axis: int = -1) -> Floats:
    return np.asarray(b.mean(axis=axis) - a.mean(axis=axis))
