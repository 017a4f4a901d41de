"""The probe watches its own clock: a loop that stalled measured nothing, and must not pass for a silent Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from redis_resilience.model.events import AnyEvent, ProbeStalled

BEAT_S = 0.005
STALL_NS = 20_000_000
"""Two beats further apart than this are reported; less is within what a loop with a load on it does."""


async def watch_own_clock(tell: Callable[[AnyEvent], None], beat_s: float = BEAT_S) -> None:
    """Report every time in which this loop did not run, from the last beat before to the first after it."""
    last_ns = time.monotonic_ns()
    while True:
        await asyncio.sleep(beat_s)
        now_ns = time.monotonic_ns()
        if now_ns - last_ns > STALL_NS:
            tell(ProbeStalled(at_ns=now_ns, since_ns=last_ns, source="probe"))
        last_ns = now_ns
