"""SARIF and JUnit have the structure that their readers require."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from typer.testing import CliRunner

from redis_resilience.cli import app
from redis_resilience.model.lint import LintFinding, LintReport, NotSeen, Severity
from redis_resilience.pages.lint_formats import AboutRule, junit, sarif

ABOUT = [
    AboutRule(id=rule, about="about", severity=severity, why="Why.", fix="Fix.")
    for rule, severity in (
        ("wipe", Severity.ERROR),
        ("late", Severity.NOTE),
        ("spread", Severity.WARNING),
        ("clean", Severity.ERROR),
    )
]
ERROR, NOTE = (
    LintFinding(rule=rule, severity=severity, seen="a < b", where="b.yaml, line", why="Why.", fix="Fix.")
    for rule, severity in (("wipe", Severity.ERROR), ("late", Severity.NOTE))
)
REPORT = LintReport(
    subject="x", findings=(ERROR, NOTE), not_seen=(NotSeen(rule="spread", text="no pods", where="somewhere"),)
)


def test_sarif_has_what_the_schema_requires() -> None:
    """version, runs, tool.driver.name; of a result its message, its rule and a place that a code scanner can show."""
    log = json.loads(sarif(REPORT, ABOUT, ["a.yaml", "b.yaml"]))

    assert (log["version"], log["$schema"].rpartition("/")[2]) == ("2.1.0", "sarif-2.1.0.json")
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ids == ["wipe", "late", "spread", "clean"]
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "b.yaml"
        assert place["region"]["startLine"] >= 1
    assert [result["level"] for result in run["results"]] == ["error", "note"]
    (unseen,) = run["invocations"][0]["toolExecutionNotifications"]
    assert unseen["associatedRule"]["id"] == "spread"
    assert "not seen" in unseen["message"]["text"]


def test_junit_has_a_case_for_each_rule() -> None:
    """Counts agree with the cases; what was not seen is skipped, and never passed."""
    root = ET.fromstring(junit(REPORT, ABOUT, [ERROR]))  # noqa: S314 - our own text

    assert root.tag == "testsuites"
    (suite,) = root
    assert {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    children = {case.attrib["name"]: [child.tag for child in case] for case in suite}
    assert children == {"wipe": ["failure"], "late": ["system-out"], "spread": ["skipped"], "clean": []}
    assert suite[0][0].attrib["message"] == "a < b"


def test_the_command_writes_both() -> None:
    """With the exit code of the threshold, which JUnit's failures share."""
    for form, words, code in (("sarif", [], 1), ("junit", [], 1), ("junit", ["--fail-on", "never"], 0)):
        done = CliRunner().invoke(app, ["lint", "--topology", "statefulset", "--format", form, *words])
        assert done.exit_code == code
        if form == "sarif":
            assert json.loads(done.stdout)["runs"][0]["results"]
        else:
            suite = ET.fromstring(done.stdout)[0]  # noqa: S314 - our own text
            assert (suite.attrib["failures"] != "0") == bool(code)
