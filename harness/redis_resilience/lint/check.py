"""Every rule applied to a deployment: findings, the worst first, and what could not be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from redis_resilience.lint.rule import Hit, Needs, Rule
from redis_resilience.lint.rules import RULES
from redis_resilience.lint.setup import Setup
from redis_resilience.model.lint import WORST_FIRST, LintFinding, LintReport, NotSeen

_THERE: Mapping[Needs, Callable[[Setup], bool]] = {
    Needs.SERVERS: lambda setup: bool(setup.servers),
    Needs.SENTINELS: lambda setup: bool(setup.sentinels),
    Needs.PODS: lambda setup: setup.pods,
    Needs.LIVE: lambda setup: setup.live and bool(setup.sentinels),
    Needs.CLUSTER: lambda setup: setup.clustered,
    Needs.COUNT: lambda setup: setup.counted,
}


_Said = TypeVar("_Said", LintFinding, NotSeen)


def check(setup: Setup, rules: Sequence[Rule] = RULES) -> LintReport:
    """A rule whose subject is not described at all is `not seen` once; in a Redis Cluster no Sentinel is missed.

    The same thing seen in several places is one finding.
    """
    findings: list[LintFinding] = []
    not_seen: list[NotSeen] = []
    for rule in rules:
        if _beside_the_point(rule, setup):
            continue
        lacking = [need for need in rule.needs if not _THERE[need](setup)]
        if lacking:
            not_seen.append(NotSeen(rule=rule.id, text=f"no {lacking[0]} in what was read", where=setup.subject))
            continue
        hits: dict[str, list[str]] = {}
        missing: dict[str, list[str]] = {}
        for answer in dict.fromkeys(rule.check(setup)):
            if isinstance(answer, Hit):
                hits.setdefault(answer.seen, []).append(answer.where)
            else:
                missing.setdefault(answer.text, []).append(answer.where)
        findings += [_finding(rule, seen, "; ".join(where), clustered=setup.clustered) for seen, where in hits.items()]
        not_seen += [NotSeen(rule=rule.id, text=text, where="; ".join(where)) for text, where in missing.items()]
    findings.sort(key=lambda finding: WORST_FIRST.index(finding.severity))
    return LintReport(subject=setup.subject, findings=tuple(findings), not_seen=tuple(not_seen))


def check_all(setups: Sequence[Setup], subject: str) -> LintReport:
    """Several unrelated deployments in one report; each finding's place names its deployment."""
    if len(setups) == 1:
        return check(setups[0])
    reports = [check(setup) for setup in setups]
    findings = [_placed(each, report, subject) for report in reports for each in report.findings]
    findings.sort(key=lambda finding: WORST_FIRST.index(finding.severity))
    not_seen = tuple(_placed(each, report, subject) for report in reports for each in report.not_seen)
    return LintReport(subject=subject, findings=tuple(findings), not_seen=not_seen)


def _placed(each: _Said, report: LintReport, subject: str) -> _Said:
    return replace(each, where=f"{report.subject.removeprefix(subject).removeprefix(', ')}: {each.where}")


def _beside_the_point(rule: Rule, setup: Setup) -> bool:
    if setup.clustered:
        return bool({Needs.SENTINELS, Needs.LIVE} & set(rule.needs))
    return Needs.CLUSTER in rule.needs


def _finding(rule: Rule, seen: str, where: str, *, clustered: bool) -> LintFinding:
    return LintFinding(
        rule=rule.id,
        severity=rule.severity,
        seen=seen,
        where=where,
        why=rule.why,
        fix=rule.fix,
        scenario=rule.shown_by(clustered=clustered),
    )
