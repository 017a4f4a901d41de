from __future__ import annotations

from dataclasses import replace
from typing import Any

from redis_resilience.model.tried import Ended, Tried
from redis_resilience.model.verdict import Finding, Verdict
from redis_resilience.statistics.quantiles import Quantile
from redis_resilience.statistics.rows import summarise


def test_trials_of_another_topology_or_profile_have_a_row_of_their_own(make: Any) -> None:
    plans = [make.plan(), make.plan(profile="documented"), make.plan(topology="operator"), make.plan()]

    rows = summarise(Tried(plan, make.judgement()) for plan in plans)

    assert [(row.topology, row.profile, row.n) for row in rows] == [
        ("statefulset", "fast", 2),
        ("statefulset", "documented", 1),
        ("operator", "fast", 1),
    ]


def test_a_row_counts_verdicts_and_losses_and_takes_the_worst_noise(make: Any) -> None:
    judged = [
        make.judgement(),
        make.judgement(verdict=Verdict.FAIL, writes=make.writes(3)),
        make.judgement(availability=make.availability(noise_ms=9.0, scheduling_delay_p99_ms=21.0)),
    ]

    (row,) = summarise(Tried(make.plan(), judgement) for judgement in judged)

    assert (row.passed, row.unknown, row.failed, row.lost) == (2, 0, 1, 3)
    assert (row.noise_ms, row.scheduling_delay_p99_ms) == (9.0, 21.0)


def test_no_number_of_a_refused_trial_enters_a_row(make: Any) -> None:
    """With the refused trial or without it, every number is the same; only the counts of trials differ."""
    judged = [make.judgement(), make.judgement(verdict=Verdict.FAIL, writes=make.writes(3))]
    refused = make.judgement(
        verdict=Verdict.UNKNOWN,
        writes=make.writes(50),
        availability=make.availability(90_000.0, noise_ms=70.0, scheduling_delay_p99_ms=80.0),
        timeline=make.timeline({"fault_at": 0.0, "first_switch_at": 60_000.0, "last_switch_at": 61_000.0}),
        findings=(Finding(name="ledger.lost", verdict=Verdict.UNKNOWN, text="no server was read"),),
    )

    (row,) = summarise(Tried(make.plan(), judgement) for judgement in (*judged, refused))
    (without,) = summarise(Tried(make.plan(), judgement) for judgement in judged)

    assert (row.n, row.judged, row.unknown) == (3, 2, 1)
    assert replace(row, n=2, unknown=0, refused=0, refused_lost=0, ended=without.ended) == without
    assert row.refused_lost == 50


def test_a_refused_trial_without_an_end_is_no_bound_but_is_counted(make: Any) -> None:
    """A trial in which writes never came back must not vanish, though its number says nothing."""
    refused = make.judgement(verdict=Verdict.UNKNOWN, availability=make.availability(30_000.0, censored=True))

    (row,) = summarise([Tried(make.plan(), make.judgement()), Tried(make.plan(), refused)])

    assert (row.outage.n, row.outage.censored) == (1, 0)
    assert row.refused_unended == 1


def test_a_judged_trial_without_an_end_is_a_bound(make: Any) -> None:
    failed = make.judgement(verdict=Verdict.FAIL, availability=make.availability(30_000.0, censored=True))

    (row,) = summarise([Tried(make.plan(), make.judgement()), Tried(make.plan(), failed)])

    assert row.outage.maximum == Quantile(ms=30_000.0, censored=True)


def test_where_every_trial_is_refused_there_is_no_number(make: Any) -> None:
    """Nothing judged is not "0 lost"."""
    (row,) = summarise([Tried(make.plan(), make.judgement(verdict=Verdict.UNKNOWN))])

    assert (row.n, row.judged) == (1, 0)
    assert (row.lost, row.noise_ms, row.scheduling_delay_p99_ms, row.outage.n) == (None, None, None, 0)


def test_a_predicted_switch_that_never_came_is_censored_where_the_watching_ended(make: Any) -> None:
    """The load went on to 4 s after the fault without an acknowledgement, and no Sentinel switched."""
    missed = make.judgement(
        timeline=make.timeline({"fault_at": 0.0}),
        phases=(make.phase("first_switch_at", "promoted_at", 0, 1200, measured_ms=None, inside=False),),
        availability=make.availability(4000.6, censored=True),
    )

    (row,) = summarise([Tried(make.plan(), make.judgement()), Tried(make.plan(), missed)])

    assert (row.first_switch.n, row.first_switch.censored) == (2, 1)
    assert row.first_switch.maximum == Quantile(ms=4000.0, censored=True)


def test_a_switch_that_nobody_predicted_is_not_missing(make: Any) -> None:
    calm = make.judgement(timeline=make.timeline({"fault_at": 0.0}), phases=())

    (row,) = summarise([Tried(make.plan(), calm)])

    assert row.first_switch.n == 0


def test_a_trial_without_an_outage_to_measure_adds_no_zero(make: Any) -> None:
    unmeasured = make.judgement(availability=make.availability(0.0, gap=None))

    (row,) = summarise([Tried(make.plan(), make.judgement()), Tried(make.plan(), unmeasured)])

    assert row.outage.n == 1


def test_a_proven_fail_in_a_trial_that_was_not_sound_enters_no_number(make: Any) -> None:
    """A write is lost whether the load was late or not; how long the outage was is the late load's doing."""
    late = Finding(name="assumptions.punctual", verdict=Verdict.UNKNOWN, text="the load was late")
    judgement = make.judgement(
        verdict=Verdict.FAIL, assumptions=(late,), availability=make.availability(90_000.0), writes=make.writes(3)
    )

    (row,) = summarise([Tried(make.plan(), judgement)])

    assert (row.failed, row.refused, row.judged, row.outage.n, row.lost, row.refused_lost) == (1, 1, 0, 0, None, 3)


def test_tests_of_one_name_in_two_files_have_a_row_each(make: Any) -> None:
    """Named with their files where that is needed to distinguish them; the trials of one test share its row."""
    tried = [Tried(make.plan(), make.judgement(), f"{file}.py::test_x") for file in ("a", "b", "a")]

    assert [(row.scenario, row.n) for row in summarise(tried)] == [
        (f"{make.plan().scenario} of a.py", 2),
        (f"{make.plan().scenario} of b.py", 1),
    ]


def test_how_pytest_ended_the_tests_is_counted(make: Any) -> None:
    tried = [Tried(make.plan(), make.judgement(), "t", ended) for ended in (Ended.FAILED, Ended.PASSED, Ended.FAILED)]

    (row,) = summarise(tried)

    assert row.ended == {Ended.FAILED: 2, Ended.PASSED: 1}
    assert row.passed == 3
