"""The page of a run lists every trial, links its page, and says why a trial is no pass."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from redis_resilience.model.run import LeftOut, Measured, Reason, RunRecord, TrialRecord
from redis_resilience.model.tried import Ended
from redis_resilience.model.verdict import Verdict
from redis_resilience.pages import run_page, runs_page
from redis_resilience.pages.run_page import OPEN
from redis_resilience.pages.runs_page import FIRST, RunRow

RECORD = Path(__file__).parents[2] / "benchmarks" / "trial_record.json"


def trial(**changes: Any) -> TrialRecord:
    return replace(msgspec.convert(json.loads(RECORD.read_text()), TrialRecord), **changes)


def page(*trials: TrialRecord, **changes: Any) -> str:
    times = "2026-11-28T15:44:07.433+00:00"
    run = RunRecord(run="r", verdict=Verdict.PASS, started=times, finished=times, tool_version="0.1.0", trials=trials)
    return run_page.render(replace(run, **changes))


def test_a_trial_has_its_numbers_and_the_way_to_its_page() -> None:
    made = page(trial(folder="master-kill 1", lost=0, acknowledged=1887))

    assert '<a href="master-kill%201/report.html">master-kill 1</a>' in made
    assert "0 / 1,887" in made
    assert "Redis 7.0.15 (local)" in made


def test_an_unknown_trial_says_why() -> None:
    made = page(trial(verdict=Verdict.UNKNOWN, refused="assumptions.punctual: expected 20 ms; got 90"))

    assert "refused: assumptions.punctual: expected 20 ms; got 90" in made


def test_a_failed_trial_names_its_findings_and_another_outcome_of_its_test() -> None:
    lost = Reason(name="ledger.lost", verdict=Verdict.FAIL, text="expected no loss; got 7 <b>")

    made = page(trial(verdict=Verdict.FAIL, ended=Ended.XFAILED, reasons=(lost,)))

    assert "ledger.lost: expected no loss; got 7 &lt;b&gt;" in made
    assert "(test xfailed)" in made


def test_a_simulation_is_called_one() -> None:
    made = page(trial(backend="memory"))

    assert "(simulation)" in made
    assert "a simulation" in made


def test_a_group_of_trials_has_its_quantiles_without_the_refused_ones() -> None:
    slow = Measured(ms=9999.0, least_ms=9999.0, most_ms=9999.0)
    made = page(trial(folder="a"), trial(folder="b"), trial(folder="c", refused="busy", outage=slow))

    assert "outage median 1864, p95 n&lt;8, max 1864 ms" in made
    assert "1 refused, in no number" in made


def test_what_was_left_out_is_named() -> None:
    assert "left out: killed: no verdict" in page(left_out=(LeftOut(folder="killed", reason="no verdict"),))


def test_of_many_trials_only_groups_with_trouble_are_open() -> None:
    many = [trial(folder=str(number)) for number in range(OPEN)]
    bad = trial(scenario="other", counts_as=Verdict.FAIL)

    assert page(*many).count("<details open>") == 1
    assert page(*many, bad).count("<details open>") == 1
    assert page(*many, bad).count("<details>") == 1


def test_the_folders_page_opens_the_newest_runs_and_folds_the_others_by_month() -> None:
    rows = [
        RunRow(
            run=f"r{number}",
            started=f"2026-{12 - number // 60:02d}-01T00:00:00.000+00:00",
            verdict="pass",
            passed=1,
            unknown=0,
            failed=0,
            lost=None,
            scenarios=tuple("abcdefgh"),
            software="Redis 7.0.15",
        )
        for number in range(FIRST + 50)
    ]

    made = runs_page.render(rows)

    assert made.count("<details open>") == 1
    assert made.count("<details>") == 2
    assert made.count('href="r') == FIRST + 50
    assert "8 scenarios" in made
    assert "not known" in made
