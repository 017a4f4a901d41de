from __future__ import annotations

from typing import Any

from redis_resilience.model.tried import Tried
from redis_resilience.model.verdict import Finding, Verdict
from redis_resilience.pages.summary import markdown


def test_the_verdict_is_the_first_line(make: Any) -> None:
    judged = [make.judgement(), make.judgement(verdict=Verdict.FAIL), make.judgement(verdict=Verdict.UNKNOWN)]

    text = markdown([Tried(make.plan(), judgement) for judgement in judged])

    assert text.splitlines()[0] == "## FAIL: 3 trials, 1 pass, 1 unknown, 1 fail; tests: 3 passed"


def test_a_pass_with_losses_says_so_first(make: Any) -> None:
    judged = [make.judgement(), make.judgement(writes=make.writes(7))]

    first = markdown([Tried(make.plan(), judgement) for judgement in judged]).splitlines()[0]

    assert first == "## PASS (loss allowed by the scenario): 2 trials, 2 pass, 0 unknown, 0 fail; tests: 2 passed"


def test_losses_are_those_of_judged_trials_and_the_refused_are_named(make: Any) -> None:
    judged = [make.judgement(), make.judgement(verdict=Verdict.UNKNOWN, writes=make.writes(7))]

    text = markdown([Tried(make.plan(), judgement) for judgement in judged])

    assert text.splitlines()[2] == (
        "0 lost of 2,716 acknowledged writes. "
        "1 of 2 trials left out of the numbers (unknown, or an assumption did not hold); 7 writes lost in them."
    )


def test_where_every_trial_is_refused_no_loss_is_claimed_or_denied(make: Any) -> None:
    text = markdown([Tried(make.plan(), make.judgement(verdict=Verdict.UNKNOWN))])

    assert text.splitlines()[2] == "1 of 1 trial left out of the numbers (unknown, or an assumption did not hold)."


def test_no_trial_is_no_pass() -> None:
    assert markdown([]).startswith("## UNKNOWN: 0 trials")


def test_what_could_not_be_read_is_named_and_makes_the_run_unknown(make: Any) -> None:
    lines = markdown(
        [Tried(make.plan(), make.judgement())], left_out=["expected x/verdict.json; got none"]
    ).splitlines()

    assert lines[0] == "## UNKNOWN: 1 trial, 1 pass, 0 unknown, 0 fail; tests: 1 passed"
    assert "- left out: expected x/verdict.json; got none" in lines


def test_the_head_has_ten_lines_at_most_whatever_went_wrong(make: Any) -> None:
    findings = tuple(Finding(name=f"judge.{number}", verdict=Verdict.FAIL, text="") for number in range(30))

    lines = markdown([Tried(make.plan(), make.judgement(verdict=Verdict.FAIL, findings=findings))]).splitlines()
    head = lines[: next(number for number, line in enumerate(lines) if line.startswith("|"))]

    assert len(head) <= 10
    assert "- and 25 other findings, in the trials' own reports" in head


def test_the_commonest_reason_comes_first_with_its_count(make: Any) -> None:
    rare = Finding(name="convergence.redundant", verdict=Verdict.FAIL, text="")
    common = Finding(name="ledger.lost", verdict=Verdict.FAIL, text="")
    judged = [make.judgement(verdict=Verdict.FAIL, findings=(rare, common)), make.judgement(findings=(common,))]

    reasons = [line for line in markdown([Tried(make.plan(), each) for each in judged]).splitlines() if line[:1] == "-"]

    assert reasons == [
        "- fail: ledger.lost in 2 trials of master-kill",
        "- fail: convergence.redundant in 1 trial of master-kill",
    ]


def test_a_row_of_the_table_has_as_many_cells_as_its_head(make: Any) -> None:
    lines = [line for line in markdown([Tried(make.plan(), make.judgement())]).splitlines() if line.startswith("|")]

    assert len({line.count("|") for line in lines}) == 1
    assert "| 2285 / n&lt;8 / 2285 | 2260 / n&lt;8 / 2260 | 3310 | 0 |" in lines[2]


def test_a_name_opens_no_cell_and_no_tag(make: Any) -> None:
    text = markdown([Tried(make.plan(scenario="a|b<i>\n# c"), make.judgement())])

    assert "a\\|b&lt;i> # c" in text
    assert not any(line.startswith("# ") for line in text.splitlines())
