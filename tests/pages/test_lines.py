from __future__ import annotations

from typing import Any

from redis_resilience.model.verdict import Finding, Verdict
from redis_resilience.pages.lines import trial_lines


def _line(lines: tuple[str, ...], start: str) -> str:
    (found,) = (line for line in lines if line.strip().startswith(start))
    return " ".join(found.split())


def test_the_verdict_comes_first(make: Any) -> None:
    assert trial_lines(make.judgement())[0] == "PASS  master-kill  (trial t1)"


def test_instants_count_from_the_fault_with_their_errors(make: Any) -> None:
    lines = trial_lines(make.judgement())
    told = next(line for line in lines if line.strip().startswith("redundant_at"))

    assert told.split() == ["redundant_at", "3405", "-1.0", "+1.0", "watcher", "of", "redis-1"]


def test_the_waterfall_draws_a_phase_after_the_one_before(make: Any) -> None:
    lines = [line for line in trial_lines(make.judgement()) if "#" in line]
    sdown, last = lines[0], lines[-1]

    assert sdown.index("#") < last.index("#")
    assert sdown.rindex("#") <= last.index("#")
    assert "no limit" in last


def test_a_phase_outside_its_bounds_is_named_with_its_cause(make: Any) -> None:
    assert any(line.endswith("outside: unexplained") for line in trial_lines(make.judgement()))


def test_a_phase_that_did_not_happen_has_no_bar(make: Any) -> None:
    phase = make.phase("first_switch_at", "promoted_at", 0, 1200, measured_ms=None, inside=False, cause="no majority")
    judged = make.judgement(timeline=make.timeline({"fault_at": 0.0}), phases=(phase,))

    assert (
        _line(trial_lines(judged), "promoted to") == "promoted to first switch - 0 to 1200 did not happen: no majority"
    )


def test_findings_that_are_no_pass_are_told_with_their_texts(make: Any) -> None:
    lost = Finding(name="ledger.lost", verdict=Verdict.FAIL, text="expected 0 lost; 3 are")

    lines = trial_lines(make.judgement(verdict=Verdict.FAIL, findings=(lost,)))

    assert "  fail: ledger.lost: expected 0 lost; 3 are" in lines


def test_the_first_lost_keys_are_named_and_the_rest_counted(make: Any) -> None:
    lines = trial_lines(make.judgement(writes=make.writes(8608, named=1000)))

    assert sum("acknowledged by redis-0, async tail" in line for line in lines) == 5
    assert lines[-1] == "    ... and 8,603 more lost writes"


def test_three_lost_keys_leave_none_uncounted(make: Any) -> None:
    assert "more lost" not in "\n".join(trial_lines(make.judgement(writes=make.writes(3))))


def test_counts_that_the_ledger_does_not_know_are_left_out(make: Any) -> None:
    assert _line(trial_lines(make.judgement(findings=())), "writes:") == (
        "writes: acknowledged 2,716, failed 2,283, info 1"
    )


def test_without_a_fault_there_is_nothing_to_count_from(make: Any) -> None:
    lines = trial_lines(make.judgement(timeline=make.timeline({}), phases=()))

    assert not any("instants" in line or "phases" in line for line in lines)


def test_lines_fit_a_terminal(make: Any) -> None:
    lines = trial_lines(make.judgement(writes=make.writes(3)))

    assert max(len(line) for line in lines) <= 120
