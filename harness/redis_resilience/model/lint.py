"""What lint reports of a deployment before anything is broken: settings that are known to cost data or time.

No part of a verdict: a judge weighs what happened, lint what the settings allow to happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """ERROR: acknowledged writes or the failover itself are at stake. WARNING: an outage, or loss within bounds.

    NOTE: a price that may have been chosen on purpose.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


WORST_FIRST = tuple(Severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """rule: its id, stable. seen: the values. where: file, object or field. scenario: shows it; "" where none does."""

    rule: str
    severity: Severity
    seen: str
    where: str
    why: str
    fix: str
    scenario: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSeen:
    """A rule that could not be decided: what it needs is not there to be read. Never the same as clean."""

    rule: str
    text: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """subject: what was looked at. findings: the worst first."""

    subject: str
    findings: tuple[LintFinding, ...]
    not_seen: tuple[NotSeen, ...] = ()

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)

    def at_least(self, severity: Severity) -> tuple[LintFinding, ...]:
        """Findings of this severity and worse."""
        badness = WORST_FIRST.index(severity)
        return tuple(finding for finding in self.findings if WORST_FIRST.index(finding.severity) <= badness)
