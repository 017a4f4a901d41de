"""All rules, by what they ask about; their order is that of the documentation."""

from __future__ import annotations

from redis_resilience.lint.rule import Rule
from redis_resilience.lint.rules import access, cluster, data, majority, names, pods, processes, reach, roles, times

RULES: tuple[Rule, ...] = (
    *majority.RULES,
    *times.RULES,
    *data.RULES,
    *roles.RULES,
    *names.RULES,
    *reach.RULES,
    *pods.RULES,
    *processes.RULES,
    *access.RULES,
    *cluster.RULES,
)
