"""What lint reported of a deployment: a table for a terminal, and one line for a trial's page and a run's summary."""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.table import Table

from redis_resilience.model.lint import LintReport, NotSeen, Severity
from redis_resilience.pages.terminal import console
from redis_resilience.pages.units import plural

_STYLE = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: ""}


def one_line(report: LintReport) -> str:
    """Counts and the names of the errors and warnings: "2 errors (a, b), 1 warning (c), 3 notes"."""
    parts = []
    for severity in Severity:
        count = report.count(severity)
        if not count:
            continue
        rules = dict.fromkeys(finding.rule for finding in report.findings if finding.severity is severity)
        named = f" ({', '.join(rules)})" if severity is not Severity.NOTE else ""
        parts.append(f"{plural(count, severity.value)}{named}")
    return ", ".join(parts) or "nothing found"


def render(report: LintReport, *, width: int, colour: bool) -> str:
    """Findings with reason, fix and scenario; what was not seen, grouped by the reason. NO_COLOR overrules `colour`."""
    out = console(width=width, colour=colour)
    with out.capture() as capture:
        out.print(f"{report.subject}: {one_line(report)}", soft_wrap=True)
        if report.findings:
            out.print()
            out.print(_table(report))
        for line in _not_seen(report.not_seen):
            out.print(line, style="dim")
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _table(report: LintReport) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False, show_lines=False)
    table.add_column("severity", no_wrap=True)
    table.add_column("rule, what was seen, where", overflow="fold", ratio=2)
    table.add_column("why, and what to do", overflow="fold", ratio=3)
    for number, finding in enumerate(report.findings):
        if number:
            table.add_section()
        shown = f"\nshown by: redis-resilience run {finding.scenario}" if finding.scenario else ""
        table.add_row(
            finding.severity.value,
            f"{finding.rule}\n{finding.seen}\n{finding.where}",
            f"{finding.why}\nfix: {finding.fix}{shown}",
            style=_STYLE[finding.severity],
        )
    return table


def _not_seen(lacking: Iterable[NotSeen]) -> Iterable[str]:
    by_reason: dict[str, list[str]] = {}
    for each in lacking:
        by_reason.setdefault(each.text, []).append(each.rule)
    for reason, rules in by_reason.items():
        yield f"not seen ({reason}): {', '.join(dict.fromkeys(rules))}"
