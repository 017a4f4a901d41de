"""What happened that no fault of the plan explains: Redis was changed from outside, or changed by itself.

It is reported, and the trial is no `pass`. It is no `fail` either: the cause is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from redis_resilience.judges.addresses import moved
from redis_resilience.judges.answer import SOUND, Answer, Assumption, Judge
from redis_resilience.judges.evidence import master_names, phase_at, samples_of, told, told_of_others
from redis_resilience.judges.masters import promotions, unannounced
from redis_resilience.judges.offsets import behind
from redis_resilience.judges.reading import Reading
from redis_resilience.judges.untouched import disturbed, first_fault_ns, hit_ns
from redis_resilience.judges.voters import voters_of
from redis_resilience.model.events import Link, Role, ServerUp
from redis_resilience.model.verdict import Figures, Finding, Verdict

CHANGES = "unplanned.changes"
_SETTINGS = ("+set", "+reset-master", "-monitor")


def judge(reading: Reading) -> Answer[Figures]:
    changes = [
        *_failovers(reading),
        *_second_masters(reading),
        *_restarts(reading),
        *_loose_replicas(reading),
        *_settings(reading),
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
    """Changes of master that Sentinels or nodes announced before the first fault began."""
    first_ns = first_fault_ns(reading)
    for change in promotions(reading):
        heard = change.switches[0].heard
        if first_ns is None or heard.latest_ns < first_ns:
            when = "in a trial without a fault" if first_ns is None else "before the first fault"
            tellers = ", ".join(switch.sentinel for switch in change.switches)
            yield f"{change.old} replaced by {change.new} {when} (announced by {tellers})"


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


def _settings(reading: Reading) -> Iterator[str]:
    for item in told(reading, *_SETTINGS, since_ns=phase_at(reading, "control") or 0):
        yield f"the Sentinel of {item.sentinel} received a change of its settings: {item.kind} {item.text}"


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
