"""Is B worse than A: every test of a comparison, and one answer.

Durations are compared with what A allows, A times 1 + margin, so that the error of A's own estimate counts. B's median
or quantile above that is `worse`, below it `no worse`. Losses have no margin in B's favour: more losing trials than A
by Fisher's exact test are `worse`, however few; for `no worse` the share must be known to within `loss_margin`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.arm import MOST_REFUSED, Arm
from redis_resilience.statistics.budgets import DURATIONS
from redis_resilience.statistics.counts import per_trial_p
from redis_resilience.statistics.differences import Difference, quantile_difference
from redis_resilience.statistics.gate import Answer, Decision, overall, quantile_gate, share_gate, together
from redis_resilience.statistics.quantiles import FEW

QUANTILES: Mapping[str, tuple[str, float]] = {
    "outage.median": ("outage", 0.5),
    "outage.p95": ("outage", 0.95),
    "first_switch.median": ("first_switch", 0.5),
    "first_switch.p95": ("first_switch", 0.95),
}
LOSING, LOST = "losing", "lost"
_RELATIVE = re.compile(r"\s*(\S+?)\s*<=\s*A(?:\s*\+\s*(\d+(?:\.\d+)?)\s*%)?\s*")
TESTS = (*QUANTILES, LOSING, LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """margin: how much longer B may be, as a share of A; margins: of single tests, instead. tests: those that count.

    loss_margin: how much larger B's share of losing trials may be for `no worse`.
    """

    margin: float = 0.1
    margins: Mapping[str, float] = field(default_factory=dict)
    loss_margin: float = 0.05
    tests: tuple[str, ...] = TESTS

    def margin_of(self, test: str) -> float:
        return self.margins.get(test, self.margin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """decision: by the margin. seen: B minus A itself, None of lost writes.

    one_sided: it can show that B is worse, never that it is not: it does not hold up `no worse`.
    """

    scenario: str
    test: str
    decision: Decision
    seen: Difference | None
    one_sided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """tested: of all scenarios, adjusted among each other. because: what held up a clear answer; "" if nothing did."""

    answer: Answer
    tested: tuple[Tested, ...]
    alpha: float
    because: str = ""


def parse_margin(text: str) -> tuple[str, float] | None:
    """Test and margin of "first_switch.p95 <= A + 20%"; None where the limit is not relative to A.

    Raises UsageError for a relative limit of anything but the tests of quantiles.
    """
    found = _RELATIVE.fullmatch(text)
    if not found:
        return None
    if found[1] not in QUANTILES:
        raise UsageError(
            f"budget {text!r}: expected a limit relative to A of: {', '.join(QUANTILES)}; got {found[1]!r}"
        )
    return found[1], float(found[2] or 0) / 100


def compare(pairs: Mapping[str, tuple[Arm, Arm]], terms: Terms, *, alpha: float = 0.05) -> Compared:
    """pairs: the two sides by scenario. alpha: of this look; of all its tests together, by Holm's adjustment.

    Where a side has more than `MOST_REFUSED` refused trials, nothing is `no worse`.
    """
    tested = [each for name, (a, b) in pairs.items() for each in _tests(name, a, b, terms, alpha)]
    adjusted = together([each.decision for each in tested])
    tested = [replace(each, decision=decision) for each, decision in zip(tested, adjusted, strict=True)]
    counted = [each.decision for each in tested if not each.one_sided or each.decision.answer is Answer.WORSE]
    answer, because = overall(counted), ""
    if answer is Answer.NO_WORSE and (hidden := _hidden(pairs)):
        answer, because = Answer.CANNOT_TELL, hidden
    return Compared(answer=answer, tested=tuple(tested), alpha=alpha, because=because)


def _tests(scenario: str, a: Arm, b: Arm, terms: Terms, alpha: float) -> Sequence[Tested]:
    """Of the terms' tests those for which this scenario has anything: no switch in either side is no difference."""
    found = []
    for test in terms.tests:
        if test in QUANTILES:
            quantity, share = QUANTILES[test]
            of_a, of_b = DURATIONS[quantity](a), DURATIONS[quantity](b)
            if of_a.n or of_b.n:
                allowed = of_a.times(1 + terms.margin_of(test))
                decision = quantile_gate(allowed, of_b, share, margin_ms=0, alpha=alpha)
                seen = quantile_difference(of_a, of_b, share, alpha=alpha)
                found.append(Tested(scenario=scenario, test=test, decision=decision, seen=seen))
        elif test == LOSING:
            found.append(_losing(scenario, a, b, terms.loss_margin, alpha))
        else:
            found.append(_lost(scenario, a, b, alpha))
    return found


def _losing(scenario: str, a: Arm, b: Arm, margin: float, alpha: float) -> Tested:
    """Any increase that is certain is `worse`."""
    within = share_gate(a.losing, b.losing, margin=margin, alpha=alpha)
    exact = share_gate(a.losing, b.losing, margin=0, alpha=alpha)
    decision = within
    if within.difference and exact.difference:
        worse = exact.difference.p_above <= alpha
        answer = Answer.WORSE if worse else Answer.CANNOT_TELL if within.answer is Answer.WORSE else within.answer
        difference = replace(within.difference, p_above=exact.difference.p_above)
        decision = replace(within, answer=answer, difference=difference, because="" if worse else within.because)
    return Tested(scenario=scenario, test=LOSING, decision=decision, seen=exact.difference)


def _lost(scenario: str, a: Arm, b: Arm, alpha: float) -> Tested:
    """Lost writes in each trial, by permutation of whole trials."""
    if min(len(a.lost), len(b.lost)) < FEW:
        because = (
            f"too few trials: {FEW} or more are needed of each; there are {len(a.lost)} of A and {len(b.lost)} of B"
        )
        return Tested(
            scenario=scenario,
            test=LOST,
            decision=Decision(answer=Answer.CANNOT_TELL, n_a=len(a.lost), n_b=len(b.lost), because=because),
            seen=None,
            one_sided=True,
        )
    p_above = per_trial_p(a.lost, b.lost)
    mean = sum(b.lost) / len(b.lost) - sum(a.lost) / len(a.lost)
    difference = Difference(
        method="permutation of trials",
        alpha=alpha,
        margin=0.0,
        estimate=mean,
        lower=None,
        upper=None,
        p_above=p_above,
        p_below=1.0,
    )
    worse = p_above <= alpha
    decision = Decision(
        answer=Answer.WORSE if worse else Answer.CANNOT_TELL,
        n_a=len(a.lost),
        n_b=len(b.lost),
        difference=difference,
        because="" if worse else "no more writes are lost in each trial than chance explains",
    )
    return Tested(scenario=scenario, test=LOST, decision=decision, seen=difference, one_sided=True)


def _hidden(pairs: Mapping[str, tuple[Arm, Arm]]) -> str:
    """Why refused trials forbid `no worse`; "" where they do not."""
    for scenario, sides in pairs.items():
        for name, side in zip("AB", sides, strict=True):
            if side.too_many_refused:
                share = f"{side.refused} of {side.n} trials of {name} were refused, more than {MOST_REFUSED:.0%}"
                return f"{scenario}: {share}: what they would have shown is not known"
    for scenario, (_, b) in pairs.items():
        if b.refused_unended:
            return f"{scenario}: {b.refused_unended} refused trials of B ended before writes came back"
        if b.refused_lost:
            return f"{scenario}: refused trials of B found {b.refused_lost} writes lost"
        if b.loss_not_known:
            return f"{scenario}: what was lost is not known of {b.loss_not_known} trials of B"
    return ""
