"""When everything happened: each instant of a failover with what is known of it, from whoever saw it first.

An instant is absent where it did not happen or was not seen. Only what came after the fault counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from redis_resilience.judges import nodes
from redis_resilience.judges.answer import Answer, Judge
from redis_resilience.judges.evidence import (
    Told,
    fault_of,
    instant_of,
    left_addresses,
    master_fault,
    name_at,
    samples_of,
    server_index,
    server_names,
    told,
)
from redis_resilience.judges.reading import Reading, once
from redis_resilience.judges.redundancy import redundant_at
from redis_resilience.model import instants
from redis_resilience.model.events import (
    ContainerStarted,
    Event,
    FaultAsked,
    FaultEffect,
    HealEnd,
    Named,
    NameFound,
    PodReady,
    Role,
    RoleChanged,
    SentinelDown,
    SentinelUp,
    ServerDown,
)
from redis_resilience.model.history import History
from redis_resilience.model.instants import Instant
from redis_resilience.model.operations import Result
from redis_resilience.model.traits import Process
from redis_resilience.model.verdict import Switch, Timeline

_LEADER_ONLY = ("+elected-leader", "+promoted-slave", "+failover-end", "+failover-end-for-timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """One change of master that the Sentinels announced.

    at: when the new master said so itself; None where no watcher saw it. offset: how far it had replicated in its last
    sample as a replica, -1 = no sample: it had at least this much.
    """

    old: str
    new: str
    at: Instant | None
    offset: int
    switches: tuple[Switch, ...]


@once
def timeline_of(reading: Reading) -> Timeline:
    """The timeline of the first failover after the fault; of a trial without one, what else there is to tell."""
    history = reading.history
    effect = master_fault(history)
    if effect is None:
        return Timeline(instants={}, old_master=history.environment.master)
    asked = _asked(history, effect)
    broken = _took_effect(history, effect)
    changes = promotions(history)
    first = changes[0] if changes else None
    switches = tuple(switch for change in changes for switch in change.switches)
    begin = asked or broken
    process = fault_of(history, effect).traits.process
    decisions = (nodes.decisions if nodes.has_shards(history) else _decisions)(history, begin)
    handed_over = asked is not None and first is not None and _before_odown(first, decisions)
    if handed_over:
        decisions |= {instants.SDOWN_AT: None, instants.ODOWN_AT: None}
    fault = begin if handed_over else broken
    found: dict[str, Instant | None] = {
        instants.ASKED_AT: asked,
        instants.FAULT_AT: fault,
        instants.DEAD_AT: None if process is Process.STAYS_UP else _dead_at(history, broken),
        **decisions,
        **_switches(history, first),
        instants.PROMOTED_AT: first.at if first else None,
        instants.FIRST_WRITE_AT: _first_write(history, fault, first) if first else None,
        **_back(history, _pod_hit(history, effect), begin),
        instants.REDUNDANT_AT: redundant_at(history, fault, switches),
    }
    return Timeline(
        instants={name: instant for name in instants.NAMES if (instant := found.get(name)) is not None},
        switches=switches,
        failover=first is not None,
        handed_over=handed_over,
        old_master=first.old if first else history.environment.master,
        new_master=first.new if first else "",
    )


def _pod_hit(history: History, effect: FaultEffect) -> str:
    """The master's where that went, too; else the one that the fault was for."""
    master = history.environment.master
    return master if master in effect.servers else effect.pod


def _asked(history: History, effect: FaultEffect) -> Instant | None:
    """When the cluster accepted what this fault asked of it."""
    for event in history.of(FaultAsked):
        if (event.fault, event.pod) == (effect.fault, effect.pod):
            return instant_of(event)
    return None


def _took_effect(history: History, effect: FaultEffect) -> Instant:
    """When it took effect; if slowly, between the last answer that a watcher had and the first none."""
    known = instant_of(effect)
    if fault_of(history, effect).traits.process is not Process.ENDS_GRADUALLY:
        return known
    own = samples_of(history, server_index(history, _pod_hit(history, effect)))
    answered = own[(own["role"] != Role.UNREACHABLE) & (own["return_ns"] <= known.latest_ns)]
    last_ns = int(answered["call_ns"][-1]) if len(answered) else known.earliest_ns
    silent = own[(own["role"] == Role.UNREACHABLE) & (own["call_ns"] >= max(last_ns, known.earliest_ns))]
    first_ns = int(silent["return_ns"][0]) if len(silent) else known.latest_ns
    return replace(
        known, earliest_ns=max(known.earliest_ns, last_ns), latest_ns=min(known.latest_ns, max(first_ns, last_ns))
    )


