"""Arms of real trials."""

from __future__ import annotations

from dataclasses import replace

from redis_resilience.campaigns.pilot import shipped_pilot
from redis_resilience.statistics.arm import Arm
from redis_resilience.statistics.sample import Sample

REAL = shipped_pilot()


def with_failed_elections(arm: Arm, *, share: float = 0.1) -> Arm:
    """Every so-manieth trial took another failover-timeout's 5 s."""
    every = round(1 / share)

    def later(sample: Sample) -> Sample:
        return Sample(
            measured_ms=tuple(ms + 5000 * (number % every == 0) for number, ms in enumerate(sample.measured_ms))
        )

    return replace(arm, outage=later(arm.outage), first_switch=later(arm.first_switch))
