"""What happened that no fault of the plan explains: Redis was changed from outside, or changed by itself.

It is reported, and the trial is no `pass`. It is no `fail` either: the cause is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from redis_resilience.judges.addresses import moved
from redis_resilience.judges.answer import SOUND, Answer, Assumption, Judge
from redis_resilience.judges.elections import requested
from redis_resilience.judges.evidence import (
    master_names,
    name_at,
    phase_at,
    samples_of,
    server_names,
    told,
    told_of_others,
)
from redis_resilience.judges.masters import promotions, unannounced
from redis_resilience.judges.offsets import behind
from redis_resilience.judges.reading import Reading, once
from redis_resilience.judges.untouched import disturbed, first_fault_ns, hit_ns
from redis_resilience.judges.voters import voters_of
from redis_resilience.model.events import Link, Role, ServerUp
from redis_resilience.model.verdict import Figures, Finding, Verdict

CHANGES = "unplanned.changes"
_CHOOSES = ("+selected-slave", "+failover-state-send-slaveof-noone", "+promoted-slave")
_PORT = 3
"""The place of the replica's port in such a message: "slave NAME HOST PORT @ MASTER HOST PORT"."""


def judge(reading: Reading) -> Answer[Figures]:
    changes = [
        *_failovers(reading),
        *_second_masters(reading),
        *_self_made_masters(reading),
        *_strange_sources(reading),
        *_restarts(reading),
        *_loose_replicas(reading),
        *_other_masters(reading),
        *_unannounced(reading),
        *moved(reading),
        *disturbed(reading),
    ]
    finding = Finding(
        name=CHANGES,
        verdict=Verdict.UNKNOWN if changes else Verdict.PASS,
        text=f"expected no change but by the plan's faults; got {'; '.join(changes) or 'none'}",
    )
    return Answer(measures={"changes": len(changes)}, findings=(finding,))


def _failovers(reading: Reading) -> Iterator[str]:
    """Changes of master that Sentinels or nodes announced before the first fault began, or that somebody requested."""
    first_ns = first_fault_ns(reading)
    for change in promotions(reading):
        heard = change.switches[0].heard
        if first_ns is None or heard.latest_ns < first_ns:
            when = "in a trial without a fault" if first_ns is None else "before the first fault"
            tellers = ", ".join(switch.sentinel for switch in change.switches)
            yield f"{change.old} replaced by {change.new} {when} (announced by {tellers})"
        elif change in requested(reading):
            yield f"{change.old} replaced by {change.new} on request: SENTINEL FAILOVER, by no fault of the plan"


def _second_masters(reading: Reading) -> Iterator[str]:
    """Servers that reported master beside the known one, after the baseline began and before the first fault did."""
    begin_ns, end_ns = phase_at(reading, "control"), first_fault_ns(reading)
    if begin_ns is None or end_ns is None:
        return
    for index, server in enumerate(reading.environment.servers):
        own = samples_of(reading, index)
        early = own[(own["call_ns"] >= begin_ns) & (own["return_ns"] < end_ns)]
        if server.name != reading.environment.master and (early["role"] == Role.MASTER).any():
            yield f"{server.name} reported master beside {reading.environment.master} before the first fault"


def _self_made_masters(reading: Reading) -> Iterator[str]:
    """Servers that reported master after a fault began, and that no fault had hit and no Sentinel had chosen."""
    first_ns = first_fault_ns(reading)
    if first_ns is None or reading.environment.shards:
        return
    for index, server in enumerate(reading.environment.servers):
        own = samples_of(reading, index)
        as_master = own["return_ns"][(own["role"] == Role.MASTER) & (own["call_ns"] >= first_ns)]
        untouched = len(as_master) and hit_ns(reading, server.name) > as_master[0]
        if untouched and server.name not in _masters_to_be(reading):
            yield f"{server.name} reported master, and no Sentinel had chosen it"


def _strange_sources(reading: Reading) -> Iterator[str]:
    """Replicas that no fault had hit, and that followed a server that was not to be master, as they had not before."""
    if reading.environment.shards:
        return
    known = [server.name for server in reading.environment.servers]
    begin_ns = phase_at(reading, "control") or 0
    for index, name in enumerate(known):
        own = samples_of(reading, index)
        own = own[(own["role"] == Role.REPLICA) & (own["source"] < len(known))]
        later = own[(own["call_ns"] >= begin_ns) & (own["return_ns"] < hit_ns(reading, name))]
        usual = {known[source] for source in own["source"][:1]} | _masters_to_be(reading)
        for source in sorted({known[source] for source in later["source"]} - usual):
            yield f"{name} followed {source}, and no Sentinel had chosen that"


@once
def _masters_to_be(reading: Reading) -> frozenset[str]:
    """Who was master, and who became it by a Sentinel, even if that never announced it: its attempt may have failed."""
    promoted = (change.new for change in promotions(reading))
    return frozenset((reading.environment.master, *_chosen(reading), *promoted))


def _chosen(reading: Reading) -> set[str]:
    names = server_names(reading)
    words = (item.text.split() for item in told(reading, *_CHOOSES))
    return {
        name_at(reading, names, f"{each[2]}:{each[3]}") for each in words if len(each) > _PORT and each[0] == "slave"
    }


def _restarts(reading: Reading) -> Iterator[str]:
    """Servers whose process is another one, without a fault that took them."""
    met = [(event.server, event.run_id, event.at_ns) for event in reading.of(ServerUp)]
    done_ns = phase_at(reading, "done")
    met += [(name, final.run_id_before, done_ns or 0) for name, final in reading.finals.items() if done_ns]
    for server in reading.environment.servers:
        for name, run_id, at_ns in met:
            if name != server.name or run_id in ("", server.run_id):
                continue
            if hit_ns(reading, name) > at_ns:
                yield f"{name} was restarted, and no fault had hit it"
                break


def _loose_replicas(reading: Reading) -> Iterator[str]:
    """Replicas without a link, or behind, at the end of a trial whose plan breaks nothing.

    After a fault redundancy covers that.
    """
    if reading.plan.faults or not reading.plan.expect.heals:
        return
    for index, server in enumerate(reading.environment.servers):
        last = samples_of(reading, index)[-1:]
        if len(last) and last["role"][0] == Role.REPLICA and last["link"][0] != Link.CONNECTED:
            yield f"{server.name} is a replica that is linked to no master at the end"
    for late in behind(reading):
        yield late.text


def _other_masters(reading: Reading) -> Iterator[str]:
    for item in told_of_others(reading, "+switch-master", since_ns=phase_at(reading, "control") or 0):
        ours = ", ".join(sorted(master_names(reading)))
        yield f"the Sentinel of {item.sentinel} announced a failover of a master other than {ours}: {item.text}"


def _unannounced(reading: Reading) -> Iterator[str]:
    if name := unannounced(reading):
        yield f"{name} is master at the end, and no {voters_of(reading).NOUN} announced it"


_NO_FIGURES: Figures = {}
_NEEDED = {Assumption.IDENTIFIED, Assumption.WATCHED}
JUDGE = Judge(name="unplanned", ask=judge, nothing=_NO_FIGURES, needs={CHANGES: SOUND | _NEEDED})
