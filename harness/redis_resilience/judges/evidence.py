"""What every judge reads from a history in the same way: phases, faults, names, and what the Sentinels reported.

Reading only; no question is answered here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.reading import Reading, once
from redis_resilience.model.columns import Columns
from redis_resilience.model.errors import BrokenTrial
from redis_resilience.model.events import (
    Connected,
    Event,
    FaultEffect,
    FaultEvent,
    HealFailed,
    Phase,
    SentinelMessage,
    ServerUp,
)
from redis_resilience.model.faults import Fault
from redis_resilience.model.instants import Instant
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.records import Records
from redis_resilience.model.sentinel_log import master_of

Times = NDArray[np.int64]
_NEVER_SENT = (Cause.REFUSED, Cause.NO_MASTER, Cause.WAITING)

MATCH_NS = 5_000_000_000
"""A message and a log line further apart than this do not belong together.

A Sentinel writes its log at once, and sends nothing while it waits for the resolver: 1025 ms were seen between the two.
"""
CLOCK_SLACK_NS = 2_000_000
"""How much later than its message a line may be stamped: the wall clock is adjusted, the monotonic clock is not."""


def instant_of(event: Event) -> Instant:
    return Instant(earliest_ns=event.earliest_ns, latest_ns=event.at_ns, source=event.source)


def fault_of(reading: Reading, event: FaultEvent) -> Fault:
    """The planned fault whose effect or heal this event is. Raises BrokenTrial where the plan has no such fault."""
    planned = reading.plan.faults
    if not 0 <= event.fault < len(planned):
        raise BrokenTrial(f"expected {event.label} of one of the plan's {len(planned)} faults; got fault {event.fault}")
    return planned[event.fault].fault


def phase_at(reading: Reading, name: str) -> int | None:
    """When the trial entered that phase; None where it never did."""
    for event in reading.of(Phase):
        if event.name == name:
            return event.at_ns
    return None


def server_index(reading: Reading, name: str) -> int:
    """The server's number in the records; -1, which is in no record, where it is not known."""
    for index, server in enumerate(reading.environment.servers):
        if server.name == name:
            return index
    return -1


@once
def writers_of(reading: Reading) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    """Each operation's writer, and whether it wrote to the master that the Sentinels name.

    Writers are numbered from 0, group after group; a new identity of a writer is its number plus a multiple of their
    count.
    """
    following = _following(reading)
    number = ((reading.rows["client"] - np.uint32(1)) % np.uint32(len(following))).astype(np.uint16)
    return number, np.ones(len(number), dtype=np.bool_) if following.all() else following[number]


@once
def _following(reading: Reading) -> NDArray[np.bool_]:
    """By writer; where no group follows the master, every writer counts."""
    found = np.array([group.follows for group in reading.plan.load.writers for _ in range(group.count)])
    return found if found.any() else ~found


def sent(rows: Columns) -> NDArray[np.bool_]:
    """Which of these operations their clients could send."""
    return ~np.isin(rows["cause"], _NEVER_SENT)


@once
def acknowledgements(reading: Reading) -> tuple[Times, NDArray[np.uint16], NDArray[np.bool_]]:
    """When each write was acknowledged, in order of time; its writer, and whether that one wrote to the master."""
    times = reading.acknowledged["return_ns"]
    writers = writers_of(reading)[0][reading.rows["outcome"] == Result.OK]
    if (times[1:] < times[:-1]).any():
        by_time = np.argsort(times, kind="stable")
        times, writers = times[by_time], writers[by_time]
    return times, writers, _following(reading)[writers]


def by_writer(times: Times, writers: NDArray[np.uint16]) -> dict[int, Times]:
    """Each writer's times, in their order."""
    counts = np.bincount(writers)
    own = np.split(times[np.argsort(writers, kind="stable")], np.cumsum(counts[:-1]))
    return {number: own[number] for number in np.flatnonzero(counts).tolist()}


@once
def master_fault(reading: Reading) -> FaultEffect | None:
    """The first effect of a fault that took the master's server; else the first of any; None without one."""
    effects = reading.of(FaultEffect)
    for event in effects:
        if reading.environment.master in event.servers:
            return event
    return effects[0] if effects else None


def fault_at_ns(reading: Reading) -> int | None:
    """From when on clients may be shut out: that effect at the earliest; where none is proved, the phase `fault`."""
    effect = master_fault(reading)
    return instant_of(effect).earliest_ns if effect else phase_at(reading, "fault")


def off_plan_ns(reading: Reading) -> int | None:
    """When the first heal that failed began: from there on the trial is another than was planned; None for never."""
    return min((event.earliest_ns for event in reading.of(HealFailed)), default=None)


