"""Who was master, and when: by what Sentinels or nodes announced, and by what the servers reported themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from redis_resilience.judges.evidence import (
    instant_of,
    left_addresses,
    master_fault,
    name_at,
    phase_at,
    samples_of,
    server_index,
    server_names,
)
from redis_resilience.judges.reading import Reading, once
from redis_resilience.judges.voters import voters_of
from redis_resilience.model.events import FaultEffect, Named, Role, RoleChanged, SentinelDown, SentinelUp, TableDown
from redis_resilience.model.history import FinalRead
from redis_resilience.model.instants import Instant
from redis_resilience.model.verdict import Switch

MASTER = "master"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """One change of master that the Sentinels announced.

    at: when the new master reported it; None where no watcher saw it. offset: how far it had replicated in its last
    sample as a replica, -1 = no sample: it had at least this much.
    """

    old: str
    new: str
    at: Instant | None
    offset: int
    switches: tuple[Switch, ...]


@once
def promotions(reading: Reading) -> tuple[Promotion, ...]:
    """Every change of master since the baseline, in order; each Sentinel's announcement of it once."""
    effect = master_fault(reading)
    begin_ns = phase_at(reading, "control") or 0
    fault_ns = effect.earliest_ns if effect else begin_ns
    announced = voters_of(reading).announced(reading, min(begin_ns, fault_ns))
    before = [switch for switch in announced if switch.heard.latest_ns < fault_ns]
    after = [switch for switch in announced if switch.heard.latest_ns >= fault_ns]
    found: list[Promotion] = []
    for since_ns, switches in ((begin_ns, before), (fault_ns, after)):
        latest_ns = since_ns
        for group in _grouped(reading, switches):
            old = found[-1].new if found else reading.environment.master
            at, offset = _role_change(reading, group[0].new, latest_ns, in_its_place=old == group[0].new)
            found.append(Promotion(old=old, new=group[0].new, at=at, offset=offset, switches=tuple(group)))
            latest_ns = at.latest_ns if at else group[0].heard.latest_ns
    return tuple(found)


def _grouped(reading: Reading, switches: list[Switch]) -> list[list[Switch]]:
    """Announcements of the same change, each Sentinel's once."""
    groups: list[list[Switch]] = []
    master = reading.environment.master
    believed = {view.name: (master, view.master_address) for view in reading.environment.sentinels}
    for switch in switches:
        said = switch.new, switch.address
        if _same(said, believed.get(switch.sentinel, (master, ""))):
            continue  # a Sentinel that came back publishes again what it knows
        believed[switch.sentinel] = said
        group = next(
            (g for g in reversed(groups) if _same(said, (g[0].new, g[0].address)) and _is_news(g, switch)), None
        )
        if group is None:
            groups.append([switch])
        else:
            group.append(switch)
    return groups


@once
def believed_masters(reading: Reading) -> dict[str, str]:
    """The server each Sentinel or node named as master at the end: asked then, or by its last announcement.

    An address that its server has left stands for itself: naming it sends clients to no server. A Sentinel that was
    restarted without its state and not asked is left out: it never announced the state that it began with.
    """
    master, views = reading.environment.master, reading.environment.sentinels
    said = dict.fromkeys(voters_of(reading).names(reading), master) | {view.name: view.master_address for view in views}
    for change in promotions(reading):
        said |= {switch.sentinel: switch.address or switch.new for switch in change.switches}
    asked = {event.sentinel: event.address for event in reading.of(Named)}
    said = {name: place for name, place in said.items() if name not in _recreated(reading)} | asked
    names = {view.master_address: master for view in views} | server_names(reading)
    left = left_addresses(reading)
    return {name: place if place in left else name_at(reading, names, place) for name, place in sorted(said.items())}


def _recreated(reading: Reading) -> set[str]:
    """Sentinels that reported one identity, and later another."""
    identities: dict[str, set[str]] = {}
    for event in reading.of(SentinelUp):
        identities.setdefault(event.sentinel, set()).add(event.run_id)
    return {name for name, found in identities.items() if len(found) > 1}


def _same(said: tuple[str, str], known: tuple[str, str]) -> bool:
    """Whether both mean the same server: a recreated pod has the old one's name, and another address."""
    return said[0] == known[0] and (said[1] == known[1] or "" in (said[1], known[1]))


def _is_news(group: list[Switch], switch: Switch) -> bool:
    return all(known.sentinel != switch.sentinel for known in group)


@once
def final_master(reading: Reading) -> FinalRead | None:
    """The server that was master when everything was read; of several the one that most Sentinels named last.

    None where no server reported master, or those that did were not named.
    """
    masters = {name: final for name, final in reading.finals.items() if final.role == MASTER}
    if len(masters) > 1:
        named = Counter(believed_masters(reading).values()).most_common(1)
        masters = {name: final for name, final in masters.items() if named and name == named[0][0]}
    return next(iter(masters.values()), None)


@once
def unannounced(reading: Reading) -> str:
    """The server that is master at the end without an announcement of it; "" where there is none.

    Sentinels that restarted and found a new master have nothing to announce: one must have run all the time.
    """
    final = final_master(reading)
    changes = promotions(reading)
    if final is None or final.server == (changes[-1].new if changes else reading.environment.master):
        return ""
    lost = {event.teller for event in reading.of(SentinelDown, TableDown)}
    for effect in reading.of(FaultEffect):
        lost |= {effect.pod, *effect.pods}
    return final.server if voters_of(reading).names(reading) - lost else ""


def _role_change(reading: Reading, server: str, since_ns: int, *, in_its_place: bool) -> tuple[Instant | None, int]:
    """When `server` began to report that it is master, and the last offset it had reported as a replica.

    in_its_place: under a name whose last pod was master to its end.
    """
    own = samples_of(reading, server_index(reading, server))
    own = own[own["role"] != Role.UNREACHABLE]
    is_master = own["role"] == Role.MASTER
    if in_its_place:
        is_master[1:] &= ~is_master[:-1]
    as_master = np.flatnonzero(is_master & (own["return_ns"] >= since_ns))
    if not len(as_master):
        for event in reading.of(RoleChanged):
            if event.server == server and event.at_ns >= since_ns and event.role is Role.MASTER:
                return instant_of(event), -1
        return None, -1
    first = int(as_master[0])
    before = own[:first]
    earliest = max(since_ns, int(before["call_ns"][-1]) if first else since_ns)
    replica = before[(before["role"] == Role.REPLICA) & (before["offset"] >= 0)]
    return (
        Instant(earliest_ns=earliest, latest_ns=int(own["return_ns"][first]), source=f"server:{server}"),
        int(replica["offset"][-1]) if len(replica) else -1,
    )
