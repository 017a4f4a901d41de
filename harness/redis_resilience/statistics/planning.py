"""How many trials of each arm it takes, before the first one is run, and a check of that by simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.gate import Answer, Decision, quantile_gate, shift_gate
from redis_resilience.statistics.quantiles import FEW
from redis_resilience.statistics.sample import Sample, check_share

RANKS = 3 / math.pi
"""Efficiency of Mann and Whitney's test beside the t-test where values are normal (Hodges and Lehmann, 1956)."""
MOST = 20_000
"""More trials than this in each arm are not planned."""
MOST_SIMULATED = 1_024
"""The same for plans by simulation, which take longer to make."""
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Shares of `rounds` simulated comparisons by their answer."""

    worse: float
    no_worse: float
    cannot_tell: float
    rounds: int


def per_arm(effect_ms: float, *, sd_ms: float, margin_ms: float = 0.0, alpha: float = 0.05, power: float = 0.9) -> int:
    """Trials of each arm for which `shift_gate` answers rightly with probability `power` where B is `effect_ms` longer.

    The right answer is `worse` above the margin and `no worse` below it. sd_ms: of both arms' trials; of unequal ones
    the root of their mean square. The two-sample normal formula for a test of ranks, with Guenther's correction for
    small samples (Am. Stat. 35, 1981): n = 2 (z_alpha + z_power)^2 sd^2 / d^2 / RANKS + z_alpha^2 / 4, where d is the
    distance from the margin; never below `FEW`. Raises UsageError for an effect at the margin, an sd of 0 or less, an
    alpha or power outside (0, 1), or more than `MOST`.
    """
    from scipy.stats import norm

    check_share("alpha", alpha)
    check_share("power", power)
    distance_ms = abs(effect_ms - margin_ms)
    if not sd_ms > 0 or not distance_ms > 0:
        raise UsageError(
            f"expected a standard deviation above 0 and an effect that is not the margin; got an sd of {sd_ms:g} ms, "
            f"an effect of {effect_ms:g} ms and a margin of {margin_ms:g} ms"
        )
    z_alpha, z_power = float(norm.isf(alpha)), float(norm.ppf(power))
    needed = 2 * ((z_alpha + z_power) * sd_ms / distance_ms) ** 2 / RANKS + z_alpha**2 / 4
    return _planned(max(FEW, math.ceil(needed)), f"an effect {distance_ms:g} ms from the margin")


def per_arm_by_pilot(
    pilot: Sample,
    *,
    effect_ms: float = 0.0,
    factor: float = 1.0,
    margin_ms: float = 0.0,
    share: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    rounds: int = 400,
    seed: int = 0,
) -> int:
    """The same by simulation from trials already run: for any distribution, quantiles, or a B that is `factor` times A.

    Fewest trials for which `simulated_power` has the answer `worse`, or without an effect `no worse`, in `power` of the
    rounds. Raises UsageError where `MOST_SIMULATED` are not enough, and for what `simulated_power` refuses.
    """
    check_share("power", power)
    changed = effect_ms != 0 or factor != 1

    def enough(n: int) -> bool:
        found = simulated_power(
            pilot,
            n=n,
            effect_ms=effect_ms,
            factor=factor,
            margin_ms=margin_ms,
            share=share,
            alpha=alpha,
            rounds=rounds,
            seed=seed,
        )
        return (found.worse if changed else found.no_worse) >= power

    low, high = FEW - 1, FEW
    while not enough(high):
        low, high = high, 2 * high
        if low >= MOST_SIMULATED:
            raise UsageError(
                f"expected a power of {power:g} with {MOST_SIMULATED} trials of each arm or fewer; the simulation "
                "does not reach it; allow a larger effect or margin"
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def per_arm_of_shares(share_a: float, share_b: float, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Trials of each arm for which Fisher's one-sided exact test finds that B has the event more often.

    By the test's exact power, not by an approximation, which fails for rare events. Raises UsageError for shares that
    are not 0 <= share_a < share_b <= 1, an alpha or power outside (0, 1), or more than `MOST`.
    """
    check_share("alpha", alpha)
    check_share("power", power)
    if not 0 <= share_a < share_b <= 1:
        raise UsageError(f"expected 0 <= share_a < share_b <= 1; got {share_a:g} and {share_b:g}")
    low, high = 1, 2
    while high <= MOST and power_of_shares(share_a, share_b, n=high, alpha=alpha) < power:
        low, high = high, 2 * high
    _planned(low, f"shares of {share_a:g} and {share_b:g}")
    while high - low > 1:
        middle = (low + high) // 2
        enough = power_of_shares(share_a, share_b, n=middle, alpha=alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    return _planned(high, f"shares of {share_a:g} and {share_b:g}")


def power_of_shares(share_a: float, share_b: float, *, n: int, alpha: float = 0.05) -> float:
    """Probability that Fisher's one-sided exact test finds the difference with `n` trials of each arm."""
    from scipy.stats import binom, hypergeom

    counts = np.arange(n + 1)
    of_a, of_b = binom.pmf(counts, n, share_a), binom.pmf(counts, n, share_b)
    events_a, events_b = counts[of_a > _NEGLIGIBLE], counts[of_b > _NEGLIGIBLE]
    p_values = hypergeom.sf(events_b - 1, 2 * n, events_a[:, None] + events_b, n)
    return float(of_a[events_a] @ (p_values <= alpha) @ of_b[events_b])


def simulated_power(
    pilot: Sample,
    *,
    n: int,
    effect_ms: float = 0.0,
    factor: float = 1.0,
    margin_ms: float = 0.0,
    share: float | None = None,
    alpha: float = 0.05,
    rounds: int = 400,
    seed: int = 0,
) -> Power:
    """What the gate answers where B is A's distribution times `factor`, plus `effect_ms`: both arms drawn from `pilot`.

    share: of `quantile_gate`, None for `shift_gate`. The same seed gives the same answer. Without effect it is A
    against A. Raises UsageError for a pilot without a trial.
    """
    if not pilot.n:
        raise UsageError("expected a pilot of a trial or more; got none")
    generator = np.random.default_rng(seed)

    def once() -> Decision:
        a, b = _drawn(pilot, n, generator), _drawn(pilot, n, generator, factor=factor, effect_ms=effect_ms)
        if share is None:
            return shift_gate(a, b, margin_ms=margin_ms, alpha=alpha)
        return quantile_gate(a, b, share, margin_ms=margin_ms, alpha=alpha)

    answers = [once().answer for _ in range(rounds)]
    return Power(
        worse=answers.count(Answer.WORSE) / rounds,
        no_worse=answers.count(Answer.NO_WORSE) / rounds,
        cannot_tell=answers.count(Answer.CANNOT_TELL) / rounds,
        rounds=rounds,
    )


def _drawn(
    pilot: Sample, n: int, generator: np.random.Generator, *, factor: float = 1.0, effect_ms: float = 0.0
) -> Sample:
    values = factor * np.array([*pilot.measured_ms, *pilot.bounds_ms]) + effect_ms
    drawn = generator.integers(pilot.n, size=n)
    ended = drawn < len(pilot.measured_ms)
    return Sample(measured_ms=tuple(values[drawn[ended]]), bounds_ms=tuple(values[drawn[~ended]]))


def _planned(n: int, what: str) -> int:
    if n > MOST:
        raise UsageError(
            f"expected {MOST} trials of each arm or fewer; {what} takes {n} or more; allow a larger effect"
        )
    return n
