"""Outages: the longest gap between acknowledgements, beside the same machine's noise, censored at the load's end."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.judges import availability
from redis_resilience.model.operations import Cause
from redis_resilience.model.plan import Load, Writers
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import Verdict

MS = 1_000_000
ORIGIN = 5_000 * MS


def seen(story: Any) -> Any:
    return availability.judge(story.reading()).measures


def steady(
    tell: Any, *, outage: tuple[int, int] = (500, 800), every: int = 10, until: int = 1500, **expect: Any
) -> Any:
    """Baseline 0-500, fault at 500; acknowledged 1 ms after each call, except for calls within the outage."""
    story = tell(**expect)
    story.phase(0, "control")
    story.phase(500, "fault")
    story.fault(500)
    for key, at in enumerate(range(0, until, every)):
        gone = outage[0] <= at < outage[1]
        story.write(key, at, cause=Cause.REFUSED if gone else Cause.NONE, server=NO_SERVER if gone else 0)
    return story


def test_the_outage_runs_from_the_last_acknowledgement_to_the_next(tell: Any) -> None:
    told = seen(steady(tell))

    assert (told.outage_ms, told.censored) == (310.0, False)
    assert ((told.gap.begin_ns - ORIGIN) / MS, (told.gap.end_ns - ORIGIN) / MS, told.gap.client) == (491, 801, "all")


def test_the_noise_is_the_longest_gap_before_the_fault(tell: Any) -> None:
    story = steady(tell)
    story.operations = [row for row in story.operations if not 200 * MS <= row[2] - ORIGIN < 250 * MS]

    assert (seen(story).noise_ms, seen(story).outage_ms) == (60.0, 310.0)


def test_a_gap_in_the_control_window_is_no_outage(tell: Any) -> None:
    story = steady(tell, outage=(100, 400))

    assert (seen(story).noise_ms, seen(story).outage_ms) == (310.0, 10.0)


@given(st.integers(1, 400), st.integers(501, 900))
def test_an_outage_that_spans_the_fault_is_found_however_sparse_the_load(tell: Any, before: int, after: int) -> None:
    story = tell()
    story.phase(0, "control")
    story.phase(500, "fault")
    story.fault(500)
    for key, at in enumerate((0, before, after, 1000)):
        story.write(key, at)

    assert seen(story).outage_ms >= after - before


def test_an_outage_that_the_load_did_not_outlive_is_censored(tell: Any) -> None:
    told = seen(steady(tell, outage=(500, 5000)))

    assert told.censored
    assert told.gap.end_ns is None
    assert told.outage_ms == 1490 - 491


def test_without_one_acknowledgement_the_outage_is_censored_too(tell: Any) -> None:
    told = seen(steady(tell, outage=(0, 5000)))

    assert (told.censored, told.outage_ms) == (True, 1490 - 499)


def test_the_end_of_the_load_is_no_outage(tell: Any) -> None:
    """The last acknowledgement lies before the last due time by less than any gap."""
    assert not seen(steady(tell)).censored


def test_unanswered_writes_are_no_acknowledgements(tell: Any) -> None:
    story = steady(tell)
    story.write(900, 650, cause=Cause.TIMEOUT)

    assert seen(story).outage_ms == 310.0


def test_each_writer_has_a_gap_of_its_own_across_its_identities(tell: Any) -> None:
    story = steady(tell)
    story.plan = replace(story.plan, load=Load(writers=(Writers(count=2, rate=100.0),)))
    story.operations = [
        (*row[:5], (index % 2 + 1) + (2 if row[2] - ORIGIN > 700 * MS else 0), *row[6:])
        for index, row in enumerate(story.operations)
    ]

    assert [(gap.client, (gap.end_ns - gap.begin_ns) / MS) for gap in seen(story).by_client] == [
        ("writer 1", 320.0),
        ("writer 2", 320.0),
    ]


def test_pinned_writers_do_not_hide_the_outage_of_those_that_follow_the_master(tell: Any) -> None:
    story = steady(tell)
    pinned = Writers(target="redis-0", count=1, rate=100.0)
    story.plan = replace(story.plan, load=Load(writers=(Writers(count=1, rate=100.0), pinned)))
    for at in range(0, 1500, 10):
        story.write(1000 + at, at, client=2)

    assert (seen(story).outage_ms, len(seen(story).by_client)) == (310.0, 1)


def test_where_all_writers_are_pinned_they_are_the_clients(tell: Any) -> None:
    story = steady(tell)
    story.plan = replace(story.plan, load=Load(writers=(Writers(target="redis-0", count=1, rate=100.0),)))

    assert seen(story).outage_ms == 310.0


def test_the_spacing_is_that_of_the_plan_or_as_measured(tell: Any) -> None:
    story = steady(tell)
    assert seen(story).spacing_ms == 10.0

    story.plan = replace(story.plan, load=Load(writers=(Writers(count=1, rate=0),)))
    assert seen(story).spacing_ms == 10.0


def test_scheduling_delay_is_call_minus_due_of_what_was_sent(tell: Any) -> None:
    story = tell()
    for key in range(100):
        story.write(key, key * 10, late=5.0 if key == 99 else 1.0)
    story.write(500, 500, late=400.0, cause=Cause.WAITING)

    told = seen(story)

    assert (told.scheduling_delay_p50_ms, told.scheduling_delay_max_ms) == (1.0, 5.0)
    assert 1.0 <= told.scheduling_delay_p99_ms <= 5.0


def test_the_control_window_counts_planned_and_acknowledged(tell: Any) -> None:
    told = seen(steady(tell, outage=(100, 200)))

    assert (told.control_planned, told.control_acknowledged) == (50, 40)


def test_what_the_generator_never_issued_was_planned_all_the_same(tell: Any) -> None:
    """A generator that stalled for half the window left no records there."""
    story = steady(tell)
    story.operations = [row for row in story.operations if not 100 * MS <= row[2] - ORIGIN < 400 * MS]

    assert (seen(story).control_planned, seen(story).control_acknowledged) == (50, 20)


@pytest.mark.parametrize(
    ("allowed", "end", "verdict"),
    [
        (None, 800, Verdict.PASS),
        (0.4, 800, Verdict.PASS),
        (0.3, 800, Verdict.FAIL),
        (0.5, 5000, Verdict.FAIL),
        (2.0, 5000, Verdict.UNKNOWN),
    ],
)
def test_the_expectation_on_the_outage(tell: Any, allowed: float | None, end: int, verdict: Verdict) -> None:
    finding = availability.judge(steady(tell, outage=(500, end), max_outage_s=allowed).reading()).findings[0]

    assert finding.verdict is verdict


def test_a_trial_without_operations_or_fault_has_no_outage(tell: Any) -> None:
    told = seen(tell())

    assert (told.outage_ms, told.gap, told.by_client, told.control_planned) == (0.0, None, (), 0)
