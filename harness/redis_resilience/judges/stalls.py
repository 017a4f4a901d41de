"""When the probe itself stalled, by its own clock: what it did not see then is no evidence against Redis."""

from __future__ import annotations

from redis_resilience.judges.evidence import phase_at
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import ProbeStalled
from redis_resilience.model.plan import Load

_DELAYS = 10
"""A stop of the whole probe counts from so many times the scheduling delay that its operations may have."""


def limit_ms(load: Load) -> float:
    """The longest stop at once that a trial may have: 200 ms by default, two ticks of Sentinel's own timer."""
    return _DELAYS * load.max_scheduling_delay_ms


def stalled_ms(reading: Reading, begin_ns: int, end_ns: int) -> float:
    """For how much of this time the probe stalled."""
    stalls = reading.of(ProbeStalled)
    return sum(max(min(stall.at_ns, end_ns) - max(stall.earliest_ns, begin_ns), 0) for stall in stalls) / 1e6


def longest_ms(reading: Reading) -> float:
    """The longest stop while anything was measured: from the baseline on until the load is stopped."""
    begin_ns, end_ns = phase_at(reading, "control"), phase_at(reading, "quiesce")
    lengths = [
        (stall.at_ns - stall.earliest_ns) / 1e6
        for stall in reading.of(ProbeStalled)
        if (begin_ns is None or stall.at_ns > begin_ns) and (end_ns is None or stall.earliest_ns < end_ns)
    ]
    return max(lengths, default=0.0)
