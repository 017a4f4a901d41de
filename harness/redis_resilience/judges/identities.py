"""Whether every process on record is one that somebody met: data of a server that no watcher knows proves nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.evidence import server_index
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import Connected, SentinelDown, SentinelUp, ServerUp

_SERVER_BITS = 16
_NO_CONNECTION = 1 << 32
"""More than the number of any."""


def unmet(reading: Reading) -> list[str]:
    """Processes that only one source has ever seen, and connections to none, in words; empty where there is none."""
    return [*_servers(reading), *_sentinels(reading), *_connections(reading)]


def _servers(reading: Reading) -> Iterator[str]:
    """The watchers of each server, and who described it before the trial, met every process that it ever was."""
    met: dict[str, set[str]] = defaultdict(set)
    for server in reading.environment.servers:
        met[server.name].add(server.run_id)
    for up in reading.of(ServerUp):
        met[up.server].add(up.run_id)
    for name, final in reading.finals.items():
        for run_id in sorted({final.run_id_before, final.run_id_after} - met[name]):
            yield f"the final read of {name} is of process {run_id or 'without a run_id'}"
    for event in reading.of(Connected):
        if event.run_id not in met[event.server]:
            yield f"connection {event.connection} to {event.server} is to process {event.run_id or 'without a run_id'}"


def _sentinels(reading: Reading) -> Iterator[str]:
    met = {(event.sentinel, event.run_id) for event in reading.of(SentinelUp)}
    for event in reading.of(SentinelDown):
        if event.run_id and (event.sentinel, event.run_id) not in met:
            yield f"the Sentinel of {event.sentinel} was lost as {event.run_id}"


def _connections(reading: Reading) -> Iterator[str]:
    """A server says who it is after the first answer on a connection, before the second request is sent."""
    numbers, asked = reading.acknowledged["connection"], reading.acknowledged["server"]
    servers = {event.connection: server_index(reading, event.server) for event in reading.of(Connected)}
    odd = _other(servers, numbers, asked)
    for pair in np.unique(numbers[odd].astype(np.uint64) << _SERVER_BITS | asked[odd]).tolist():
        number, server = divmod(pair, 1 << _SERVER_BITS)
        if number not in servers:
            count = np.count_nonzero(numbers == number)
            if count > 1:
                yield f"{count} writes were acknowledged on connection {number}, on which no server said who it is"
        elif servers[number] != server:
            yield f"writes on connection {number} name another server than the one that answered there"


def _other(servers: Mapping[int, int], numbers: NDArray[np.uint32], asked: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Which of these are not of the server that answered on their connection; servers: by connection."""
    known = sorted(number for number in servers if 0 <= number < _NO_CONNECTION)
    met = np.array([*known, _NO_CONNECTION])
    whose = np.array([*(servers[number] for number in known), -1])
    place = np.searchsorted(met, numbers)
    found: NDArray[np.bool_] = (met[place] != numbers) | (whose[place] != asked)
    return found
