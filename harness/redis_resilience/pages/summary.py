"""summary.md: the campaign for a CI job's page. The verdict comes first, and all of it fits on one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from redis_resilience.model.lint import LintReport
from redis_resilience.model.plan import Plan
from redis_resilience.model.verdict import Judgement, Verdict, worst
from redis_resilience.pages.setup import one_line
from redis_resilience.pages.story import not_passed
from redis_resilience.pages.table import lost_text, quantile_text, refused_text
from redis_resilience.pages.units import NOTHING, count_text, ms_text, plural
from redis_resilience.statistics.quantiles import FEW, Spread
from redis_resilience.statistics.rows import Row, is_refused, summarise

REASONS = 5
_COLUMNS = (
    "scenario",
    "topology, profile",
    "n",
    "pass / unknown / fail",
    "outage ms: median / p95 / max",
    "first switch ms: median / p95 / max",
    "last switch ms: max",
    "lost",
    "noise ms",
    "late p99 ms",
)


def markdown(trials: Sequence[tuple[Plan, Judgement]], lint: Sequence[LintReport] = ()) -> str:
    """At most ten lines and the table, and a line of lint for each set-up that was tried."""
    rows = summarise(trials)
    return "\n".join((*_head(trials, rows), "", *_table(rows), *_settings(lint), ""))


def _head(trials: Sequence[tuple[Plan, Judgement]], rows: Sequence[Row]) -> Iterable[str]:
    judgements = [judgement for _, judgement in trials]
    verdicts = Counter(judgement.verdict for judgement in judgements)
    counts = ", ".join(f"{verdicts[each]} {each}" for each in Verdict)
    judged = [judgement.writes for judgement in judgements if not is_refused(judgement)]
    lost, acknowledged = sum(each.lost for each in judged), sum(each.acknowledged for each in judged)
    verdict = worst(judgement.verdict for judgement in judgements)
    yield f"## {verdict.upper()}: {plural(len(judgements), 'trial')}, {counts}"
    yield ""
    not_known = sum(row.loss_not_known for row in rows)
    sentences = (
        f"{count_text(lost)} lost of {plural(acknowledged, 'acknowledged write')}" if judged else "",
        f"What was lost is not known of {plural(not_known, 'trial')}" if not_known else "",
        refused_text(rows),
    )
    yield " ".join(f"{sentence}." for sentence in sentences if sentence)
    reasons = Counter(
        (finding.verdict, finding.name, judgement.scenario)
        for judgement in judgements
        for finding in not_passed(judgement)
    )
    for (badness, name, scenario), count in reasons.most_common(REASONS):
        yield f"- {badness}: {_safe(name)} in {plural(count, 'trial')} of {_safe(scenario)}"
    if len(reasons) > REASONS:
        yield f"- and {plural(len(reasons) - REASONS, 'other finding')}, in the trials' own reports"


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
            _three(row.outage),
            _three(row.first_switch),
            quantile_text(row.last_switch.maximum),
            lost_text(row),
            ms_text(row.noise_ms),
            ms_text(row.lateness_p99_ms),
        )
        yield f"| {' | '.join(cells)} |"


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
