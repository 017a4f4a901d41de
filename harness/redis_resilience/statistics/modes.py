"""Trials grouped by what made them long: each named mechanism is a mode of its own, not averaged away.

A failover whose election failed once takes one failover-timeout more. Its median with the others' describes neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from redis_resilience.model.verdict import Judgement
from redis_resilience.statistics.quantiles import Spread, spread
from redis_resilience.statistics.rows import is_refused

AS_PREDICTED = ""
"""The mode of trials in which no phase was outside its bounds."""

_FIGURE = re.compile(r"(?<![A-Za-z])\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """mechanism: the causes of phases outside their bounds, without figures. share: of all judged trials."""

    mechanism: str
    n: int
    share: float
    outage: Spread


def modes(judgements: Iterable[Judgement]) -> tuple[Mode, ...]:
    """The modes of the judged trials, the commonest first; refused trials belong to none."""
    groups: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        if not is_refused(judgement):
            groups.setdefault(mechanism(judgement), []).append(judgement)
    total = sum(map(len, groups.values()))
    found = (
        Mode(mechanism=name, n=len(group), share=len(group) / total, outage=_outage(group))
        for name, group in groups.items()
    )
    return tuple(sorted(found, key=lambda mode: (-mode.n, mode.mechanism)))


def mechanism(judgement: Judgement) -> str:
    """What put phases outside their bounds, each cause once; figures, which differ from trial to trial, become "…"."""
    causes = (phase.cause for phase in judgement.phases if not phase.inside and phase.cause)
    return "; ".join(dict.fromkeys(_FIGURE.sub("…", cause) for cause in causes)) or AS_PREDICTED


def _outage(judgements: Iterable[Judgement]) -> Spread:
    outages = [judgement.availability for judgement in judgements if judgement.availability.gap]
    return spread(
        [outage.outage_ms for outage in outages if not outage.censored],
        [outage.outage_ms for outage in outages if outage.censored],
    )
