"""What pytest reports of trials: their folders, how each test ended, how the deployments were brought up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.plugin.naming import without_number
from redis_resilience.results.ran import Ran

TRIAL_PROPERTY = "redis_folder"
ENDED_PROPERTY = "redis_test"
BRING_UP_PROPERTY = "redis_bring_up"
MISSING_PROPERTY = "redis_missing"
_PYTESTS_OWN = ("passed", "failed", "skipped")


class Reports:
    """All trials of a run by their folders, in the order in which they ended; also those of pytest-xdist's workers.

    missing: why tests could not run here.
    """

    def __init__(self) -> None:
        self.ran: dict[str, Ran] = {}
        self.bring_ups: dict[str, None] = {}
        self.missing: list[str] = []

    def add(self, report: pytest.TestReport) -> Ran | None:
        """Take what this report knows; returns the trial where it is of the call of one."""
        told = {str(name): str(value) for name, value in report.user_properties}
        if report.when == "call" or report.skipped:
            self.missing += [told[MISSING_PROPERTY]] if MISSING_PROPERTY in told else []
        if TRIAL_PROPERTY not in told:
            return None
        folder = told[TRIAL_PROPERTY]
        if report.when == "call":
            # Trials that share a deployment share its line.
            self.bring_ups |= {told[BRING_UP_PROPERTY]: None} if BRING_UP_PROPERTY in told else {}
            ended = str(report.outcome) if report.outcome not in _PYTESTS_OWN else told[ENDED_PROPERTY]
            self.ran[folder] = Ran(folder=Path(folder), test=without_number(report.nodeid), ended=ended)
            return self.ran[folder]
        if report.failed and folder in self.ran:
            self.ran[folder] = replace(self.ran[folder], ended=told[ENDED_PROPERTY])
        return None
