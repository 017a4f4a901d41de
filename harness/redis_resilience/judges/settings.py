"""Settings that somebody changed while the trial ran: of servers by their values, of Sentinels by what they report."""

from __future__ import annotations

from collections.abc import Iterator

from redis_resilience.judges.evidence import phase_at, told
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import SettingChanged

_SENTINELS = ("+set", "+reset-master", "-monitor")


def changed(reading: Reading) -> Iterator[str]:
    """Each such change in words."""
    for event in reading.of(SettingChanged):
        yield f"{event.server} had {event.setting} {event.before or 'empty'}, and {event.now or 'empty'} at the end"
    for item in told(reading, *_SENTINELS, since_ns=phase_at(reading, "control") or 0):
        yield f"the Sentinel of {item.sentinel} received a change of its settings: {item.kind} {item.text}"
