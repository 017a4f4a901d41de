"""B's counts beside A's: one-sided p-values of "no more than in A", whatever the counts are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from redis_resilience.model.errors import UsageError

RESAMPLES = 9999


def per_trial_p(a: Sequence[int], b: Sequence[int], *, seed: int = 0) -> float:
    """Whether B's trials have more of it each (lost writes, say), by permutation of the trials between the arms.

    Lost writes come in clusters, one fault loses many: trials are exchanged, never single writes. Permutations are
    drawn by `seed`, as how many trials of each count fall to B; the observed one is counted in (Phipson and Smyth,
    2010). Raises UsageError for an arm without a trial.
    """
    if not len(a) or not len(b):
        raise UsageError(f"expected a trial or more of each; got {len(a)} of A and {len(b)} of B")
    counts, trials = np.unique([*a, *b], return_counts=True)
    drawn = np.random.default_rng(seed).multivariate_hypergeometric(trials, len(b), RESAMPLES, method="marginals")
    return float((1 + np.count_nonzero(drawn @ counts >= sum(b))) / (1 + RESAMPLES))


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
