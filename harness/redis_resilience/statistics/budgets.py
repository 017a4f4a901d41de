"""A budget in words, `outage.p95 <= 5s`, and whether trials keep it: yes, no, or cannot tell.

A quantile is a claim about all trials that could be run: it is met or exceeded where its confidence limit lies on that
side of the limit, not where the trials at hand happen to. `max`, `lost` and `refused` are of the trials at hand.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from redis_resilience.model.errors import UsageError
from redis_resilience.model.verdict import Finding, Verdict
from redis_resilience.statistics.arm import MOST_REFUSED, Arm
from redis_resilience.statistics.differences import quantile_above
from redis_resilience.statistics.intervals import trials_for_limits
from redis_resilience.statistics.proportions import lower_share, upper_share
from redis_resilience.statistics.sample import Sample

DURATIONS: Mapping[str, Callable[[Arm], Sample]] = {
    "outage": lambda arm: arm.outage,
    "first_switch": lambda arm: arm.first_switch,
    "last_switch": lambda arm: arm.last_switch,
}
COUNTS = ("lost",)
SHARES = ("losing", "refused")
_UNITS_MS = {"ms": 1.0, "s": 1e3, "min": 6e4}
_SHAPE = re.compile(r"\s*([A-Za-z_]+)(?:\.(\w+))?\s*([<>=!]+)\s*(.*?)\s*")
_LIMIT = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|%)?")
_QUANTILE = re.compile(r"p([1-9]\d?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """share: of the quantile (p95: 0.95); None: the maximum, or no duration. limit: ms, writes, or a share of trials.

    strict: below the limit, not at it.
    """

    text: str
    quantity: str
    share: float | None
    strict: bool
    limit: float


def parse_budget(text: str) -> Budget:
    """Raises UsageError that names the nearest word, or the unit that is missing."""
    found = _SHAPE.fullmatch(text)
    if not found:
        raise UsageError(f"expected a budget, as in 'outage.p95 <= 5s' or 'lost == 0'; got {text!r}")
    quantity, statistic, operator, limit = found[1], found[2] or "", found[3], found[4]
    known = (*DURATIONS, *COUNTS, *SHARES)
    if quantity not in known:
        raise UsageError(
            f"budget {text!r}: expected one of: {', '.join(known)}; got {quantity!r}{_near(quantity, known)}"
        )
    share = share_of(statistic, text) if quantity in DURATIONS else None
    if statistic and quantity not in DURATIONS:
        raise UsageError(f"budget {text!r}: expected {quantity!r} by itself; got {quantity}.{statistic}")
    operators = ("<=", "<", "==") if quantity in COUNTS else ("<=", "<")
    if operator not in operators:
        raise UsageError(f"budget {text!r}: expected {' or '.join(operators)}; got {operator!r}")
    number = _limit(limit, quantity, text)
    if operator == "==" and number != 0:
        raise UsageError(f"budget {text!r}: expected == 0, or <= and the most that may be lost; got == {limit}")
    return Budget(text=" ".join(text.split()), quantity=quantity, share=share, strict=operator == "<", limit=number)


def share_of(statistic: str, text: str) -> float | None:
    """Of the quantile: 0.5 of median, 0.95 of p95; None of max. Raises UsageError for anything else."""
    if statistic in ("median", "max"):
        return {"median": 0.5, "max": None}[statistic]
    if found := _QUANTILE.fullmatch(statistic):
        return int(found[1]) / 100
    known = ("median", "p95", "max")
    got = repr(statistic) if statistic else "none"
    raise UsageError(
        f"budget {text!r}: expected a statistic, one of median, p1 to p99, max; got {got}{_near(statistic, known)}"
    )


def judge_budget(budget: Budget, arm: Arm, *, alpha: float = 0.05) -> Finding:
    """pass: kept. fail: exceeded. unknown: too few trials, or too many refused ones, to be sure."""
    if budget.quantity in DURATIONS:
        sample = DURATIONS[budget.quantity](arm)
        verdict, text = _quantile(budget, sample, alpha) if budget.share is not None else _maximum(budget, sample)
    elif budget.quantity == "lost":
        verdict, text = _lost(budget, arm)
    elif budget.quantity == "losing":
        verdict, text = _losing(budget, arm, alpha)
    else:
        seen = arm.refused / arm.n if arm.n else 1.0
        verdict, text = _side(budget, seen), f"{arm.refused} of {arm.n} trials were refused"
    if verdict is Verdict.PASS and budget.quantity != "refused" and (hidden := "; ".join(_hidden(budget, arm))):
        verdict, text = Verdict.UNKNOWN, f"{text}, but {hidden}"
    return Finding(name=budget.text, verdict=verdict, text=text)


def _hidden(budget: Budget, arm: Arm) -> Iterable[str]:
    """What refused trials may hide, so that a budget that seems kept is not known to be."""
    if arm.too_many_refused:
        yield f"{arm.refused} of {arm.n} trials were refused, more than {MOST_REFUSED:.0%}"
    if budget.quantity in DURATIONS and arm.refused_unended:
        yield f"of the refused trials {arm.refused_unended} ended before writes came back"
    if budget.quantity not in DURATIONS and arm.refused_lost:
        yield f"refused trials found {arm.refused_lost} writes lost"
    if budget.quantity not in DURATIONS and arm.loss_not_known:
        yield f"what was lost is not known of {arm.loss_not_known} trials"


def _quantile(budget: Budget, sample: Sample, alpha: float) -> tuple[Verdict, str]:
    share = budget.share or 0.0
    if not sample.n:
        return Verdict.UNKNOWN, f"no trial that counts has {budget.quantity}"
    found = quantile_above(sample, share, limit_ms=budget.limit, alpha=alpha)
    level = f"at {1 - alpha:.0%} confidence, {sample.n} trials"
    seen = f"estimate {found.estimate:.0f} ms, " if found.estimate is not None else ""
    if found.p_above <= alpha:
        return Verdict.FAIL, f"{seen}at least {found.lower:.0f} ms {level}"
    if found.p_below <= alpha:
        return Verdict.PASS, f"{seen}at most {found.upper:.0f} ms {level}"
    needed = trials_for_limits(share, alpha)
    if found.upper is None and sample.n < needed:
        return Verdict.UNKNOWN, f"{seen}{sample.n} trials; {needed} or more are needed to be sure of this quantile"
    limits = " to ".join("?" if each is None else f"{each:.0f}" for each in (found.lower, found.upper))
    return Verdict.UNKNOWN, f"{seen}{limits} ms {level}: the limit lies between"


def _maximum(budget: Budget, sample: Sample) -> tuple[Verdict, str]:
    if not sample.n:
        return Verdict.UNKNOWN, f"no trial that counts has {budget.quantity}"
    least = float(sample.least()[-1])
    verdict = _side(budget, least)
    if verdict is Verdict.PASS and sample.censored:
        return Verdict.UNKNOWN, f"{sample.censored} of {sample.n} trials ended first, the longest after {least:.0f} ms"
    return verdict, f"longest {least:.0f} ms of {sample.n} trials"


def _lost(budget: Budget, arm: Arm) -> tuple[Verdict, str]:
    if not arm.lost:
        return Verdict.UNKNOWN, "what was lost is not known of any judged trial"
    lost = sum(arm.lost)
    at_most = upper_share(arm.losing, 0.05)
    text = f"{lost} lost in {arm.losing.events} of {arm.losing.n} trials"
    return _side(budget, lost), f"{text}; at most {at_most:.2%} of trials lose writes, at 95% confidence"


def _losing(budget: Budget, arm: Arm, alpha: float) -> tuple[Verdict, str]:
    least, most = lower_share(arm.losing, alpha), upper_share(arm.losing, alpha)
    limits = f"{least:.2%} to {most:.2%} at {1 - alpha:.0%} confidence"
    text = f"{arm.losing.events} of {arm.losing.n} trials lost writes: {limits}"
    if _side(budget, most) is Verdict.PASS:
        return Verdict.PASS, text
    return (Verdict.FAIL if least > budget.limit else Verdict.UNKNOWN), text


def _side(budget: Budget, seen: float) -> Verdict:
    kept = seen < budget.limit if budget.strict else seen <= budget.limit
    return Verdict.PASS if kept else Verdict.FAIL


def _limit(limit: str, quantity: str, text: str) -> float:
    found = _LIMIT.fullmatch(limit)
    number, unit = (float(found[1]), found[2] or "") if found else (0.0, "")
    if quantity in DURATIONS:
        if not found or unit not in _UNITS_MS:
            raise UsageError(
                f"budget {text!r}: expected a duration with its unit, as in 500ms, 5s or 1min; got {limit!r}"
            )
        return number * _UNITS_MS[unit]
    if quantity in SHARES:
        if not found or unit != "%" or number > 100:
            raise UsageError(f"budget {text!r}: expected a share of the trials from 0% to 100%; got {limit!r}")
        return number / 100
    if not found or unit or number % 1:
        raise UsageError(f"budget {text!r}: expected a whole number of writes; got {limit!r}")
    return number


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
