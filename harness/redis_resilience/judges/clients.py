"""How long each client, and each group of clients, was shut out: the outage of all together hides one that is stuck.

A client that sends little shows little: it is certain to be shut out between attempts that failed, where none was
acknowledged in between. Groups pinned to one server are left out: they lose it on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.evidence import Times, acknowledgements, by_writer, fault_at_ns, writers_of
from redis_resilience.judges.reading import Reading, once
from redis_resilience.judges.stalls import stalled_ms
from redis_resilience.model.operations import Result
from redis_resilience.model.plan import Writers

ALL = "all clients"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutOut:
    """Clients, and the longest time after the fault in which each of their attempts failed, without the probe's stalls.

    counted: whether they define the outage, or go through an entrance, and must write again by the end. tail_ms: the
    same at the end of the load, where none was acknowledged any more; 0 where the last one was. until_ns: their last
    attempt that failed; 0 where none did.
    """

    who: str
    counted: bool
    longest_ms: float
    tail_ms: float
    until_ns: int


@once
def shut_out(reading: Reading) -> tuple[ShutOut, ...]:
    """All counted clients together, each group, then each client; only those with an attempt that failed."""
    fault_ns = fault_at_ns(reading)
    if fault_ns is None:
        return ()
    rows = reading.rows
    numbers, counts = writers_of(reading)
    bad = (rows["outcome"] != Result.OK) & (rows["due_ns"] >= fault_ns)
    acked, writers, follows = acknowledgements(reading)
    failed, whose = rows["due_ns"][bad], numbers[bad]
    found = [_one(reading, ALL, _where(follows, acked), failed[counts[bad]])]
    acked_by, failed_by = by_writer(acked, writers), by_writer(failed, whose)
    nothing: Times = np.empty(0, dtype=np.int64)
    for group, name, members, counted in _groups(reading):
        together = _where(_among(members, writers), acked), failed[_among(members, whose)]
        found.append(_one(reading, name, *together, counted=counted))
        if group.count > 1:
            for each in members:
                own = acked_by.get(each, nothing), failed_by.get(each, nothing)
                found.append(_one(reading, f"client {each + 1} of {name}", *own, counted=counted))
    return tuple(each for each in found if each.until_ns)


def _where(chosen: NDArray[np.bool_], times: Times) -> Times:
    return times if chosen.all() else times[chosen]


def _among(members: range, writers: NDArray[np.uint16]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (writers >= members.start) & (writers < members.stop)
    return found


def _groups(reading: Reading) -> Iterator[tuple[Writers, str, range, bool]]:
    """Each group that is not pinned to one server: its name, the numbers of its writers, whether it is counted."""
    servers = {server.name for server in reading.environment.servers}
    counted = reading.plan.load.counted
    first = 0
    for number, group in enumerate(reading.plan.load.writers, start=1):
        members = range(first, first + group.count)
        first += group.count
        if group in counted or (group.kind == "write" and group.target not in servers):
            yield group, f"group {number} ({group.target})", members, group in counted or group.entrance is not None


def _one(reading: Reading, who: str, acked: Times, failed: Times, *, counted: bool = True) -> ShutOut:
    """acked: when each acknowledgement arrived, in order. failed: when each attempt that failed was due, in any."""
    failed = np.sort(failed, kind="stable")
    gap = np.searchsorted(acked, failed)
    _, firsts = np.unique(gap, return_index=True)
    lasts = np.append(firsts[1:], len(failed))[: len(firsts)] - 1
    spans = list(zip(failed[firsts].tolist(), failed[lasts].tolist(), strict=True))
    longest = max(spans, key=lambda span: span[1] - span[0], default=(0, 0))
    ended = not len(failed) or gap[-1] < len(acked)
    return ShutOut(
        who=who,
        counted=counted,
        longest_ms=_without_stalls(reading, *longest),
        tail_ms=0.0 if ended else _without_stalls(reading, *spans[-1]),
        until_ns=spans[-1][1] if spans else 0,
    )


def _without_stalls(reading: Reading, begin_ns: int, end_ns: int) -> float:
    return (end_ns - begin_ns) / 1e6 - stalled_ms(reading, begin_ns, end_ns)


def listed(clients: list[tuple[str, float]]) -> str:
    """The first three of them with their ms, and how many more there are."""
    told = ", ".join(f"{who} for {ms:.0f} ms" for who, ms in clients[:3])
    return told + (f" and {len(clients) - 3} more" if len(clients) > 3 else "")