def _before_odown(first: Promotion, decisions: Mapping[str, Instant | None]) -> bool:
    """Whether the replacement began before any quorum had found the master down: then it was asked for."""
    odown, elected = decisions[instants.ODOWN_AT], decisions[instants.ELECTED_AT]
    began = elected or first.switches[0].heard
    return odown is None or odown.at_ns > began.at_ns


def promotions(history: History) -> tuple[Promotion, ...]:
    """Every change of master after the fault, in order; each Sentinel's announcement of it once."""
    effect = master_fault(history)
    if effect is None:
        return ()
    groups: list[list[Switch]] = []
    master = history.environment.master
    believed = {view.name: (master, view.master_address) for view in history.environment.sentinels}
    switches = nodes.announced if nodes.has_shards(history) else _announced
    for switch in switches(history, effect.earliest_ns):
        said = switch.new, switch.address
        if _same(said, believed.get(switch.sentinel, (master, ""))):
            continue  # a Sentinel that came back says again what it knows
        believed[switch.sentinel] = said
        group = next(
            (g for g in reversed(groups) if _same(said, (g[0].new, g[0].address)) and _is_news(g, switch)), None
        )
        if group is None:
            groups.append([switch])
        else:
            group.append(switch)
    found: list[Promotion] = []
    since_ns = effect.earliest_ns
    for group in groups:
        old = found[-1].new if found else master
        at, offset = _role_change(history, group[0].new, since_ns, in_its_place=old == group[0].new)
        found.append(Promotion(old=old, new=group[0].new, at=at, offset=offset, switches=tuple(group)))
        since_ns = at.latest_ns if at else group[0].heard.latest_ns
    return tuple(found)


def believed_masters(history: History) -> dict[str, str]:
    """Whom each Sentinel or node named as master at the end: asked then, or by its last announcement.

    An address that its server has left stands for itself: who names it sends clients to nobody. A Sentinel that began
    anew and was not asked is left out: what it began with it has announced to nobody.
    """
    master, views = history.environment.master, history.environment.sentinels
    said = dict.fromkeys(nodes.node_names(history), master) | {view.name: view.master_address for view in views}
    for change in promotions(history):
        said |= {switch.sentinel: switch.address or switch.new for switch in change.switches}
    asked = {event.sentinel: event.address for event in history.of(Named)}
    said = {name: place for name, place in said.items() if name not in _made_anew(history)} | asked
    names = {view.master_address: master for view in views} | server_names(history)
    left = left_addresses(history)
    return {name: place if place in left else name_at(history, names, place) for name, place in sorted(said.items())}


def _made_anew(history: History) -> set[str]:
    """Sentinels that said who they are, and later that they are another one."""
    identities: dict[str, set[str]] = {}
    for event in history.of(SentinelUp):
        identities.setdefault(event.sentinel, set()).add(event.run_id)
    return {name for name, found in identities.items() if len(found) > 1}


def _same(said: tuple[str, str], known: tuple[str, str]) -> bool:
    """Whether both mean the same server: a pod that is made in another's place has its name, and another address."""
    return said[0] == known[0] and (said[1] == known[1] or "" in (said[1], known[1]))


def _is_news(group: list[Switch], switch: Switch) -> bool:
    return all(known.sentinel != switch.sentinel for known in group)


def _announced(history: History, since_ns: int) -> list[Switch]:
    names = server_names(history)
    leaders = {item.sentinel for item in told(history, *_LEADER_ONLY, since_ns=since_ns)}
    ended = {item.sentinel for item in told(history, *_LEADER_ONLY[1:], since_ns=since_ns)}
    found = []
    for item in told(history, "+switch-master", since_ns=since_ns):
        words = item.text.split()
        if len(words) != 5:  # name, old host and port, new host and port
            continue
        found.append(
            Switch(
                sentinel=item.sentinel,
                heard=item.instant,
                logged=item.logged,
                old=name_at(history, names, f"{words[1]}:{words[2]}"),
                new=name_at(history, names, f"{words[3]}:{words[4]}"),
                leader=item.sentinel in (ended or leaders),
                address=f"{words[3]}:{words[4]}",
            )
        )
    return found


def _decisions(history: History, fault: Instant) -> dict[str, Instant | None]:
    """The first Sentinel to find the master down, the first to find others agree, the first leader."""

    def first(kind: str, start: str) -> Instant | None:
        told_so: list[Told] = [
            item for item in told(history, kind, since_ns=fault.earliest_ns) if item.text.startswith(start)
        ]
        return told_so[0].instant if told_so else None

    return {
        instants.SDOWN_AT: first("+sdown", "master "),
        instants.ODOWN_AT: first("+odown", "master "),
        instants.ELECTED_AT: first("+elected-leader", ""),
    }


