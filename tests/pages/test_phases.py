"""Table and picture show the same durations: the outage, what was predicted, and every other instant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from redis_resilience.model import instants
from redis_resilience.model.environment import Bound, Prediction
from redis_resilience.pages.phases import AFTER, OUTAGE, durations, longest, predicted_outage


def bound(name: str, origin: str, lower: float, upper: float, *, alternative: bool = False) -> Bound:
    return Bound(name=name, origin=origin, lower_ms=lower, upper_ms=upper, because="", alternative=alternative)


CHAIN = (
    bound("sdown_at", "fault_at", 1000, 1300),
    bound("odown_at", "sdown_at", 0, 1400),
    bound("elected_at", "odown_at", 0, 240),
    bound("promoted_at", "elected_at", 84, 240),
    bound("first_switch_at", "promoted_at", 0, 1240),
    bound("first_write_at", "promoted_at", 0, 1270),
    bound("first_switch_at", "fault_at", 1084, 4420),
)
PREDICTED = Prediction(failover=True, because="", bounds=CHAIN)


def test_the_predicted_outage_is_the_sum_of_the_phases_before_the_first_write(make: Any) -> None:
    """And the load's own spacing: an outage counts from the last acknowledgement before the fault."""
    assert predicted_outage(make.judgement(), PREDICTED) == (1084, 1300 + 1400 + 240 + 240 + 1270 + 1.0)


def test_of_alternatives_the_later_one_holds(make: Any) -> None:
    judgement = make.judgement(timeline=replace(make.timeline(), planned_failover=True))
    requested = Prediction(
        failover=True,
        because="",
        bounds=CHAIN,
        planned_failover=(
            bound("promoted_at", "fault_at", 0, 500),
            bound("first_write_at", "promoted_at", 0, 100, alternative=True),
            bound("first_write_at", "promoted_at", 0, 900, alternative=True),
        ),
    )

    assert predicted_outage(judgement, requested) == (0, 1401.0)


def test_an_outage_of_which_nothing_was_predicted_has_no_bounds(make: Any) -> None:
    outage, *_ = durations(make.judgement(), Prediction(failover=None, because=""))

    assert (outage.name, outage.least_ms, outage.most_ms, outage.inside) == (OUTAGE, None, None, None)


def test_the_measured_outage_stands_beside_the_predicted(make: Any) -> None:
    outage, *_ = durations(make.judgement(), PREDICTED)

    assert (outage.name, outage.least_ms, outage.note) == (OUTAGE, 1084, "inside")
    assert outage.ms == make.judgement().availability.outage_ms


def test_every_instant_ends_a_duration(make: Any) -> None:
    """Or is what they count from."""
    judgement = make.judgement()

    names = {each.name.partition(" to ")[2] for each in durations(judgement, PREDICTED)}

    spoken = {name.removesuffix("_at").replace("_", " ") for name in judgement.timeline.instants}
    assert spoken - names == {"fault"}


def test_what_comes_after_the_last_predicted_instant_is_after_the_failover(make: Any) -> None:
    notes = {each.name: each.note for each in durations(make.judgement(), PREDICTED)}

    assert notes["last switch to redundant"] == AFTER
    assert notes["fault to dead"] == "not predicted"


def test_the_longest_phase_is_one_of_the_table_and_no_sum(make: Any) -> None:
    total = make.phase("first_switch_at", "fault_at", 1084, 4420)
    shown = durations(make.judgement(phases=(*make.judgement().phases, total)), PREDICTED)

    found = longest(shown)

    assert found in shown
    assert found is not None
    assert found.name == "fault to sdown"


def test_without_a_fault_there_is_nothing_to_count_from(make: Any) -> None:
    assert not durations(make.judgement(timeline=make.timeline({})), PREDICTED)
    assert instants.FAULT_AT not in make.timeline({}).instants
