"""What happened to servers and Sentinels that no fault of the plan had hit by then: they should go on as before."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import numpy as np

from redis_resilience.judges.evidence import acknowledgements, fault_of, phase_at, samples_of, told
from redis_resilience.judges.reading import Reading, once
from redis_resilience.judges.stalls import stalled_ms
from redis_resilience.model.events import Fail, FaultBegin, FaultEffect, FaultEvent, Pfail, Role, SentinelDown
from redis_resilience.model.traits import Takes

SILENT_MS = 1000.0
"""A busy machine makes a server slow to answer; one that does not answer for so long hangs, or is gone."""
_SUSPECTED = ("+sdown", "+odown", "+try-failover")


def disturbed(reading: Reading) -> Iterator[str]:
    """Each such disturbance in words."""
    yield from _unreachable(reading)
    yield from _standing_still(reading)
    yield from _sentinels_lost(reading)
    yield from _suspected(reading)
    yield from _tilted(reading)
    yield from _other_roles(reading)


def hit_ns(reading: Reading, server: str) -> float:
    """When the first fault that takes this server began; infinity for never."""
    return min(
        (begun for begun, servers, _, everything in _hits(reading) if server in servers or everything), default=inf
    )


def first_fault_ns(reading: Reading) -> int | None:
    """When the first fault began; None in a trial without one."""
    return min((begun_ns for begun_ns, _, _, _ in _hits(reading)), default=None)


@once
def _hits(reading: Reading) -> tuple[tuple[int, frozenset[str], frozenset[str], bool], ...]:
    """When each fault began, the servers that it takes, the pods where it is, and whether it may take any other."""
    return tuple(
        (event.earliest_ns, frozenset(event.servers), frozenset((event.pod, *event.pods)), _takes_all(reading, event))
        for event in reading.of(FaultEffect, FaultBegin)
    )


def _takes_all(reading: Reading, event: FaultEvent) -> bool:
    return fault_of(reading, event).traits.takes is Takes.CONTROLLER


def _unreachable(reading: Reading) -> Iterator[str]:
    for name, silent_ms in silences(reading):
        yield f"{name} did not answer for {silent_ms:.0f} ms, and no fault had hit it"


@once
def silences(reading: Reading) -> tuple[tuple[str, float], ...]:
    """Servers that no fault had hit and that did not answer for long, and for how many ms."""
    found = []
    for index, server in enumerate(reading.environment.servers):
        own = samples_of(reading, index)
        edges = np.diff(np.concatenate(([False], own["role"] == Role.UNREACHABLE, [False])).astype(np.int8))
        for first, after in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            since_ns = int(own["call_ns"][first])
            until_ns = int(min(own["return_ns"][after - 1], hit_ns(reading, server.name)))
            silent_ms = (until_ns - since_ns) / 1e6 - stalled_ms(reading, since_ns, until_ns)
            if silent_ms > SILENT_MS:
                found.append((server.name, silent_ms))
    return tuple(found)


def _standing_still(reading: Reading) -> Iterator[str]:
    """The longest time without an acknowledged write before a fault had hit any server, whether or not all answered."""
    hit = [begun_ns for begun_ns, servers, _, everything in _hits(reading) if servers or everything]
    times = acknowledgements(reading)[0]
    times = times[(times >= (phase_at(reading, "control") or 0)) & (times < min(hit, default=inf))]
    if len(times) <= 1:
        return
    longest = int(np.argmax(np.diff(times)))
    since_ns, until_ns = int(times[longest]), int(times[longest + 1])
    still_ms = (until_ns - since_ns) / 1e6 - stalled_ms(reading, since_ns, until_ns)
    if still_ms > SILENT_MS + (reading.plan.load.spacing_ms or 0.0):
        yield f"no write was acknowledged for {still_ms:.0f} ms, and no fault had hit a server"


def _sentinels_lost(reading: Reading) -> Iterator[str]:
    since_ns = phase_at(reading, "control") or 0
    lost = [event for event in reading.of(SentinelDown) if event.at_ns >= since_ns]
    for name in sorted({event.sentinel for event in lost}):
        at_ns = min(event.at_ns for event in lost if event.sentinel == name)
        if not any(
            begun_ns <= at_ns and (name in pods or everything) for begun_ns, _, pods, everything in _hits(reading)
        ):
            yield f"the Sentinel of {name} was lost, and no fault had hit it"


def _suspected(reading: Reading) -> Iterator[str]:
    """That a master was found down before anything was broken, whether it was replaced or not."""
    first_ns = first_fault_ns(reading)
    when = "in a trial without a fault" if first_ns is None else "before the first fault"
    since_ns = phase_at(reading, "control") or 0
    found = [
        (item.kind, item.sentinel, item.instant.latest_ns)
        for item in told(reading, *_SUSPECTED, since_ns=since_ns)
        if item.text.startswith("master ")
    ]
    found += [(event.label, event.teller, event.at_ns) for event in reading.of(Pfail, Fail) if event.at_ns >= since_ns]
    early = [(kind, teller) for kind, teller, at_ns in found if first_ns is None or at_ns < first_ns]
    for kind in dict.fromkeys(kind for kind, _ in early):
        tellers = ", ".join(sorted({teller for each, teller in early if each == kind}))
        yield f"{kind} {when} (reported by {tellers})"


def _tilted(reading: Reading) -> Iterator[str]:
    """Sentinels that found their own clock wrong, and act on nothing for 30 s, before anything was broken."""
    first_ns = first_fault_ns(reading)
    tellers = {
        item.sentinel
        for item in told(reading, "+tilt", since_ns=phase_at(reading, "control") or 0)
        if first_ns is None or item.instant.latest_ns < first_ns
    }
    if tellers:
        when = "in a trial without a fault" if first_ns is None else "before the first fault"
        yield f"TILT {when} (reported by {', '.join(sorted(tellers))})"


def _other_roles(reading: Reading) -> Iterator[str]:
    """Servers that became master, or stopped to be it, in a trial whose plan breaks nothing."""
    if reading.plan.faults:
        return
    for index, server in enumerate(reading.environment.servers):
        own = samples_of(reading, index)
        roles = own["role"][np.isin(own["role"], (Role.MASTER, Role.REPLICA))]
        if len(roles) and (roles != roles[0]).any():
            yield f"{server.name} changed its role"
