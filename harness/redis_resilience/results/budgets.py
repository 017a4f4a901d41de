"""Budgets of a run: each is judged for every scenario, topology and profile by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from redis_resilience.model.run import TrialRecord
from redis_resilience.model.verdict import Finding
from redis_resilience.statistics.arm import arm
from redis_resilience.statistics.budgets import Budget, judge_budget


def judge_budgets(budgets: Sequence[Budget], trials: Sequence[TrialRecord]) -> tuple[Finding, ...]:
    """In the order of the budgets; named after the group where there are several."""
    groups = grouped(trials)
    found = []
    for budget in budgets:
        for name, some in groups.items():
            finding = judge_budget(budget, arm(some))
            found.append(finding if len(groups) == 1 else replace(finding, name=f"{finding.name} of {name}"))
    return tuple(found)


def grouped(trials: Sequence[TrialRecord]) -> dict[str, list[TrialRecord]]:
    """Trials whose numbers may be looked at together, by what they have in common."""
    groups: dict[str, list[TrialRecord]] = {}
    for trial in trials:
        settings = [trial.variant] if trial.variant else [f"{name} {value}" for name, value in trial.redis.items()]
        name = ", ".join((trial.scenario, trial.topology, trial.profile, *settings))
        groups.setdefault(name, []).append(trial)
    return groups
