"""Servers that were found under another address while nothing in the plan moves them.

A pod that is deleted gets another address, and another process with it; a process that goes on under another one was
given it from outside: by a changed `replica-announce-ip`, a Service, another network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from redis_resilience.judges.evidence import Told, name_at, phase_at, server_names, told
from redis_resilience.judges.reading import Reading
from redis_resilience.judges.untouched import hit_ns
from redis_resilience.model.events import Address, Connected, FaultBegin, FaultEffect, ServerUp

_AT_ONCE_NS = 1_000_000_000
"""A Sentinel that takes over another master lists all replicas that it knew at once, those that are long gone too."""


def moved(reading: Reading) -> Iterator[str]:
    """Each such server in words."""
    yield from _processes(reading)
    yield from _announced(reading)
    yield from _in_tables(reading)


def _processes(reading: Reading) -> Iterator[str]:
    """By who met them: the watchers of the servers, and the clients that a Sentinel sent there."""
    watched = [(each.name, each.run_id, each.address) for each in reading.environment.servers]
    watched += [(event.server, event.run_id, event.address) for event in reading.of(ServerUp)]
    sent = [(event.server, event.run_id, event.address) for event in reading.of(Connected) if event.sentinel]
    for met in (watched, sent):
        places: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name, run_id, address in met:
            if run_id and address not in places[name, run_id]:
                places[name, run_id].append(address)
        for (name, _), addresses in places.items():
            if len(addresses) > 1:
                yield f"{name} was met at {' and at '.join(addresses)} as the same process"


def _announced(reading: Reading) -> Iterator[str]:
    """Replicas that a Sentinel learned of from its master, and that are at no address of a server of this trial."""
    names = server_names(reading)
    tellers: dict[str, list[str]] = defaultdict(list)
    for item in told(reading, "+slave", since_ns=phase_at(reading, "control") or 0):
        address = item.text.split(" ")[1] if " " in item.text else ""
        if name_at(reading, names, address) == address and not _is_explained(reading, item):
            tellers[address].append(item.sentinel)
    for address, sentinels in tellers.items():
        yield f"a replica at {address}, where no server was met (found by the Sentinels of {_listed(sentinels)})"


def _is_explained(reading: Reading, found: Told) -> bool:
    """By another master, or by a fault that had taken pods as a whole, or this Sentinel, by then."""
    at_ns = found.instant.latest_ns
    switched = (
        abs(item.instant.latest_ns - at_ns)
        for item in told(reading, "+switch-master", "+reset-master")
        if item.sentinel == found.sentinel
    )
    return min(switched, default=_AT_ONCE_NS) < _AT_ONCE_NS or any(
        event.earliest_ns <= at_ns and (event.pods or (event.pod, event.container) == (found.sentinel, "sentinel"))
        for event in reading.of(FaultBegin, FaultEffect)
    )


def _in_tables(reading: Reading) -> Iterator[str]:
    """Nodes of a cluster that others found elsewhere; one that joins or leaves has no address before or after."""
    tellers: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    servers = {server.name for server in reading.environment.servers}
    for event in reading.of(Address):
        places = event.before, event.address
        if event.node in servers and all(map(_is_place, places)) and event.at_ns < hit_ns(reading, event.node):
            tellers[(event.node, *places)].append(event.teller)
    for (node, before, after), nodes in tellers.items():
        yield f"{node} moved from {before} to {after} (by the tables of {_listed(nodes)})"


def _is_place(address: str) -> bool:
    host, _, port = address.rpartition(":")
    return bool(host) and port not in ("", "0")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))
