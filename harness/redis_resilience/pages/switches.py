"""Every Sentinel's `+switch-master`: which of them belong to the failover, and which came afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.model import instants
from redis_resilience.model.verdict import Switch, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """failover: its number, from 1. late: announced after the failover was over, as its pod was away meanwhile."""

    switch: Switch
    failover: int
    late: bool

    @property
    def note(self) -> str:
        if self.late:
            return "was away: no part of the failover"
        return "" if self.failover == 1 else f"failover {self.failover}"


def announced(timeline: Timeline) -> tuple[Announced, ...]:
    """In the order in which they were heard."""
    last = timeline.at(instants.LAST_SWITCH_AT)
    number, new, told = 0, None, []
    for switch in timeline.switches:
        if (switch.new, switch.address) != new:
            number, new = number + 1, (switch.new, switch.address)
        late = number == 1 and last is not None and switch.heard.at_ns > last.at_ns
        told.append(Announced(switch=switch, failover=number, late=late))
    return tuple(told)


def afterwards(timeline: Timeline) -> tuple[Announced, ...]:
    """Those that came after the first failover, which the timeline's instants are about."""
    return tuple(each for each in announced(timeline) if each.late or each.failover > 1)
