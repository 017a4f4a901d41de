"""No worse, worse, or cannot tell: the answer that a difference allows, given the margin that matters.

`worse` says that B exceeds A by more than the margin, `no worse` that it exceeds A by less; each is wrong in a share of
`alpha` at most. Too few trials and limits on both sides of the margin are `cannot tell`, never `no worse`. The tests
are made for one look at the data: looking again and again until one answers makes both wrong more often.
Source: the extension of CONSORT to non-inferiority trials, Piaggio et al., JAMA 308 (2012), figure 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.differences import (
    Difference,
    quantile_above,
    quantile_difference,
    share_difference,
    shift,
)
from redis_resilience.statistics.intervals import trials_for_limits
from redis_resilience.statistics.proportions import Count
from redis_resilience.statistics.quantiles import FEW
from redis_resilience.statistics.sample import Sample


class Answer(StrEnum):
    NO_WORSE = "no worse"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """n_a: None where B is compared with a fixed limit. difference: None where there were too few trials for one.

    because: why the gate cannot tell; "" where it can.
    """

    answer: Answer
    n_a: int | None
    n_b: int
    difference: Difference | None = None
    because: str = ""


def shift_gate(a: Sample, b: Sample, *, margin_ms: float, alpha: float = 0.05) -> Decision:
    """Whether B's trials are longer than A's by more than the margin. Raises UsageError for a margin below 0."""
    _check_margin(margin_ms)
    if min(a.n, b.n) < FEW:
        return _too_few(a.n, b.n, FEW)
    return _decided(shift(a, b, margin_ms=margin_ms, alpha=alpha), a.n, b.n)


def quantile_gate(a: Sample, b: Sample, share: float, *, margin_ms: float, alpha: float = 0.05) -> Decision:
    """Whether the quantile of B exceeds that of A by more than the margin. Raises UsageError for a margin below 0."""
    _check_margin(margin_ms)
    needed = max(FEW, trials_for_limits(share, alpha))
    if min(a.n, b.n) < needed:
        return _too_few(a.n, b.n, needed)
    return _decided(quantile_difference(a, b, share, margin_ms=margin_ms, alpha=alpha), a.n, b.n)


def limit_gate(b: Sample, share: float, *, limit_ms: float, alpha: float = 0.05) -> Decision:
    """Whether the quantile of B alone is above a fixed limit ("outage.p95 <= 5s"): of A there are no trials."""
    needed = max(FEW, trials_for_limits(share, alpha))
    if b.n < needed:
        return _too_few(None, b.n, needed)
    return _decided(quantile_above(b, share, limit_ms=limit_ms, alpha=alpha), None, b.n)


def share_gate(a: Count, b: Count, *, margin: float, alpha: float = 0.05) -> Decision:
    """Whether more of B's trials have the event (a lost write, say). Raises UsageError for a margin below 0."""
    _check_margin(margin)
    if min(a.n, b.n) == 0:
        return _too_few(a.n, b.n, 1)
    return _decided(share_difference(a, b, margin=margin, alpha=alpha), a.n, b.n)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """p-values of a family: those at alpha or below hold one wrong one with probability alpha at most.

    Source: Holm, Scand. J. Statist. 6 (1979).
    """
    ranked = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(ranked):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return tuple(adjusted)


def together(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """The same decisions, `worse` only where it is still clear among so many comparisons.

    `no worse` needs no adjustment: all of them must be, for the whole to be (an intersection-union test).
    """
    p_values = holm([each.difference.p_above if each.difference else 1.0 for each in decisions])
    return tuple(
        replace(
            each,
            answer=Answer.CANNOT_TELL,
            because=f"significant by itself, not among {len(decisions)} comparisons (p = {p:.3g} by Holm)",
        )
        if each.answer is Answer.WORSE and each.difference and p > each.difference.alpha
        else each
        for each, p in zip(decisions, p_values, strict=True)
    )


def overall(decisions: Sequence[Decision]) -> Answer:
    """One answer for all: `worse` where one is, `no worse` where all are. Of nothing: `cannot tell`."""
    answers = {each.answer for each in decisions}
    if Answer.WORSE in answers:
        return Answer.WORSE
    return Answer.NO_WORSE if answers == {Answer.NO_WORSE} else Answer.CANNOT_TELL


def _decided(difference: Difference, n_a: int | None, n_b: int) -> Decision:
    if difference.p_above <= difference.alpha:
        answer, because = Answer.WORSE, ""
    elif difference.p_below <= difference.alpha:
        answer, because = Answer.NO_WORSE, ""
    else:
        answer = Answer.CANNOT_TELL
        what = "B" if n_a is None else "B minus A"
        because = f"{what} may lie on either side of the margin of {difference.margin:g}"
    return Decision(answer=answer, n_a=n_a, n_b=n_b, difference=difference, because=because)


def _too_few(n_a: int | None, n_b: int, needed: int) -> Decision:
    seen = f"{n_b} of B" if n_a is None else f"{n_a} of A and {n_b} of B"
    because = f"too few trials: {needed} or more are needed of each; there are {seen}"
    return Decision(answer=Answer.CANNOT_TELL, n_a=n_a, n_b=n_b, because=because)


def _check_margin(margin: float) -> None:
    if not margin >= 0:
        raise UsageError(f"expected a margin of 0 or more; got {margin:g}")
