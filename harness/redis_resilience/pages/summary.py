"""summary.md: the campaign for a CI job's page. The verdict comes first, and all of it fits on one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from redis_resilience.model.lint import LintReport
from redis_resilience.model.tried import Ended, Tried, verdict_of
from redis_resilience.model.verdict import Finding, Verdict, worst
from redis_resilience.pages.setup import one_line
from redis_resilience.pages.story import not_passed
from redis_resilience.pages.table import ended_text, lost_text, quantile_text, refused_text
from redis_resilience.pages.units import NOTHING, count_text, ms_text, plural
from redis_resilience.statistics.quantiles import FEW, Spread
from redis_resilience.statistics.rows import Row, is_refused, summarise

REASONS = 5
_KEPT = {Verdict.PASS: "kept", Verdict.UNKNOWN: "cannot tell", Verdict.FAIL: "exceeded"}
_COLUMNS = (
    "scenario",
    "topology, profile",
    "n",
    "pass / unknown / fail",
    "tests",
    "outage ms: median / p95 / max",
    "first switch ms: median / p95 / max",
    "last switch ms: max",
    "lost",
    "noise ms",
    "late p99 ms",
)


def markdown(
    trials: Sequence[Tried],
    lint: Sequence[LintReport] = (),
    left_out: Sequence[str] = (),
    budgets: Sequence[Finding] = (),
) -> str:
    """At most ten lines and the table, a line for each budget, and one of lint for each deployment that was tried.

    left_out: why a trial that ran is in none of the numbers; any makes the run `unknown` at best.
    """
    rows = summarise(trials)
    reasons = (f"- left out: {_safe(reason)}" for reason in left_out)
    return "\n".join(
        (*_head(trials, rows, left_out), *reasons, "", *_table(rows), *_budgets(budgets), *_settings(lint), "")
    )


def _head(trials: Sequence[Tried], rows: Sequence[Row], left_out: Sequence[str]) -> Iterable[str]:
    judgements = [trial.judgement for trial in trials]
    verdicts = Counter(judgement.verdict for judgement in judgements)
    counts = ", ".join(f"{verdicts[each]} {each}" for each in Verdict)
    judged = [judgement.writes for judgement in judgements if not is_refused(judgement)]
    lost, acknowledged = sum(each.lost for each in judged), sum(each.acknowledged for each in judged)
    tests = ended_text(Counter(trial.ended for trial in trials))
    verdict = worst((*([verdict_of(trials)] if trials else []), *[Verdict.UNKNOWN] * len(left_out)))
    allowed = " (loss allowed by the scenario)" if verdict is Verdict.PASS and lost else ""
    yield f"## {verdict.upper()}{allowed}: {plural(len(judgements), 'trial')}, {counts}; tests: {tests}"
    yield ""
    not_known = sum(row.loss_not_known for row in rows)
    sentences = (
        f"{count_text(lost)} lost of {plural(acknowledged, 'acknowledged write')}" if judged else "",
        f"What was lost is not known of {plural(not_known, 'trial')}" if not_known else "",
        refused_text(rows),
    )
    yield " ".join(f"{sentence}." for sentence in sentences if sentence)
    reasons = Counter(reason for trial in trials for reason in _reasons(trial))
    for (badness, name, scenario), count in reasons.most_common(REASONS):
        yield f"- {badness}: {_safe(name)} in {plural(count, 'trial')} of {_safe(scenario)}"
    if len(reasons) > REASONS:
        yield f"- and {plural(len(reasons) - REASONS, 'other finding')}, in the trials' own reports"


def _reasons(trial: Tried) -> Iterable[tuple[str, str, str]]:
    """Why a trial is no pass, or is one with a failed test: how bad, what, of which scenario."""
    scenario = trial.judgement.scenario
    found = not_passed(trial.judgement)
    expected = ", as expected" if trial.ended is Ended.XFAILED else ""
    for finding in found:
        yield f"{finding.verdict}{expected}", finding.name, scenario
    if not found and trial.ended is Ended.FAILED:
        yield Verdict.FAIL, "the test's own assertion", scenario
    if trial.ended is Ended.ERROR:
        yield Verdict.FAIL, "the test's teardown", scenario


def _table(rows: Sequence[Row]) -> Iterable[str]:
    if not rows:
        return
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|{'---|' * len(_COLUMNS)}"
    for row in rows:
        cells = (
            _safe(row.scenario),
            _safe(f"{row.topology}, {row.profile}"),
            str(row.n),
            f"{row.passed} / {row.unknown} / {row.failed}",
            ended_text(row.ended),
            _three(row.outage),
            _three(row.first_switch),
            quantile_text(row.last_switch.maximum),
            lost_text(row),
            ms_text(row.noise_ms),
            ms_text(row.scheduling_delay_p99_ms),
        )
        yield f"| {' | '.join(cells)} |"


def _budgets(budgets: Sequence[Finding]) -> Iterable[str]:
    if budgets:
        yield ""
        yield "Budgets:"
    for each in budgets:
        yield f"- {budget_text(each, _safe)}"


def budget_text(budget: Finding, safe: Callable[[str], str] = str) -> str:
    """A budget and whether it is kept, in a line."""
    return f"{_KEPT[budget.verdict]}: {safe(budget.name)}: {safe(budget.text)}"


def _settings(lint: Sequence[LintReport]) -> Iterable[str]:
    by_setup = {report.subject: report for report in lint}
    if by_setup:
        yield ""
        yield "By their settings (lint, no part of the verdict):"
    for subject, report in by_setup.items():
        yield f"- {_safe(subject)}: {_safe(one_line(report))}"


def _three(values: Spread) -> str:
    if values.median is None:
        return NOTHING
    p95 = f"n<{FEW}" if values.too_few else quantile_text(values.p95)
    return f"{quantile_text(values.median)} / {p95} / {quantile_text(values.maximum)}".replace("<", "&lt;")


def _safe(text: str) -> str:
    """Names are data: no name may open a cell, a tag or a line of its own."""
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").split())
