"""A trial's numbers as JUnit properties. The names are an interface: CI dashboards read them by name."""

from __future__ import annotations

from redis_resilience.model import instants
from redis_resilience.model.verdict import Judgement, loss_known
from redis_resilience.pages.story import outage_ms

Property = str | int | float | bool


def properties(judgement: Judgement) -> dict[str, Property]:
    """Named "redis_" and a word of the glossary with its unit. What did not happen or is not known has none."""
    availability, writes, timeline = judgement.availability, judgement.writes, judgement.timeline
    told: dict[str, Property] = {
        "redis_trial": judgement.trial,
        "redis_scenario": judgement.scenario,
        "redis_verdict": judgement.verdict.value,
        "redis_failover": timeline.failover,
    }
    if timeline.failover:
        told |= {"redis_old_master": timeline.old_master, "redis_new_master": timeline.new_master}
    outage = outage_ms(judgement)
    if outage is not None:
        told |= {"redis_outage_ms": _rounded(outage), "redis_outage_censored": availability.censored}
    told |= {
        "redis_noise_ms": _rounded(availability.noise_ms),
        "redis_scheduling_delay_p99_ms": _rounded(availability.scheduling_delay_p99_ms),
    }
    for name in instants.NAMES:
        ms = timeline.ms(name)
        if ms is not None and name != instants.FAULT_AT:
            told[f"redis_{name.removesuffix('_at')}_ms"] = _rounded(ms)
    told |= {
        "redis_acknowledged": writes.acknowledged,
        "redis_failed": writes.failed,
        "redis_info": writes.info,
    }
    if not loss_known(judgement):
        return told
    return told | {
        "redis_lost": writes.lost,
        "redis_recovered": writes.recovered,
        "redis_unexpected": writes.unexpected,
        "redis_diverged": writes.diverged,
    }


def _rounded(ms: float) -> float:
    """Microseconds: finer digits are noise, and would make two equal runs look different."""
    return round(ms, 3)
