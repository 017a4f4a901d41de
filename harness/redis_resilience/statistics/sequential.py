"""Looks at a comparison before all of its trials are in, without more wrong answers than one look has.

Each look has an alpha of its own, and their sum is alpha: whatever is tested, and however the looks depend on each
other, the probability of a wrong answer at any of them is alpha at most (Boole's inequality). How much each look gets
is what O'Brien and Fleming's boundary spends between the looks, by the function of Lan and DeMets, Biometrika 70
(1983): little at first, nearly all at the last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.sample import check_share

MOST_LOOKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """When `trials` of each side are in, the answer is tested at `alpha`."""

    trials: int
    alpha: float


def looks(trials: int, count: int, *, alpha: float = 0.05) -> tuple[Look, ...]:
    """Equally many trials between the looks, the last at `trials` of each side.

    Raises UsageError for fewer than 1 look or more than `MOST_LOOKS`, for no trial, for an alpha outside (0, 1).
    """
    check_share("alpha", alpha)
    if not 1 <= count <= MOST_LOOKS:
        raise UsageError(f"expected 1 to {MOST_LOOKS} looks; got {count}")
    if trials < 1:
        raise UsageError(f"expected 1 trial or more of each side; got {trials}")
    at = sorted({math.ceil(trials * number / count) for number in range(1, count + 1)})
    total = [spent(each / trials, alpha=alpha) for each in at]
    return tuple(
        Look(trials=each, alpha=now - before) for each, now, before in zip(at, total, (0.0, *total[:-1]), strict=True)
    )


def spent(share: float, *, alpha: float = 0.05) -> float:
    """How much of alpha is spent once `share` of the trials are in: 2 - 2 Phi(z(alpha / 2) / sqrt(share))."""
    from scipy.stats import norm

    return float(2 * norm.sf(norm.isf(alpha / 2) / math.sqrt(share)))
