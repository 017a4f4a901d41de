"""What somebody else did to servers and Sentinels while the trial ran, by their own counters, settings and events."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from redis_resilience.judges.evidence import phase_at, told
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import Executed, SettingChanged
from redis_resilience.model.operations import Cause, Result

_SENTINELS = ("+set", "+reset-master", "-monitor")


def found(reading: Reading) -> list[str]:
    """Each of them in words; empty where everything was left alone."""
    return [*_executed(reading), *_settings(reading)]


def usual(reading: Reading) -> list[str]:
    """Commands that these servers had received before the trial, too: whoever administers them goes on to do so."""
    return [f"{event.server}: {event.usual}" for event in _last(reading) if event.usual]


def _last(reading: Reading) -> tuple[Executed, ...]:
    """Of each process the last one: each reports the time since the trial began, or since its start."""
    return tuple({(event.server, event.run_id): event for event in reading.of(Executed)}.values())


def _executed(reading: Reading) -> Iterator[str]:
    for event in _last(reading):
        if event.commands:
            yield f"{event.server}: {event.commands}"
        if (more := event.sets - _own_sets(reading, event.at_ns)) > 0:
            yield f"{event.server}: SET {more}"


def _own_sets(reading: Reading, until_ns: int) -> int:
    """How many that the trial's clients sent by then were executed, or may have been; rejected ones are not counted."""
    rows = reading.rows
    executed = np.isin(rows["outcome"], (Result.OK, Result.INFO)) | np.isin(
        rows["cause"], (Cause.TAKEN, Cause.REJECTED)
    )
    return int(np.count_nonzero(executed & (rows["call_ns"] <= until_ns)))


def _settings(reading: Reading) -> Iterator[str]:
    for event in reading.of(SettingChanged):
        yield f"{event.server} had {event.setting} {event.before or 'empty'}, and {event.now or 'empty'} at the end"
    for item in told(reading, *_SENTINELS, since_ns=phase_at(reading, "control") or 0):
        yield f"the Sentinel of {item.sentinel} received a change of its settings: {item.kind} {item.text}"
