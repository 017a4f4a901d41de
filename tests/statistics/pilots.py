"""Arms of real trials."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from redis_resilience.statistics.arm import Arm
from redis_resilience.statistics.sample import Sample

_ROWS = json.loads(Path(__file__).with_name("real.json").read_text())

REAL = Arm(
    outage=Sample(measured_ms=tuple(row[0] for row in _ROWS)),
    first_switch=Sample(measured_ms=tuple(row[1] for row in _ROWS)),
    last_switch=Sample(measured_ms=tuple(row[2] for row in _ROWS)),
    lost=(0,) * len(_ROWS),
    loss_not_known=0,
    n=len(_ROWS),
    refused=0,
    refused_unended=0,
    refused_lost=0,
)


def with_failed_elections(arm: Arm, *, share: float = 0.1) -> Arm:
    """Every so-manieth trial took another failover-timeout's 5 s."""
    every = round(1 / share)

    def later(sample: Sample) -> Sample:
        return Sample(
            measured_ms=tuple(ms + 5000 * (number % every == 0) for number, ms in enumerate(sample.measured_ms))
        )

    return replace(arm, outage=later(arm.outage), first_switch=later(arm.first_switch))
