"""What the Sentinels reported of a failover: the voters of a deployment that is no Redis Cluster."""

from __future__ import annotations

from redis_resilience.judges.evidence import Told, name_at, server_names, told
from redis_resilience.judges.reading import Reading
from redis_resilience.model import instants
from redis_resilience.model.events import FaultEffect, HealEnd, Named, SentinelDown, SentinelUp
from redis_resilience.model.instants import Instant
from redis_resilience.model.verdict import Switch

NOUN = "Sentinel"
AGREEMENT = "convergence.sentinels_agree"
_LEADER_ONLY = ("+elected-leader", "+promoted-slave", "+failover-end", "+failover-end-for-timeout")


def names(reading: Reading) -> set[str]:
    return {view.name for view in reading.environment.sentinels}


def quorum(reading: Reading) -> int:
    return max((view.quorum for view in reading.environment.sentinels), default=1)


def announced(reading: Reading, since_ns: int) -> list[Switch]:
    """Every `+switch-master`."""
    servers = server_names(reading)
    leaders = {item.sentinel for item in told(reading, *_LEADER_ONLY, since_ns=since_ns)}
    ended = {item.sentinel for item in told(reading, *_LEADER_ONLY[1:], since_ns=since_ns)}
    found = []
    for item in told(reading, "+switch-master", since_ns=since_ns):
        words = item.text.split()
        if len(words) != 5:  # name, old host and port, new host and port
            continue
        found.append(
            Switch(
                sentinel=item.sentinel,
                heard=item.instant,
                logged=item.logged,
                old=name_at(reading, servers, f"{words[1]}:{words[2]}"),
                new=name_at(reading, servers, f"{words[3]}:{words[4]}"),
                leader=item.sentinel in (ended or leaders),
                address=f"{words[3]}:{words[4]}",
            )
        )
    return found


def decisions(reading: Reading, fault: Instant) -> dict[str, Instant | None]:
    """The first Sentinel to find the master down, the first to find others agree, the first leader."""

    def first(kind: str, start: str) -> Instant | None:
        told_so: list[Told] = [
            item for item in told(reading, kind, since_ns=fault.earliest_ns) if item.text.startswith(start)
        ]
        return told_so[0].instant if told_so else None

    return {
        instants.SDOWN_AT: first("+sdown", "master "),
        instants.ODOWN_AT: first("+odown", "master "),
        instants.ELECTED_AT: first("+elected-leader", ""),
    }


def gone(reading: Reading, at_ns: int) -> set[str]:
    """Pods that a fault had taken out as a whole; a terminating one loses its Sentinel before its server."""
    found: set[str] = set()
    for event in reading.of(FaultEffect, HealEnd):
        if isinstance(event, FaultEffect) and event.earliest_ns <= at_ns:
            found |= set(event.pods)
        elif isinstance(event, HealEnd) and event.at_ns <= at_ns:
            found -= set(event.pods)
    return found


def silent(reading: Reading, at_ns: int) -> set[str]:
    """Sentinels that could not be reached then, or that a fault had ended."""
    dead: set[str] = set()
    for event in reading.of(SentinelUp, SentinelDown, FaultEffect, HealEnd):
        if event.at_ns > at_ns:
            break
        match event:
            case SentinelDown():
                dead.add(event.sentinel)
            case SentinelUp():
                dead.discard(event.sentinel)
            case FaultEffect(container="sentinel"):
                dead.add(event.pod)
            case HealEnd(container="sentinel"):
                dead.discard(event.pod)
    return dead


def silent_at_the_end(reading: Reading) -> frozenset[str]:
    """Sentinels of the beginning that did not answer when they were asked at the end.

    Where none was asked, the watchers' last observation of each decides.
    """
    asked = {event.sentinel for event in reading.of(Named)}
    if asked:
        return frozenset(names(reading) - asked)
    last = {event.sentinel: event for event in reading.of(SentinelUp, SentinelDown)}
    return frozenset(name for name in names(reading) if isinstance(last.get(name), SentinelDown))