@once
def server_names(reading: Reading) -> dict[str, str]:
    """Server names by every address at which they were seen ("host:port"), as Sentinels write them in their events."""
    names = {server.address: server.name for server in reading.environment.servers}
    for event in reading.of(ServerUp, Connected):
        names[event.address] = event.server
    return names


@once
def left_addresses(reading: Reading) -> dict[str, str]:
    """The server that was at an address ("host:port") now in use by none: a watcher met that server elsewhere since."""
    places = {server.name: server.address for server in reading.environment.servers}
    left: dict[str, str] = {}
    for event in reading.of(ServerUp):
        if places.get(event.server, event.address) != event.address:
            left[places[event.server]] = event.server
        left.pop(event.address, None)
        places[event.server] = event.address
    return left


def name_at(reading: Reading, names: dict[str, str], address: str) -> str:
    """The server behind "host:port"; a host name identifies itself by its first label; else the address as it is."""
    if address in names:
        return names[address]
    label = address.split(":", 1)[0].split(".", 1)[0]
    return label if server_index(reading, label) >= 0 else address


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event of one Sentinel, as heard on its pub/sub, as written in its log, or both."""

    sentinel: str
    kind: str
    text: str
    heard: Instant | None
    logged: Instant | None

    @property
    def instant(self) -> Instant:
        """As heard, and known from the log's timestamp on; without a message, as logged.

        Raises ValueError where there is neither.
        """
        known = self.heard or self.logged
        if known is None:
            raise ValueError("expected a message or a log line; got neither")
        return known


def told(reading: Reading, *kinds: str, since_ns: int = 0) -> tuple[Told, ...]:
    """What the Sentinels reported of these kinds, each event once, in order of time; other masters are left out."""
    return tuple(item for item in _told_of_ours(reading) if item.kind in kinds and item.instant.at_ns >= since_ns)


def told_of_others(reading: Reading, *kinds: str, since_ns: int = 0) -> tuple[Told, ...]:
    """The same for masters that these Sentinels monitor besides, under other names."""
    ours = set(_told_of_ours(reading))
    return tuple(
        item
        for item in _all_told(reading)
        if item not in ours and item.kind in kinds and item.instant.at_ns >= since_ns
    )


@once
def master_names(reading: Reading) -> frozenset[str]:
    """The name by which the Sentinels know this trial's master; empty where there are none."""
    return frozenset(view.master_name for view in reading.environment.sentinels)


@once
def _told_of_ours(reading: Reading) -> tuple[Told, ...]:
    ours = master_names(reading) | {""}
    return tuple(item for item in _all_told(reading) if not ours - {""} or master_of(item.kind, item.text) in ours)


@once
def _all_told(reading: Reading) -> tuple[Told, ...]:
    """Messages are paired with the log lines that report the same event."""
    heard: dict[tuple[str, str, str], list[Event]] = {}
    logged: dict[tuple[str, str, str], list[Event]] = {}
    for event in reading.of(SentinelMessage):
        side = logged if event.source.startswith("log:") else heard
        side.setdefault((event.teller, event.name, event.text), []).append(event)
    found = []
    for key in sorted(heard.keys() | logged.keys()):
        lines = logged.get(key, [])
        for message in heard.get(key, []):
            line = _line_of(message, lines)
            if line is not None:
                lines.remove(line)
            found.append(_told(key, message, line))
        found += [_told(key, None, line) for line in lines]
    return tuple(sorted(found, key=lambda item: (item.instant.at_ns, item.sentinel, item.kind, item.text)))


def _line_of(message: Event, lines: list[Event]) -> Event | None:
    """The newest line that had been written when the message was heard."""
    fitting = [line for line in lines if -CLOCK_SLACK_NS <= message.at_ns - line.earliest_ns <= MATCH_NS]
    return fitting[-1] if fitting else None


def _told(key: tuple[str, str, str], message: Event | None, line: Event | None) -> Told:
    sentinel, kind, text = key
    logged = instant_of(line) if line else None
    heard = None
    if message:
        earliest = min(message.earliest_ns, logged.earliest_ns) if logged else message.earliest_ns
        heard = Instant(earliest_ns=earliest, latest_ns=message.at_ns, source=message.source)
    return Told(sentinel=sentinel, kind=kind, text=text, heard=heard, logged=logged)


def samples_of(reading: Reading, server: int) -> Records:
    """That server's samples in order of their calls."""
    found = _by_server(reading).get(server)
    return reading.samples[:0] if found is None else found


@once
def _by_server(reading: Reading) -> dict[int, Records]:
    samples = reading.samples[np.lexsort((reading.samples["return_ns"], reading.samples["call_ns"]))]
    samples.flags.writeable = False
    return {int(server): samples[samples["server"] == server] for server in np.unique(samples["server"])}
