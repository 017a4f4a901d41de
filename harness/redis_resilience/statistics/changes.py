"""Where a series changes its level: change points with a stated rate of false alarms.

Values become normal scores of their ranks, so an outlier counts no more than its rank, and a censored value, `inf`, has
the highest. Without a change every order of the scores is equally likely, whatever the values' distribution: the
penalty of a change point is what the best single split of a random order exceeds with probability `alpha`. ruptures
finds the segments that are best under this penalty, by least squares: kernel change-point detection with a linear
kernel. Source: Arlot, Celisse and Harchaoui, J. Mach. Learn. Res. 20 (2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from redis_resilience.statistics.sample import Floats, check_share

FEWEST = 10
"""In fewer values no change is looked for."""
LEAST = 2
"""Values of a segment: one alone is an outlier."""
_ORDERS = 9999
_SEED = 1


def changes(values: Sequence[float], *, alpha: float) -> tuple[int, ...]:
    """Indices at which a new level begins, none for fewer than `FEWEST` values.

    alpha: the probability of any change point in a series of independent values without one, to within the error of a
    simulation. Raises UsageError for an alpha outside (0, 1).
    """
    check_share("alpha", alpha)
    if len(values) < FEWEST:
        return ()
    from ruptures import KernelCPD
    from scipy.stats import rankdata

    scores = _normal(rankdata(values), len(values))
    search = KernelCPD(kernel="linear", min_size=LEAST).fit(scores.reshape(-1, 1))
    return tuple(int(end) for end in search.predict(pen=_penalty(len(values), alpha))[:-1])


@lru_cache(maxsize=1024)
def _penalty(n: int, alpha: float) -> float:
    """What the best single split of `n` scores in random order gains, exceeded with probability `alpha`."""
    scores = _normal(np.arange(1, n + 1, dtype=np.float64), n)
    orders = np.random.default_rng(_SEED).permuted(np.tile(scores, (_ORDERS, 1)), axis=1)
    before = np.cumsum(orders, axis=1)[:, LEAST - 1 : n - LEAST]
    sizes = np.arange(LEAST, n - LEAST + 1)
    gains = before**2 * (1 / sizes + 1 / (n - sizes))  # the scores add up to 0
    return float(np.quantile(gains.max(axis=1), 1 - alpha)) + 1e-9


def _normal(ranks: Floats, n: int) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(ranks / (n + 1)), dtype=np.float64)
