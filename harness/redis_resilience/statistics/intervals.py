"""Confidence limits of a quantile by order statistics, and how many trials they take.

The limits assume nothing of the distribution. Censored values count at their bound for the lower limit and at infinity
for the upper one, so both hold whatever ended those trials. Source: Conover, Practical Nonparametric Statistics, 3rd
edition, section 3.2, as in scipy.stats.quantile_test.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from redis_resilience.statistics.quantiles import Quantile
from redis_resilience.statistics.sample import Floats, Sample, check_share


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileInterval:
    """A quantile and where its true value lies with probability `level` or more.

    lower_ms, upper_ms: None where no measurement can be the limit. n_needed: fewest trials for which both limits exist.
    """

    share: float
    level: float
    estimate: Quantile | None
    lower_ms: float | None
    upper_ms: float | None
    n: int
    n_needed: int

    @property
    def too_few(self) -> bool:
        return self.n < self.n_needed


def quantile_interval(sample: Sample, share: float, *, level: float = 0.95) -> QuantileInterval:
    """The two-sided interval of the quantile `share`. Raises UsageError for a share or level outside (0, 1)."""
    check_share("level", level)
    alpha = (1 - level) / 2
    lower_ms, upper_ms = lower_limit(sample.least(), share, alpha), upper_limit(sample.most(), share, alpha)
    return QuantileInterval(
        share=share,
        level=level,
        estimate=_estimate(sample, share),
        lower_ms=lower_ms if math.isfinite(lower_ms) else None,
        upper_ms=upper_ms if math.isfinite(upper_ms) else None,
        n=sample.n,
        n_needed=trials_for_limits(share, alpha),
    )


def trials_for_limits(share: float, alpha: float) -> int:
    """Fewest trials for which both one-sided limits at `alpha` exist: 59 for a p95 at 0.05, 72 at 0.025."""
    check_share("share", share)
    check_share("alpha", alpha)
    rarer = max(share, 1 - share)
    return math.ceil(math.log(alpha) / math.log(rarer) - 1e-9)


def lower_limit(ordered: Floats, share: float, alpha: float) -> float:
    """The largest order statistic that is above the true quantile with probability `alpha` at most; -inf for none."""
    rank = _rank(len(ordered), share, alpha)
    return float(ordered[rank]) if rank >= 0 else -math.inf


def upper_limit(ordered: Floats, share: float, alpha: float) -> float:
    """The smallest order statistic that is below the true quantile with probability `alpha` at most; inf for none."""
    return -lower_limit(-ordered[::-1], 1 - share, alpha)


def quantile_of(ordered: Floats, share: float) -> float:
    """The quantile as numpy interpolates it; inf as soon as a value at infinity takes part."""
    finite = ordered[np.isfinite(ordered)]
    highest = math.ceil((len(ordered) - 1) * share - 1e-9)
    if highest >= len(finite):
        return math.inf
    padded = np.concatenate([finite, np.full(len(ordered) - len(finite), finite[-1])])
    return float(np.quantile(padded, share))


@lru_cache(maxsize=4096)
def _rank(n: int, share: float, alpha: float) -> int:
    """From 0: the highest rank whose value is above the true quantile with probability `alpha` at most; -1 for none."""
    from scipy.stats import binom

    rank = int(binom.ppf(alpha, n, share))
    return rank if binom.cdf(rank, n, share) <= alpha else rank - 1


def _estimate(sample: Sample, share: float) -> Quantile | None:
    if sample.n == 0:
        return None
    ms = quantile_of(sample.least(), share)
    return Quantile(ms=ms, censored=ms != quantile_of(sample.most(), share))
