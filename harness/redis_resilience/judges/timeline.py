"""When everything happened: each instant of a failover with what is known of it, from whichever source saw it first.

An instant is absent where it did not happen or was not seen. Only what came after the fault counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from redis_resilience.judges.answer import Answer, Judge
from redis_resilience.judges.evidence import (
    fault_of,
    instant_of,
    master_fault,
    samples_of,
    server_index,
)
from redis_resilience.judges.masters import Promotion, promotions
from redis_resilience.judges.reading import Reading, once
from redis_resilience.judges.redundancy import redundant_at
from redis_resilience.judges.voters import voters_of
from redis_resilience.model import instants
from redis_resilience.model.events import (
    ContainerStarted,
    Event,
    FaultAsked,
    FaultEffect,
    NameFound,
    PodReady,
    Role,
    ServerDown,
)
from redis_resilience.model.instants import Instant
from redis_resilience.model.traits import Process
from redis_resilience.model.verdict import Timeline


@once
def timeline_of(reading: Reading) -> Timeline:
    """The timeline of the first failover after the fault; of a trial without one, whatever else was seen."""
    effect = master_fault(reading)
    if effect is None:
        return _without_a_fault(reading)
    asked = _asked(reading, effect)
    broken = _took_effect(reading, effect)
    changes = [change for change in promotions(reading) if change.switches[0].heard.latest_ns >= effect.earliest_ns]
    first = changes[0] if changes else None
    switches = tuple(switch for change in changes for switch in change.switches)
    begin = asked or broken
    process = fault_of(reading, effect).traits.process
    decisions = voters_of(reading).decisions(reading, begin)
    planned_failover = asked is not None and first is not None and _before_odown(first, decisions)
    if planned_failover:
        decisions |= {instants.SDOWN_AT: None, instants.ODOWN_AT: None}
    fault = begin if planned_failover else broken
    found: dict[str, Instant | None] = {
        instants.ASKED_AT: asked,
        instants.FAULT_AT: fault,
        instants.DEAD_AT: None if process is Process.STAYS_UP else _dead_at(reading, broken),
        **decisions,
        **_switches(reading, first),
        instants.PROMOTED_AT: first.at if first else None,
        instants.FIRST_WRITE_AT: _first_write(reading, fault, first) if first else None,
        **_back(reading, _pod_hit(reading, effect), begin),
        instants.REDUNDANT_AT: redundant_at(reading, fault, switches),
    }
    return Timeline(
        instants={name: instant for name in instants.NAMES if (instant := found.get(name)) is not None},
        switches=switches,
        failover=first is not None,
        planned_failover=planned_failover,
        old_master=first.old if first else reading.environment.master,
        new_master=first.new if first else "",
    )


def _without_a_fault(reading: Reading) -> Timeline:
    """There is no origin to count from; the announcements are reported all the same."""
    changes = promotions(reading)
    return Timeline(
        instants={},
        switches=tuple(switch for change in changes for switch in change.switches),
        failover=bool(changes),
        old_master=reading.environment.master,
        new_master=changes[0].new if changes else "",
    )


def _pod_hit(reading: Reading, effect: FaultEffect) -> str:
    """The master's fault where that was lost, too; else the first one."""
    master = reading.environment.master
    return master if master in effect.servers else effect.pod


def _asked(reading: Reading, effect: FaultEffect) -> Instant | None:
    """When the cluster accepted what this fault asked of it."""
    for event in reading.of(FaultAsked):
        if (event.fault, event.pod) == (effect.fault, effect.pod):
            return instant_of(event)
    return None


def _took_effect(reading: Reading, effect: FaultEffect) -> Instant:
    """When it took effect; if gradually, between the last answer that a watcher got and the first missing one."""
    known = instant_of(effect)
    if fault_of(reading, effect).traits.process is not Process.ENDS_GRADUALLY:
        return known
    own = samples_of(reading, server_index(reading, _pod_hit(reading, effect)))
    answered = own[(own["role"] != Role.UNREACHABLE) & (own["return_ns"] <= known.latest_ns)]
    last_ns = int(answered["call_ns"][-1]) if len(answered) else known.earliest_ns
    silent = own[(own["role"] == Role.UNREACHABLE) & (own["call_ns"] >= max(last_ns, known.earliest_ns))]
    first_ns = int(silent["return_ns"][0]) if len(silent) else known.latest_ns
    return replace(
        known, earliest_ns=max(known.earliest_ns, last_ns), latest_ns=min(known.latest_ns, max(first_ns, last_ns))
    )


