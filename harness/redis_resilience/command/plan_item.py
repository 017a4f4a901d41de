"""A plan file as pytest collects it: one test, named after the plan's scenario, that does exactly what the plan says.

A plugin of its own, which `redis-resilience run PLAN` loads for the one file that it names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.trials.plan_file import SUFFIXES, read_plan
from redis_resilience.trials.trial import Trial


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Every file that may be a plan; what else is named beside it is collected as ever."""
    return PlanFile.from_parent(parent, path=file_path) if file_path.suffix in SUFFIXES else None


class PlanFile(pytest.Module):
    """A module that is not imported but made: of one test."""

    def _getobj(self) -> ModuleType:
        name, test = _test_of(self.path)
        made = ModuleType(self.path.stem)
        setattr(made, name, test)
        return made


def _test_of(path: Path) -> tuple[str, Callable[[Trial], None]]:
    try:
        plan = read_plan(path)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error

    def test(trial: Trial) -> None:
        trial.follow(plan)
        trial.run()

    return "test_" + re.sub(r"\W+", "_", plan.scenario), test
