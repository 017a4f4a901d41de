"""B beside A: how much longer, with one-sided limits and the significance of each direction. Positive: B is longer.

Censored values count where they favour no claim: at their bound or at infinity, whichever makes the limit wider and
the p-value larger. So every limit holds whatever ended those trials.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from redis_resilience.statistics.intervals import lower_limit, quantile_of, upper_limit
from redis_resilience.statistics.proportions import Count, lower_share, upper_share
from redis_resilience.statistics.sample import Floats, Sample, check_share

NO_EVIDENCE = 1.0
_HIGHEST = 0.5
"""Beyond this a significance counts as none."""
_HALVINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """B minus A, in the unit of what is compared: ms, or a share of trials.

    lower, upper: one-sided limits, each at 1 - alpha; None where there is none. estimate: None where censored values
    could move it. p_above, p_below: significance of "B minus A is above the margin" and of "it is below".
    """

    method: str
    alpha: float
    margin: float
    estimate: float | None
    lower: float | None
    upper: float | None
    p_above: float
    p_below: float


def shift(a: Sample, b: Sample, *, margin_ms: float = 0.0, alpha: float = 0.05) -> Difference:
    """How much longer B's trials are, one and all: Hodges-Lehmann, with limits and p-values of Mann and Whitney's test.

    Hodges and Lehmann, Ann. Math. Statist. 34 (1963); limits as in Hollander, Wolfe and Chicken, section 4.3, by the
    normal approximation with continuity correction, good from 8 trials each on; p-values by scipy.stats.mannwhitneyu.
    Raises UsageError for an alpha outside (0, 1).
    """
    from scipy.stats import mannwhitneyu, norm

    check_share("alpha", alpha)
    if not a.n or not b.n:
        return _nothing("Hodges-Lehmann", alpha, margin_ms)
    lowest = np.sort(np.subtract.outer(b.least(), a.most()), axis=None)
    highest = np.sort(np.subtract.outer(b.most(), a.least()), axis=None)
    pairs = a.n * b.n
    spread_u = math.sqrt(pairs * (a.n + b.n + 1) / 12)
    rank = math.floor(pairs / 2 - float(norm.isf(alpha)) * spread_u + 0.5)
    least, most = _median(lowest), _median(highest)
    return Difference(
        method="Hodges-Lehmann",
        alpha=alpha,
        margin=margin_ms,
        estimate=least if least == most else None,
        lower=_limit(lowest[rank - 1]) if rank >= 1 else None,
        upper=_limit(highest[pairs - rank]) if rank >= 1 else None,
        p_above=float(mannwhitneyu(b.least() - margin_ms, a.most(), alternative="greater").pvalue),
        p_below=float(mannwhitneyu(b.most() - margin_ms, a.least(), alternative="less").pvalue),
    )


def quantile_difference(
    a: Sample, b: Sample, share: float, *, margin_ms: float = 0.0, alpha: float = 0.05
) -> Difference:
    """How much longer the quantile `share` of B is, by the limits of each arm's quantile.

    Limits of order statistics, combined by variance recovery: Zou and Donner, Statist. Med. 27 (2008). Nothing is
    resampled, no distribution is assumed, and there is no limit where an arm has too few trials for its own. Raises
    UsageError for a share or alpha outside (0, 1).
    """
    check_share("share", share)
    check_share("alpha", alpha)
    method = f"order statistics of the quantile {share:g}"
    if not a.n or not b.n:
        return _nothing(method, alpha, margin_ms)
    (a_least, a_most), (b_least, b_most) = (a.least(), a.most()), (b.least(), b.most())
    low_a, high_a = quantile_of(a_least, share), quantile_of(a_most, share)
    low_b, high_b = quantile_of(b_least, share), quantile_of(b_most, share)

    def lower(alpha: float) -> float:
        below, above = lower_limit(b_least, share, alpha), upper_limit(a_most, share, alpha)
        return _recovered(low_b, below, high_a, above)

    def upper(alpha: float) -> float:
        below, above = lower_limit(a_least, share, alpha), upper_limit(b_most, share, alpha)
        return -_recovered(low_a, below, high_b, above)

    certain = low_a == high_a and low_b == high_b
    return _by_limits(
        method,
        alpha=alpha,
        margin=margin_ms,
        estimate=low_b - low_a if certain else None,
        lower=lower,
        upper=upper,
    )


def quantile_above(b: Sample, share: float, *, limit_ms: float, alpha: float = 0.05) -> Difference:
    """The quantile `share` of B beside a fixed limit, which takes the place of the margin; A is 0.

    Raises UsageError for a share or alpha outside (0, 1).
    """
    check_share("share", share)
    check_share("alpha", alpha)
    method = f"order statistics of the quantile {share:g}"
    if not b.n:
        return _nothing(method, alpha, limit_ms)
    least, most = b.least(), b.most()
    low, high = quantile_of(least, share), quantile_of(most, share)
    return _by_limits(
        method,
        alpha=alpha,
        margin=limit_ms,
        estimate=low if low == high else None,
        lower=lambda alpha: lower_limit(least, share, alpha),
        upper=lambda alpha: upper_limit(most, share, alpha),
    )


def share_difference(a: Count, b: Count, *, margin: float = 0.0, alpha: float = 0.05) -> Difference:
    """How many more of B's trials have the event, as a share.

    Limits of Clopper and Pearson, combined by variance recovery. p_above is never below that of Fisher's exact test of
    "no more often", though the limits, which are wider, may include 0 where that test is significant. Raises UsageError
    for an alpha outside (0, 1).
    """
    from scipy.stats import fisher_exact

    check_share("alpha", alpha)
    if not a.n or not b.n:
        return _nothing("Fisher", alpha, margin)
    share_a, share_b = a.events / a.n, b.events / b.n

    def lower(alpha: float) -> float:
        return _recovered(share_b, lower_share(b, alpha), share_a, upper_share(a, alpha))

    def upper(alpha: float) -> float:
        return -_recovered(share_a, lower_share(a, alpha), share_b, upper_share(b, alpha))

    found = _by_limits("Fisher", alpha=alpha, margin=margin, estimate=share_b - share_a, lower=lower, upper=upper)
    table = [[b.events, b.n - b.events], [a.events, a.n - a.events]]
    exact = float(fisher_exact(table, alternative="greater").pvalue)
    return replace(found, p_above=exact if margin == 0 else max(exact, found.p_above))


def _median(differences: Floats) -> float:
    """The median of sorted differences, some of which may be at infinity on either side."""
    middle = len(differences) // 2
    upper = float(differences[middle])
    lower = float(differences[middle - (len(differences) + 1) % 2])
    return upper if lower == upper else (lower + upper) / 2


def _recovered(plus: float, plus_limit: float, minus: float, minus_limit: float) -> float:
    """The lower limit of `plus - minus`, by the lower limit of the one and the upper limit of the other."""
    if math.isinf(plus_limit) or math.isinf(minus_limit) or math.isinf(minus):
        return -math.inf
    return plus - minus - math.hypot(max(plus - plus_limit, 0.0), max(minus_limit - minus, 0.0))


def _by_limits(
    method: str,
    *,
    alpha: float,
    margin: float,
    estimate: float | None,
    lower: Callable[[float], float],
    upper: Callable[[float], float],
) -> Difference:
    return Difference(
        method=method,
        alpha=alpha,
        margin=margin,
        estimate=estimate,
        lower=_limit(lower(alpha)),
        upper=_limit(upper(alpha)),
        p_above=_significance(lambda level: lower(level) > margin),
        p_below=_significance(lambda level: upper(level) < margin),
    )


def _significance(is_clear: Callable[[float], bool]) -> float:
    """The smallest alpha whose limit is clear of the margin, rounded up."""
    if not is_clear(_HIGHEST):
        return NO_EVIDENCE
    low, high = 0.0, _HIGHEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if is_clear(middle) else (middle, high)
    return high


def _limit(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _nothing(method: str, alpha: float, margin: float) -> Difference:
    return Difference(
        method=method,
        alpha=alpha,
        margin=margin,
        estimate=None,
        lower=None,
        upper=None,
        p_above=NO_EVIDENCE,
        p_below=NO_EVIDENCE,
    )
