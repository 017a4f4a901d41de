"""When full redundancy was restored, and stayed so.

Redundant means: the last server to report `master` is the only one; every other server is a replica, linked and caught
up; every Sentinel that announced a switch announced this one last; no failover is under way. Offsets move under load,
so caught up means: a replica reported an offset at least as high as one that the master had before it was asked.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.evidence import Told, fault_of, phase_at, samples_of, told
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import FaultEffect, Link, Role, SentinelDown, SentinelUp
from redis_resilience.model.instants import Instant
from redis_resilience.model.records import Records
from redis_resilience.model.traits import Process
from redis_resilience.model.verdict import Switch

_BEGINS = ("+try-failover",)
_ENDS = (
    "+failover-end",
    "+failover-end-for-timeout",
    "+switch-master",
    "-failover-abort-not-elected",
    "-failover-abort-no-good-slave",
    "-failover-abort-slave-timeout",
)


def redundant_at(reading: Reading, fault: Instant, switches: tuple[Switch, ...]) -> Instant | None:
    """The first instant from which on it was redundant, not before the fault; None where it was not at the end."""
    until_ns = phase_at(reading, "read")
    tails: list[Records] = []
    for index in range(len(reading.environment.servers)):
        own = samples_of(reading, index)
        # The final read keeps the probe busy: what it misses then is no evidence, what it sees is.
        tails.append(
            own if until_ns is None else own[(own["return_ns"] <= until_ns) | (own["role"] != Role.UNREACHABLE)]
        )
    if not all(len(own) for own in tails):
        return None
    masters = [index for index, own in enumerate(tails) if own["role"][-1] == Role.MASTER]
    if len(masters) != 1 or not _settled(reading, fault, switches, reading.environment.servers[masters[0]].name):
        return None
    master = masters[0]
    found = [fault, *(switch.heard for switch in switches)]
    for index, own in enumerate(tails):
        good = own["role"] == Role.MASTER if index == master else _follows(own, master)
        start = _from_then_on(own, good, fault, reading.environment.servers[index].name)
        if start is None:
            return None
        found.append(start)
        if index != master:
            level = _caught_up(own, tails[master], max(start.earliest_ns, fault.earliest_ns))
            if level is None:
                return None
            found.append(level)
    last = max(found, key=lambda instant: (instant.latest_ns, instant.source))
    return Instant(
        earliest_ns=max(instant.earliest_ns for instant in found), latest_ns=last.latest_ns, source=last.source
    )


def _settled(reading: Reading, fault: Instant, switches: tuple[Switch, ...], master: str) -> bool:
    """Every Sentinel that switched went to this master, and each that began a failover has ended it."""
    newest = {switch.sentinel: switch.new for switch in switches}
    if any(new != master for new in newest.values()):
        return False
    last = {item.sentinel: item for item in told(reading, *_BEGINS, *_ENDS, since_ns=fault.earliest_ns)}
    return not any(item.kind in _BEGINS and not _died_since(reading, item) for item in last.values())


def _died_since(reading: Reading, attempt: Told) -> bool:
    """Whether the process of this Sentinel ended after that: what it had begun ended with it.

    A fault ended it, or its watcher lost it and did not meet the same identity again. A Sentinel that is started again
    with its state keeps its identity.
    """
    if any(_ends(reading, effect, attempt) for effect in reading.of(FaultEffect)):
        return True
    lost_ns = 0
    known = {view.name: view.run_id for view in reading.environment.sentinels}.get(attempt.sentinel, "")
    for event in reading.of(SentinelDown, SentinelUp):
        if event.sentinel != attempt.sentinel:
            continue
        if isinstance(event, SentinelDown):
            lost_ns = max(lost_ns, event.at_ns)
        elif event.at_ns <= attempt.instant.earliest_ns:
            known = event.run_id
        elif event.run_id == known:
            lost_ns = 0
    return lost_ns > attempt.instant.earliest_ns


def _ends(reading: Reading, effect: FaultEffect, attempt: Told) -> bool:
    if effect.at_ns < attempt.instant.latest_ns:
        return False
    hit = attempt.sentinel in effect.pods or (effect.pod, effect.container) == (attempt.sentinel, "sentinel")
    return hit and fault_of(reading, effect).traits.process in (Process.ENDS, Process.ENDS_GRADUALLY)


def _follows(own: Records, master: int) -> NDArray[np.bool_]:
    good: NDArray[np.bool_] = (
        (own["role"] == Role.REPLICA) & (own["source"] == master) & (own["link"] == Link.CONNECTED)
    )
    return good


def _from_then_on(own: Records, good: NDArray[np.bool_], fault: Instant, name: str) -> Instant | None:
    """From when on every sample was good; the fault itself where none was bad since."""
    bad = np.flatnonzero(~good & (own["return_ns"] >= fault.earliest_ns))
    if not len(bad):
        return fault
    last_bad = int(bad[-1])
    if last_bad == len(own) - 1:
        return None
    return Instant(
        earliest_ns=int(own["call_ns"][last_bad]),
        latest_ns=int(own["return_ns"][last_bad + 1]),
        source=f"server:{name}",
    )


def _caught_up(replica: Records, master: Records, since_ns: int) -> Instant | None:
    """The replica's first sample at or beyond the offset that the master reported before that sample was requested."""
    replica = replica[(replica["call_ns"] >= since_ns) & (replica["offset"] >= 0)]
    told_before = np.sort(master[(master["role"] == Role.MASTER) & (master["offset"] >= 0)], order="return_ns")
    if not len(replica) or not len(told_before):
        return None
    newest = np.searchsorted(told_before["return_ns"], replica["call_ns"], side="right") - 1
    level = np.flatnonzero((newest >= 0) & (replica["offset"] >= told_before["offset"][newest]))
    if not len(level):
        return None
    first = int(level[0])
    return Instant(
        earliest_ns=int(replica["call_ns"][first - 1]) if first else since_ns,
        latest_ns=int(replica["return_ns"][first]),
        source="offsets",
    )
