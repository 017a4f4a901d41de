"""Every duration of a trial in one list, which the table and the picture of the phases both show.

First the outage, then the phases that were predicted, then every other instant: what came before it, and that nothing
was predicted of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from redis_resilience.model import instants
from redis_resilience.model.environment import Prediction
from redis_resilience.model.verdict import Judgement
from redis_resilience.pages.lines import place
from redis_resilience.pages.story import outage_ms
from redis_resilience.pages.units import phase_name, spoken

OUTAGE = "outage"
AFTER = "after the failover"
NOT_PREDICTED = "not predicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """In ms. begin_ms: after the fault; None where its begin is not known. least_ms, most_ms: None = not predicted.

    inside: None where there is nothing to compare. censored: the trial ended before.
    """

    name: str
    begin_ms: float | None
    ms: float | None
    error_ms: float
    least_ms: float | None
    most_ms: float | None
    inside: bool | None
    note: str
    censored: bool = False

    @property
    def end_ms(self) -> float:
        return (self.begin_ms or 0.0) + (self.ms or 0.0) + self.error_ms


def durations(judgement: Judgement, prediction: Prediction) -> tuple[Duration, ...]:
    """Empty where no fault took effect: there is nothing to count from."""
    if judgement.timeline.at(instants.FAULT_AT) is None:
        return ()
    return (*_outage(judgement, prediction), *_predicted(judgement), *_others(judgement))


def longest(shown: Iterable[Duration]) -> Duration | None:
    """The longest phase; no sum of several, and not the outage."""
    phases = [each for each in shown if each.name != OUTAGE and each.ms is not None and not _is_total(each)]
    return max(phases, key=lambda each: each.ms or 0.0, default=None)


def _is_total(duration: Duration) -> bool:
    return duration.name == f"{spoken(instants.FAULT_AT)} to {spoken(instants.FIRST_SWITCH_AT)}"


def predicted_outage(judgement: Judgement, prediction: Prediction) -> tuple[float, float] | None:
    """Least and most, in ms, from the fault to the first write at the new master; None where that is not predicted."""
    timeline = judgement.timeline
    chain = (timeline.planned_failover and prediction.planned_failover) or prediction.bounds
    least, most = {instants.FAULT_AT: 0.0}, {instants.FAULT_AT: 0.0}
    for bound in chain:
        if bound.origin not in least:
            continue
        if bound.name not in least or bound.alternative:
            least[bound.name] = max(least[bound.origin] + bound.lower_ms, least.get(bound.name, 0.0))
            most[bound.name] = max(most[bound.origin] + bound.upper_ms, most.get(bound.name, 0.0))
    name = instants.FIRST_WRITE_AT
    return (least[name], most[name] + judgement.availability.spacing_ms) if name in least else None


def _outage(judgement: Judgement, prediction: Prediction) -> Iterable[Duration]:
    ms, availability, fault = outage_ms(judgement), judgement.availability, judgement.timeline.at(instants.FAULT_AT)
    if ms is None or availability.gap is None or fault is None:
        return
    bounds = predicted_outage(judgement, prediction) if judgement.timeline.failover else None
    least, most = bounds or (None, None)
    inside = None if bounds is None else bounds[0] - availability.spacing_ms <= ms <= bounds[1]
    yield Duration(
        name=OUTAGE,
        begin_ms=(availability.gap.begin_ns - fault.at_ns) / 1e6,
        ms=ms,
        error_ms=availability.spacing_ms,
        least_ms=least,
        most_ms=most,
        inside=inside,
        note=NOT_PREDICTED if inside is None else "inside" if inside else "outside",
        censored=availability.censored,
    )


def _predicted(judgement: Judgement) -> Iterable[Duration]:
    for phase in judgement.phases:
        yield Duration(
            name=phase_name(phase),
            begin_ms=judgement.timeline.ms(phase.origin),
            ms=phase.measured_ms,
            error_ms=phase.error_ms,
            least_ms=phase.lower_ms,
            most_ms=phase.upper_ms,
            inside=phase.inside,
            note=place(phase),
        )


def _others(judgement: Judgement) -> Iterable[Duration]:
    """The instants that no predicted phase ends with, each from the one before it."""
    timeline = judgement.timeline
    ends = {phase.name for phase in judgement.phases if phase.measured_ms is not None} & timeline.instants.keys()
    over_ns = max((timeline.instants[name].at_ns for name in ends), default=math.inf)
    ordered = sorted(timeline.instants.items(), key=lambda item: (item[1].at_ns, instants.NAMES.index(item[0])))
    for number, (name, instant) in enumerate(ordered):
        if name in (*ends, instants.FAULT_AT, instants.ASKED_AT) or not number:
            continue
        origin, before = ordered[number - 1]
        yield Duration(
            name=f"{spoken(origin)} to {spoken(name)}",
            begin_ms=timeline.ms(origin),
            ms=instant.ms_after(before),
            error_ms=instant.error_ms + before.error_ms,
            least_ms=None,
            most_ms=None,
            inside=None,
            note=AFTER if instant.at_ns > over_ns else NOT_PREDICTED,
        )
