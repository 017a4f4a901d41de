"""All judges, in the order in which their findings are listed."""

from __future__ import annotations

from typing import Any

from redis_resilience.judges import (
    availability,
    bounds,
    convergence,
    entrances,
    later,
    ledger,
    timeline,
    unplanned,
    upgrade,
)
from redis_resilience.judges.answer import Judge, Needs
from redis_resilience.judges.cluster import combining

JUDGES: tuple[Judge[Any], ...] = (
    timeline.JUDGE,
    ledger.JUDGE,
    convergence.JUDGE,
    availability.JUDGE,
    bounds.JUDGE,
    later.JUDGE,
    unplanned.JUDGE,
    upgrade.JUDGE,
    entrances.JUDGE,
)

NEEDS: Needs = {
    name: needed for needs in (*(judge.needs for judge in JUDGES), combining.NEEDS) for name, needed in needs.items()
}
"""Which assumptions each finding needs: a finding is `unknown` where one of its assumptions does not hold."""