def _before_odown(first: Promotion, decisions: Mapping[str, Instant | None]) -> bool:
    """Whether the replacement began before any quorum had found the master down: then it was requested."""
    odown, elected = decisions[instants.ODOWN_AT], decisions[instants.ELECTED_AT]
    began = elected or first.switches[0].heard
    return odown is None or odown.at_ns > began.at_ns


def _switches(reading: Reading, change: Promotion | None) -> dict[str, Instant | None]:
    """First, quorum-th and last Sentinel or node to announce it; the last only once every one that is alive has."""
    if change is None:
        return {}
    begun_ns = change.switches[0].heard.latest_ns
    voters = voters_of(reading)
    gone = voters.gone(reading, begun_ns)
    # One whose pod is gone announces it when it is back, which is no part of the failover.
    announced = sorted(
        (switch for switch in change.switches if switch.sentinel not in gone),
        key=lambda switch: (switch.at.latest_ns, switch.sentinel),
    )
    if not announced:
        return {}
    quorum, silent = voters.quorum(reading), gone | voters.silent(reading, announced[0].at.latest_ns)
    complete = voters.names(reading) - {switch.sentinel for switch in change.switches} <= silent
    return {
        instants.FIRST_SWITCH_AT: announced[0].at,
        instants.QUORUM_SWITCH_AT: announced[quorum - 1].at if quorum <= len(announced) else None,
        instants.LAST_SWITCH_AT: announced[-1].at if complete else None,
    }


def _dead_at(reading: Reading, fault: Instant) -> Instant | None:
    """The watcher lost the master, or its process was seen to be gone, whichever was first."""
    found = [
        instant_of(event)
        for event in reading.of(ServerDown)
        if event.server == reading.environment.master and event.at_ns >= fault.earliest_ns
    ]
    own = samples_of(reading, server_index(reading, reading.environment.master))
    gone = own[(own["role"] == Role.UNREACHABLE) & (own["return_ns"] >= fault.earliest_ns)]
    if len(gone):
        found.append(Instant(earliest_ns=fault.earliest_ns, latest_ns=int(gone["return_ns"].min()), source="samples"))
    return min(found, key=lambda instant: (instant.latest_ns, instant.source), default=None)


def _back(reading: Reading, pod: str, since: Instant) -> dict[str, Instant | None]:
    """When the pod that was hit came back, as the cluster and the resolver report; where there is neither, nothing."""

    def first(events: Iterable[Event]) -> Instant | None:
        return next((instant_of(event) for event in events if event.at_ns > since.latest_ns), None)

    return {
        instants.STARTED_AT: first(
            event for event in reading.of(ContainerStarted) if (event.pod, event.container) == (pod, "redis")
        ),
        instants.NAMED_AT: first(event for event in reading.of(NameFound) if event.server == pod),
        instants.READY_AT: first(event for event in reading.of(PodReady) if event.pod == pod),
    }


def _first_write(reading: Reading, fault: Instant, change: Promotion) -> Instant | None:
    """The new master's first acknowledgement of a write that was sent after the fault.

    A recreated pod has the old one's name: for it, of a write that was sent after the promotion.
    """
    server = change.new
    since = change.at if change.at and change.old == server else fault
    rows = reading.acknowledged
    own = (rows["server"] == server_index(reading, server)) & (rows["call_ns"] >= since.earliest_ns)
    if not own.any():
        return None
    first_ns = rows["return_ns"][own].min()
    sent_ns = rows["call_ns"][own & (rows["return_ns"] == first_ns)].min()
    return Instant(earliest_ns=int(sent_ns), latest_ns=int(first_ns), source=f"server:{server}")


def judge(reading: Reading) -> Answer[Timeline]:
    return Answer(measures=timeline_of(reading))


JUDGE = Judge(name="timeline", ask=judge, nothing=Timeline(instants={}))
