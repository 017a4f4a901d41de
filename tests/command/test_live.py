"""What a run shows of a test that has no trial: a line, whatever its outcome."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from redis_resilience.command.live import LiveRun


def shown(when: str, outcome: str, reason: object = None) -> tuple[str, int]:
    """The text, and how many problems there were."""
    text = io.StringIO()
    live = LiveRun(Console(file=text, width=100), trials=1)
    live.pytest_runtest_logreport(
        pytest.TestReport(
            nodeid="scenarios/test_document_001.py::test_document_001_metrics",
            location=("scenarios/test_document_001.py", 1, "test_document_001_metrics"),
            keywords={},
            outcome=outcome,
            longrepr=reason,
            when=when,
        )
    )
    return text.getvalue(), live.problems


def test_passed_is_said_once():
    assert shown("call", "passed") == ("test_document_001_metrics passed; it measures nothing\n", 0)
    assert shown("setup", "passed") == shown("teardown", "passed") == ("", 0)


def test_skipped_is_said_with_its_reason_and_is_a_problem():
    reason = ("scenarios/test_document_001.py", 9, "Skipped: there is no exporter on backend local")

    assert shown("call", "skipped", reason) == ("there is no exporter on backend local\n", 1)


def test_failed_is_said_with_its_reason_and_is_a_problem():
    assert shown("setup", "failed", "no cluster") == ("no cluster\n", 1)
