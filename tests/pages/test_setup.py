from __future__ import annotations

from typing import Any

from redis_resilience.model.lint import LintFinding, LintReport, NotSeen, Severity
from redis_resilience.model.tried import Tried
from redis_resilience.pages.page import render as page
from redis_resilience.pages.setup import one_line, render
from redis_resilience.pages.summary import markdown


def finding(rule: str, severity: Severity, **changes: str) -> LintFinding:
    texts = {"seen": "seen", "where": "where", "why": "Why.", "fix": "Fix."} | changes
    return LintFinding(rule=rule, severity=severity, **texts)


REPORT = LintReport(
    subject="topology x",
    findings=(
        finding("wipe", Severity.ERROR, scenario="master-wiped"),
        finding("spread", Severity.WARNING, seen="<b>3 pods</b>"),
        finding("spread", Severity.WARNING),
        finding("late", Severity.NOTE),
    ),
    not_seen=(
        NotSeen(rule="a", text="no Sentinels in what was read", where=""),
        NotSeen(rule="b", text="no Sentinels in what was read", where=""),
    ),
)


def test_one_line_counts_all_and_names_what_is_worse_than_a_note() -> None:
    assert one_line(REPORT) == "1 error (wipe), 2 warnings (spread), 1 note"
    assert one_line(LintReport(subject="x", findings=())) == "nothing found"


def test_the_table_has_reason_fix_and_scenario_and_groups_what_was_not_seen() -> None:
    text = render(REPORT, width=100, colour=False)

    assert text.startswith("topology x: 1 error (wipe), 2 warnings (spread), 1 note\n")
    assert "fix: Fix." in text
    assert "shown by: redis-resilience run master-wiped" in text
    assert text.endswith("not seen (no Sentinels in what was read): a, b\n")
    assert "\x1b" not in text


def test_a_page_has_the_line_and_the_findings_as_text(make: Any) -> None:
    with_lint = page(make.history(), make.judgement(), script="", lint=REPORT)

    assert "no part of the verdict): 1 error (wipe), 2 warnings (spread), 1 note" in with_lint
    assert "&lt;b&gt;3 pods&lt;/b&gt;" in with_lint
    assert "no part of the verdict" not in page(make.history(), make.judgement(), script="")


def test_the_summary_has_a_line_for_each_set_up(make: Any) -> None:
    text = markdown([Tried(make.plan(), make.judgement())], [REPORT, REPORT])

    assert text.count("- topology x: 1 error (wipe), 2 warnings (spread), 1 note") == 1
    assert "no part of the verdict" not in markdown([Tried(make.plan(), make.judgement())])
