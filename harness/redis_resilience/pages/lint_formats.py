"""What lint found in the formats that other tools read: SARIF 2.1.0 for code scanning, JUnit for CI servers."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import msgspec

from redis_resilience import __version__
from redis_resilience.model.lint import LintFinding, LintReport, Severity

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutRule:
    """A rule in words, for those that list all of them."""

    id: str
    about: str
    severity: Severity
    why: str
    fix: str


def sarif(report: LintReport, rules: Sequence[AboutRule], files: Sequence[str]) -> bytes:
    """One result for each finding. files: what was read; a finding is placed in the one that its text names, else in
    the first.
    """
    index = {rule.id: number for number, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "redis-resilience lint",
                "version": __version__,
                "rules": [_sarif_rule(rule) for rule in rules],
            }
        },
        "results": [_result(finding, index, files) for finding in report.findings],
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {
                        "level": "note",
                        "message": {"text": f"{each.rule}: not seen: {each.text} ({each.where})"},
                        "associatedRule": {"id": each.rule, "index": index[each.rule]},
                    }
                    for each in report.not_seen
                ],
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}), indent=1)


def _sarif_rule(rule: AboutRule) -> Mapping[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.about},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: LintFinding, index: Mapping[str, int], files: Sequence[str]) -> Mapping[str, object]:
    named = next((file for file in files if file in finding.where), files[0] if files else "stdin")
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.seen}. {finding.why} Fix: {finding.fix}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": posixpath.join(*named.split("\\"))},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": finding.where}],
            }
        ],
        "partialFingerprints": {"finding/v1": f"{finding.rule}: {finding.where}: {finding.seen}"},
    }


def junit(report: LintReport, rules: Sequence[AboutRule], failing: Iterable[LintFinding]) -> bytes:
    """A test case for each rule: failed by findings that count, skipped where it was not seen, else passed.

    failing: the findings that end the command with exit code 1; others are the output of a passed case.
    """
    counts = {id(finding) for finding in failing}
    suite = ET.Element("testsuite", name="redis-resilience lint", tests=str(len(rules)))
    failures = skipped = 0
    for rule in rules:
        case = ET.SubElement(suite, "testcase", classname=f"lint {report.subject}", name=rule.id, time="0")
        found = [finding for finding in report.findings if finding.rule == rule.id]
        unseen = [each for each in report.not_seen if each.rule == rule.id]
        text = "\n".join(f"{each.seen} ({each.where}). {each.why} Fix: {each.fix}" for each in found)
        if any(id(finding) in counts for finding in found):
            failures += 1
            message = "; ".join(each.seen for each in found)
            ET.SubElement(case, "failure", message=message, type=str(rule.severity)).text = text
        elif found:
            ET.SubElement(case, "system-out").text = text
        elif unseen:
            skipped += 1
            message = "; ".join(f"not seen: {each.text} ({each.where})" for each in unseen)
            ET.SubElement(case, "skipped", message=message)
    suite.attrib |= {"failures": str(failures), "errors": "0", "skipped": str(skipped), "time": "0"}
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
