"""How often something happens, and how often it may happen though it was never seen (Clopper-Pearson).

Source: Clopper and Pearson, Biometrika 26 (1934), as quantiles of the beta distribution: the limits of
scipy.stats.binomtest(...).proportion_ci(method="exact") in a hundredth of its time. They are exact and
hold for any n.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.sample import check_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """`events` trials of `n` in which something happened. Raises UsageError unless 0 <= events <= n."""

    events: int
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.events <= self.n:
            raise UsageError(f"expected 0 to n trials with the event; got {self.events} of {self.n}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """share: None of no trial. lower, upper: two-sided limits at `level`. at_most: the one-sided upper limit."""

    events: int
    n: int
    level: float
    share: float | None
    lower: float
    upper: float
    at_most: float


def proportion(count: Count, *, level: float = 0.95) -> Proportion:
    """Raises UsageError for a level outside (0, 1)."""
    check_share("level", level)
    tail = (1 - level) / 2
    return Proportion(
        events=count.events,
        n=count.n,
        level=level,
        share=count.events / count.n if count.n else None,
        lower=lower_share(count, tail),
        upper=upper_share(count, tail),
        at_most=upper_share(count, 1 - level),
    )


def upper_share(count: Count, alpha: float) -> float:
    """The one-sided upper limit, exceeded by the true share with probability `alpha` at most; of no trial 1."""
    from scipy.special import betaincinv

    return 1.0 if count.events == count.n else float(betaincinv(count.events + 1, count.n - count.events, 1 - alpha))


def lower_share(count: Count, alpha: float) -> float:
    """The one-sided lower limit; of no trial 0."""
    return 1 - upper_share(Count(events=count.n - count.events, n=count.n), alpha)


def trials_to_see(share: float, *, level: float = 0.95) -> int:
    """Trials after which something that happens in `share` of them was seen at least once with probability `level`.

    So many trials without the event bound its share below `share`: 59 for 5 %, the "rule of three". Raises UsageError
    for a share or level outside (0, 1).
    """
    check_share("share", share)
    check_share("level", level)
    return math.ceil(math.log(1 - level) / math.log(1 - share) - 1e-9)