def _switches(history: History, change: Promotion | None) -> dict[str, Instant | None]:
    """First, quorum-th and last Sentinel or node to announce it; the last only once every one that is alive has."""
    if change is None:
        return {}
    begun_ns = change.switches[0].heard.latest_ns
    shards = nodes.has_shards(history)
    gone = nodes.gone_nodes(history, begun_ns) if shards else _gone_pods(history, begun_ns)
    # One whose pod is gone announces it when it is back, which is no part of the failover.
    heard = [switch.heard for switch in change.switches if switch.sentinel not in gone]
    if not heard:
        return {}
    if shards:
        everybody, quorum, silent = nodes.node_names(history), nodes.majority(history), gone
    else:
        everybody = {view.name for view in history.environment.sentinels}
        quorum = max((view.quorum for view in history.environment.sentinels), default=1)
        silent = gone | _dead_sentinels(history, heard[0].latest_ns)
    complete = everybody - {switch.sentinel for switch in change.switches} <= silent
    return {
        instants.FIRST_SWITCH_AT: heard[0],
        instants.QUORUM_SWITCH_AT: heard[quorum - 1] if quorum <= len(heard) else None,
        instants.LAST_SWITCH_AT: heard[-1] if complete else None,
    }


def _dead_sentinels(history: History, at_ns: int) -> set[str]:
    dead: set[str] = set()
    for event in history.of(SentinelUp, SentinelDown, FaultEffect, HealEnd):
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


def _gone_pods(history: History, at_ns: int) -> set[str]:
    """Pods that a fault had put out as a whole; one that is told to go loses its Sentinel before its server."""
    gone: set[str] = set()
    for event in history.of(FaultEffect, HealEnd):
        if isinstance(event, FaultEffect) and event.earliest_ns <= at_ns:
            gone |= set(event.pods)
        elif isinstance(event, HealEnd) and event.at_ns <= at_ns:
            gone -= set(event.pods)
    return gone


def _dead_at(history: History, fault: Instant) -> Instant | None:
    """The watcher lost the master, or its process was seen to be gone, whichever was first."""
    found = [
        instant_of(event)
        for event in history.of(ServerDown)
        if event.server == history.environment.master and event.at_ns >= fault.earliest_ns
    ]
    own = samples_of(history, server_index(history, history.environment.master))
    gone = own[(own["role"] == Role.UNREACHABLE) & (own["return_ns"] >= fault.earliest_ns)]
    if len(gone):
        found.append(Instant(earliest_ns=fault.earliest_ns, latest_ns=int(gone["return_ns"].min()), source="samples"))
    return min(found, key=lambda instant: (instant.latest_ns, instant.source), default=None)


def _back(history: History, pod: str, since: Instant) -> dict[str, Instant | None]:
    """When the pod that was hit came back, as the cluster and the resolver tell; where there is neither, nothing."""

    def first(events: Iterable[Event]) -> Instant | None:
        return next((instant_of(event) for event in events if event.at_ns > since.latest_ns), None)

    return {
        instants.STARTED_AT: first(
            event for event in history.of(ContainerStarted) if (event.pod, event.container) == (pod, "redis")
        ),
        instants.NAMED_AT: first(event for event in history.of(NameFound) if event.server == pod),
        instants.READY_AT: first(event for event in history.of(PodReady) if event.pod == pod),
    }


def _role_change(history: History, server: str, since_ns: int, *, in_its_place: bool) -> tuple[Instant | None, int]:
    """When `server` began to say that it is master, and the last offset it had told as a replica.

    in_its_place: under a name whose last pod was master to its end.
    """
    own = samples_of(history, server_index(history, server))
    own = own[own["role"] != Role.UNREACHABLE]
    is_master = own["role"] == Role.MASTER
    if in_its_place:
        is_master[1:] &= ~is_master[:-1]
    as_master = np.flatnonzero(is_master & (own["return_ns"] >= since_ns))
    if not len(as_master):
        for event in history.of(RoleChanged):
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


def _first_write(history: History, fault: Instant, change: Promotion) -> Instant | None:
    """The new master's first acknowledgement of a write that was sent after the fault.

    A pod that was made in the old one's place has its name: there, of one that was sent after the promotion.
    """
    server = change.new
    since = change.at if change.at and change.old == server else fault
    rows = history.operations
    own = rows[
        (rows["server"] == server_index(history, server))
        & (rows["outcome"] == Result.OK)
        & (rows["call_ns"] >= since.earliest_ns)
    ]
    if not len(own):
        return None
    first = own[int(np.lexsort((own["call_ns"], own["return_ns"]))[0])]
    return Instant(earliest_ns=int(first["call_ns"]), latest_ns=int(first["return_ns"]), source=f"server:{server}")


def judge(reading: Reading) -> Answer[Timeline]:
    return Answer(measures=timeline_of(reading))


JUDGE = Judge(name="timeline", ask=judge, nothing=Timeline(instants={}))
