from __future__ import annotations

from typing import Any

import pytest

from redis_resilience.model.verdict import Finding, Verdict
from redis_resilience.pages.table import render, spread, summarise


def test_quantiles_of_complete_measurements_are_numpys_own() -> None:
    values = spread([1.0, 2.0, 3.0, 4.0])

    assert (values.n, values.censored) == (4, 0)
    assert values.median is not None
    assert values.maximum is not None
    assert (values.median.ms, values.maximum.ms) == (2.5, 4.0)
    assert not values.median.censored


def test_a_censored_trial_marks_only_the_quantiles_that_it_can_move() -> None:
    """One of ten trials ended too early: the median stands, p95 and maximum are lower bounds."""
    values = spread([float(ms) for ms in range(1, 10)], [30.0])

    assert values.median is not None
    assert values.p95 is not None
    assert values.maximum is not None
    assert (str(values.median), values.median.censored) == ("5.50", False)
    assert values.p95.censored
    assert str(values.maximum) == ">30.0"


def test_an_early_censored_trial_can_move_the_median() -> None:
    """A trial that ended at 1 ms may have become the longest of all."""
    values = spread([10.0, 20.0], [1.0])

    assert values.median is not None
    assert str(values.median) == ">10.0"


def test_only_censored_trials_give_only_lower_bounds() -> None:
    values = spread([], [5.0, 7.0])

    assert [str(quantile)[0] for quantile in (values.median, values.p95, values.maximum)] == [">", ">", ">"]


def test_nothing_measured_has_no_quantile() -> None:
    assert spread([]).median is None


def test_trials_of_another_topology_or_profile_have_a_row_of_their_own(make: Any) -> None:
    plans = [make.plan(), make.plan(profile="documented"), make.plan(topology="operator"), make.plan()]

    rows = summarise((plan, make.judgement()) for plan in plans)

    assert [(row.topology, row.profile, row.n) for row in rows] == [
        ("statefulset", "fast", 2),
        ("statefulset", "documented", 1),
        ("operator", "fast", 1),
    ]


def test_a_row_counts_verdicts_and_losses_and_takes_the_worst_noise(make: Any) -> None:
    judged = [
        make.judgement(),
        make.judgement(verdict=Verdict.FAIL, writes=make.writes(3)),
        make.judgement(verdict=Verdict.UNKNOWN, availability=make.availability(noise_ms=9.0, lateness_p99_ms=21.0)),
    ]

    (row,) = summarise((make.plan(), judgement) for judgement in judged)

    assert (row.passed, row.unknown, row.failed, row.lost) == (1, 1, 1, 3)
    assert (row.noise_ms, row.lateness_p99_ms) == (9.0, 21.0)


def test_a_predicted_switch_that_never_came_is_censored_where_the_watching_ended(make: Any) -> None:
    """The load went on to 4 s after the fault without an acknowledgement, and no Sentinel switched."""
    missed = make.judgement(
        timeline=make.timeline({"fault_at": 0.0}),
        phases=(make.phase("first_switch_at", "promoted_at", 0, 1200, measured_ms=None, inside=False),),
        availability=make.availability(4000.6, censored=True),
    )

    (row,) = summarise([(make.plan(), make.judgement()), (make.plan(), missed)])

    assert (row.first_switch.n, row.first_switch.censored) == (2, 1)
    assert str(row.first_switch.maximum) == ">4000"


def test_a_switch_that_nobody_predicted_is_not_missing(make: Any) -> None:
    calm = make.judgement(timeline=make.timeline({"fault_at": 0.0}), phases=())

    (row,) = summarise([(make.plan(), calm)])

    assert row.first_switch.n == 0


def test_a_trial_without_an_outage_to_measure_adds_no_zero(make: Any) -> None:
    unmeasured = make.judgement(availability=make.availability(0.0, gap=None))

    (row,) = summarise([(make.plan(), make.judgement()), (make.plan(), unmeasured)])

    assert row.outage.n == 1


def test_a_loss_that_nobody_knows_is_marked(make: Any) -> None:
    unread = Finding(name="ledger.lost", verdict=Verdict.UNKNOWN, text="no server was read")
    rows = summarise([(make.plan(), make.judgement(verdict=Verdict.UNKNOWN, findings=(unread,)))])

    text = render(rows, width=120, colour=False)

    assert " 0 ?" in text
    assert "?: what was lost is not known of 1 trial" in text


def test_too_few_runs_show_no_p95(make: Any) -> None:
    rows = summarise((make.plan(), make.judgement()) for _ in range(7))

    text = render(rows, width=80, colour=False)

    assert rows[0].outage.too_few
    assert "n<8: too few runs for a p95" in text


def test_eight_runs_show_their_p95(make: Any) -> None:
    rows = summarise((make.plan(), make.judgement()) for _ in range(8))

    assert "n<8" not in render(rows, width=80, colour=False)


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_its_terminal(make: Any, width: int) -> None:
    plan = make.plan(scenario="master-stopped-and-back-before-d-without-persistence")
    judged = make.judgement(writes=make.writes(8608, named=3), availability=make.availability(360123.0, censored=True))

    lines = render(summarise([(plan, judged)]), width=width, colour=False).splitlines()

    assert max(map(len, lines)) <= width
    assert any(">360123" in line and "8,608" in line for line in lines)


def test_names_are_shown_whole_at_120_columns(make: Any) -> None:
    text = render(summarise([(make.plan(), make.judgement())]), width=120, colour=False)

    assert "master-kill" in text
    assert "fast, n = 1" in text


def test_markup_in_a_name_is_text(make: Any) -> None:
    assert "[red]x" in render(summarise([(make.plan(scenario="[red]x"), make.judgement())]), width=80, colour=True)


def test_colour_is_given_where_wanted(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    rows = summarise([(make.plan(), make.judgement())])

    assert "\x1b[" in render(rows, width=80, colour=True)
    assert "\x1b[" not in render(rows, width=80, colour=False)


def test_no_color_overrules(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[" not in render(summarise([(make.plan(), make.judgement())]), width=80, colour=True)
