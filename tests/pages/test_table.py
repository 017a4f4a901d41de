from __future__ import annotations

from typing import Any

import pytest

from redis_resilience.model.tried import Tried
from redis_resilience.model.verdict import Finding, Verdict
from redis_resilience.pages.table import render
from redis_resilience.statistics.rows import summarise


def test_a_loss_that_nobody_knows_is_marked(make: Any) -> None:
    unread = Finding(name="ledger.lost", verdict=Verdict.UNKNOWN, text="no server was read")
    rows = summarise([Tried(make.plan(), make.judgement(verdict=Verdict.FAIL, findings=(unread,)))])

    text = render(rows, width=120, colour=False)

    assert " 0 ?" in text
    assert "?: what was lost is not known of 1 trial" in text


def test_the_share_of_refused_trials_and_what_it_hides_is_shown(make: Any) -> None:
    refused = make.judgement(
        verdict=Verdict.UNKNOWN, writes=make.writes(5), availability=make.availability(30_000.0, censored=True)
    )
    rows = summarise([Tried(make.plan(), make.judgement()), Tried(make.plan(), refused)])

    text = render(rows, width=200, colour=False)

    assert "30000" not in text
    assert (
        "master-kill: 1 of 2 trials left out of the numbers (unknown, or an assumption did not hold); "
        "1 of them ended before writes came back; 5 writes lost in them"
    ) in text


def test_a_row_of_refused_trials_alone_has_no_number(make: Any) -> None:
    rows = summarise([Tried(make.plan(), make.judgement(verdict=Verdict.UNKNOWN))])

    first_line = next(line for line in render(rows, width=120, colour=False).splitlines() if "median" in line)

    assert first_line.split() == ["master-kill", "pass", "0", "median", "-", "-", "-", "-", "-", "-"]


def test_too_few_runs_show_no_p95(make: Any) -> None:
    rows = summarise(Tried(make.plan(), make.judgement()) for _ in range(7))

    text = render(rows, width=80, colour=False)

    assert rows[0].outage.too_few
    assert "n<8: too few runs for a p95" in text


def test_eight_runs_show_their_p95(make: Any) -> None:
    rows = summarise(Tried(make.plan(), make.judgement()) for _ in range(8))

    assert "n<8" not in render(rows, width=80, colour=False)


@pytest.mark.parametrize(
    ("width", "missing"),
    [
        (30, ["outage", "first switch", "last switch", "lost", "noise", "late p99"]),
        (40, ["first switch", "last switch", "lost", "noise", "late p99"]),
        (60, ["noise", "late p99"]),
        (80, []),
    ],
)
def test_a_narrow_terminal_goes_without_the_least_important_columns(make: Any, width: int, missing: list[str]) -> None:
    """Never without the scenario or its verdicts; no word is cut short, and what is missing is named."""
    plan = make.plan(scenario="master-stopped-and-back")
    lines = render(summarise([Tried(plan, make.judgement())]), width=width, colour=False).splitlines()

    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    assert "…" not in text
    assert "".join(line.split()[0] for line in lines[3:5]) == "master-stopped-and-back"
    assert "pass    1" in text
    assert [word for word in ("no room for", *missing) if word in " ".join(text.split())] == (
        ["no room for", *missing] if missing else []
    )


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_its_terminal(make: Any, width: int) -> None:
    plan = make.plan(scenario="master-stopped-and-back-before-d-without-persistence")
    judged = make.judgement(writes=make.writes(8608, named=3), availability=make.availability(360123.0, censored=True))

    lines = render(summarise([Tried(plan, judged)]), width=width, colour=False).splitlines()

    assert max(map(len, lines)) <= width
    assert any(">360123" in line and "8,608" in line for line in lines)


def test_names_are_shown_whole_at_120_columns(make: Any) -> None:
    text = render(summarise([Tried(make.plan(), make.judgement())]), width=120, colour=False)

    assert "master-kill" in text
    assert "fast, n = 1" in text


def test_markup_in_a_name_is_text(make: Any) -> None:
    assert "[red]x" in render(summarise([Tried(make.plan(scenario="[red]x"), make.judgement())]), width=80, colour=True)


def test_colour_is_given_where_wanted(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    rows = summarise([Tried(make.plan(), make.judgement())])

    assert "\x1b[" in render(rows, width=80, colour=True)
    assert "\x1b[" not in render(rows, width=80, colour=False)


def test_no_color_overrules(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[" not in render(summarise([Tried(make.plan(), make.judgement())]), width=80, colour=True)
