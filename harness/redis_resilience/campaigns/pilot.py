"""The trials by which a comparison is planned where the user has none of their own."""

from __future__ import annotations

from importlib import resources

import msgspec

from redis_resilience.statistics.arm import Arm, all_judged
from redis_resilience.statistics.sample import Sample

ABOUT = "79 master kills of profile rapid on processes, Redis 7.0.15, 2026-11-28"


def shipped_pilot() -> Arm:
    """Outage, first and last switch in ms, one row a trial, in `pilot.json`. How they scatter matters, not how long."""
    data = resources.files("redis_resilience.campaigns").joinpath("pilot.json").read_bytes()
    rows = msgspec.json.decode(data, type=list[tuple[float, float, float]])
    outage, first, last = (Sample(measured_ms=tuple(row[place] for row in rows)) for place in range(3))
    return all_judged(outage=outage, first_switch=first, last_switch=last, lost=(0,) * len(rows))
