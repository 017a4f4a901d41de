"""The probe's own clock: a loop that stalled says so, and for how long; one that is only busy says nothing."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from redis_resilience.model.events import AnyEvent, ProbeStalled
from redis_resilience.probe.heartbeat import watch_own_clock


def watched(block_s: float) -> list[AnyEvent]:
    """What is reported of a loop that something blocks for so long."""
    told: list[AnyEvent] = []

    async def hold() -> None:
        beating = asyncio.create_task(watch_own_clock(told.append))
        await asyncio.sleep(0)
        time.sleep(block_s)  # noqa: ASYNC251 - that is what is to be noticed
        await asyncio.sleep(0.01)
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating

    asyncio.run(hold())
    return told


def test_a_loop_that_stood_still_is_told_from_beat_to_beat() -> None:
    stall = max(watched(0.08), key=lambda event: event.at_ns - event.since_ns)

    assert isinstance(stall, ProbeStalled)
    assert (stall.at_ns - stall.since_ns) / 1e6 >= 80
    assert stall.at_ns <= time.monotonic_ns()


def test_a_short_hold_is_nothing() -> None:
    assert not [stall for stall in watched(0.001) if stall.at_ns - stall.since_ns < 20_000_000]
