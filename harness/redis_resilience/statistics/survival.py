"""The share of trials that were over by a given time, with trials among them that ended first (Kaplan-Meier).

It assumes that a trial's end has nothing to do with how long its outage would have lasted, as where every trial is
watched for the same time. Source: Kaplan and Meier, JASA 53 (1958); limits by log(-log), of scipy.stats.ecdf.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from redis_resilience.statistics.quantiles import Quantile
from redis_resilience.statistics.sample import Sample, check_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """share: of trials over by `ms`. lower, upper: pointwise limits; 0 and 1 where the method gives none."""

    ms: float
    share: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecdf:
    """steps: by rising `ms`, one for each distinct value. level: of each step's limits."""

    steps: tuple[Step, ...]
    level: float
    n: int
    censored: int

    def quantile(self, share: float) -> Quantile | None:
        """The first time by which `share` of the trials are over; the last time as a bound where they never are."""
        check_share("share", share)
        if not self.steps:
            return None
        reached = next((step.ms for step in self.steps if step.share >= share - 1e-12), None)
        return Quantile(ms=self.steps[-1].ms, censored=True) if reached is None else Quantile(ms=reached)


def ecdf(sample: Sample, *, level: float = 0.95) -> Ecdf:
    """Raises UsageError for a level outside (0, 1)."""
    from scipy import stats

    check_share("level", level)
    if sample.n == 0:
        return Ecdf(steps=(), level=level, n=0, censored=0)
    data = stats.CensoredData(uncensored=sample.measured_ms, right=sample.bounds_ms)
    over = stats.ecdf(data).cdf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no limits where none or all are over: 0 and 1 below
        limits = over.confidence_interval(level, method="log-log")
    lower = np.nan_to_num(limits.low.probabilities, nan=0.0)
    upper = np.nan_to_num(limits.high.probabilities, nan=1.0)
    rows = zip(over.quantiles, over.probabilities, lower, upper, strict=True)
    return Ecdf(
        steps=tuple(Step(ms=float(ms), share=float(p), lower=float(lo), upper=float(up)) for ms, p, lo, up in rows),
        level=level,
        n=sample.n,
        censored=sample.censored,
    )


def log_rank_p(a: Sample, b: Sample) -> float:
    """Significance of "B's trials last longer than A's" by the log-rank test; 1 where no trial of either was over.

    Strong where B is slower throughout, weak where the curves cross. Source: Mantel, Cancer Chemother. Rep. 50 (1966),
    by scipy.stats.logrank.
    """
    from scipy import stats

    if not a.n or not b.n or not (a.measured_ms or b.measured_ms):
        return 1.0
    arms = [stats.CensoredData(uncensored=arm.measured_ms, right=arm.bounds_ms) for arm in (b, a)]
    with np.errstate(invalid="ignore", divide="ignore"):
        p_value = float(stats.logrank(*arms, alternative="less").pvalue)
    return 1.0 if np.isnan(p_value) else p_value
