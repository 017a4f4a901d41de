"""Whether every server, Sentinel and node was watched throughout: what was not watched is not known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from redis_resilience.judges.evidence import phase_at, samples_of
from redis_resilience.judges.reading import Reading
from redis_resilience.judges.stalls import stalled_ms
from redis_resilience.judges.voters import voters_of
from redis_resilience.model.events import Phase

HOLE_MS = 500.0
"""A server is sampled every 10 ms, whether it answers or not; 210 ms were seen on a busy machine."""


def unwatched(reading: Reading) -> list[str]:
    """What was not watched, and when, in words; empty where all was."""
    return [*_servers(reading), *_voters(reading)]


def _servers(reading: Reading) -> Iterator[str]:
    begin_ns, end_ns = phase_at(reading, "control"), phase_at(reading, "done")
    if begin_ns is None:
        return
    for index, server in enumerate(reading.environment.servers):
        times = np.sort(samples_of(reading, index)["return_ns"])
        if not len(times):
            yield f"{server.name} was never sampled"
            continue
        last_ns = int(times[-1]) if end_ns is None else end_ns
        edges = np.concatenate(([begin_ns], times[(times > begin_ns) & (times < last_ns)], [last_ns]))
        for at in np.flatnonzero(np.diff(edges) > HOLE_MS * 1e6).tolist():
            since_ns, until_ns = int(edges[at]), int(edges[at + 1])
            hole_ms = (until_ns - since_ns) / 1e6
            if hole_ms - stalled_ms(reading, since_ns, until_ns) > HOLE_MS:
                yield f"{server.name} was not sampled for {hole_ms:.0f} ms in phase {_phase_of(reading, since_ns)}"


def _phase_of(reading: Reading, at_ns: int) -> str:
    return [event.name for event in reading.of(Phase) if event.at_ns <= at_ns][-1]


def _voters(reading: Reading) -> Iterator[str]:
    """Each Sentinel or node of the beginning was reached by its watcher at least once."""
    if phase_at(reading, "control") is None:
        return
    heard = {event.teller for event in reading.events if event.source.startswith(("sentinel:", "node:"))}
    for name in sorted(voters_of(reading).names(reading) - heard):
        yield f"nothing was heard of the Sentinel or node of {name}"
