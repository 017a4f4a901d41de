"""Damage to events and samples: phases, faults, watchers, the processes that they met."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np

from redis_resilience.faults.target import REPLICA, SENTINEL
from redis_resilience.model.events import (
    Connected,
    Event,
    Executed,
    FaultBegin,
    FaultEffect,
    HealEnd,
    Link,
    LoadBegin,
    LoadEnd,
    Named,
    Phase,
    ProbeStalled,
    Role,
    SentinelDown,
    SentinelMessage,
    ServerUp,
)
from redis_resilience.model.faults import Fault
from redis_resilience.model.history import History
from redis_resilience.model.operations import Result
from tests.trials.generated import TWO_MASTERS
from tests.trials.plants.plant import MS, plant, with_a_fault, with_events, without_events

HISTORY, ORDERED = "assumptions.history", "assumptions.ordered"
IDENTIFIED, WATCHED = "assumptions.identified", "assumptions.watched"
PROVED, SEEN = "assumptions.fault_proved", "assumptions.fault_seen"
UNPLANNED, LEFT_ALONE = "unplanned.changes", "assumptions.left_alone"


def of_a_server(fault: Fault | None) -> bool:
    return fault is not None and fault.target != SENTINEL


def that_silences_a_server(fault: Fault | None) -> bool:
    return fault is not None and of_a_server(fault) and fault.traits.watchers_lose_it


def that_keeps_one_master(fault: Fault | None) -> bool:
    return fault is not TWO_MASTERS


def of_a_partitioned_replica(fault: Fault | None) -> bool:
    return fault is not None and fault.target == REPLICA and fault.traits.partitions


def changed(history: History, which: Callable[[Event], bool], **fields: object) -> History:
    """With other words or another time in each event that is meant."""
    events = tuple(msgspec.structs.replace(each, **fields) if which(each) else each for each in history.events)
    return replace(history, events=events)


def phase(history: History, name: str) -> Phase:
    return next(event for event in history.of(Phase) if event.name == name)


@plant(ORDERED, "the phases ")
def phases_swapped(history: History, _: random.Random) -> History:
    quiesce, read = phase(history, "quiesce"), phase(history, "read")
    swapped = changed(history, lambda event: event is quiesce, name="read")
    return changed(swapped, lambda event: event is read, name="quiesce")


@plant(ORDERED, "the phases ")
def phase_left_out(history: History, rng: random.Random) -> History:
    name = rng.choice(("fault", "observe", "heal", "quiesce", "read"))
    return without_events(history, lambda event: isinstance(event, Phase) and event.name == name)


@plant(ORDERED, "the phases ")
def phase_twice(history: History, rng: random.Random) -> History:
    chosen = rng.choice(history.of(Phase)[1:])
    return with_events(history, msgspec.structs.replace(chosen, at_ns=chosen.at_ns + 1))


@plant(ORDERED, "a phase that no trial has: lunch")
def phase_of_no_trial(history: History, _: random.Random) -> History:
    return with_events(history, Phase(at_ns=phase(history, "heal").at_ns, name="lunch"))


@plant(HISTORY, "one that ends before")
def last_phase_left_out(history: History, _: random.Random) -> History:
    """As where the trial was killed."""
    shorter = without_events(history, lambda event: isinstance(event, Phase) and event.name == "done")
    return replace(shorter, complete=False)


@plant(ORDERED, "before it began")
def event_that_ends_before_it_begins(history: History, rng: random.Random) -> History:
    chosen = rng.choice(history.of(ServerUp))
    return changed(history, lambda event: event is chosen, since_ns=chosen.at_ns + 300 * MS)


@plant(ORDERED, "samples that returned before their call")
def clock_of_samples_set_back(history: History, rng: random.Random) -> History:
    samples = history.samples.copy()
    samples["return_ns"][rng.randrange(len(samples))] -= 100 * MS
    return replace(history, samples=samples)


@plant(ORDERED, "beginnings and")
def beginning_of_the_load_left_out(history: History, _: random.Random) -> History:
    return without_events(history, lambda event: isinstance(event, LoadBegin))


@plant(ORDERED, "ends of the load")
def end_of_the_load_left_out(history: History, _: random.Random) -> History:
    return without_events(history, lambda event: isinstance(event, LoadEnd))


@plant(ORDERED, "a load that ended after the final reads had begun")
def load_during_the_final_reads(history: History, _: random.Random) -> History:
    later = phase(history, "read").at_ns + MS
    return changed(history, lambda event: isinstance(event, LoadEnd), at_ns=later)


@plant(ORDERED, "which nothing had begun", with_a_fault)
def effect_of_a_fault_that_never_began(history: History, _: random.Random) -> History:
    return without_events(history, lambda event: isinstance(event, FaultBegin))


@plant(ORDERED, "took effect before the phase of faults", with_a_fault)
def fault_in_the_baseline(history: History, _: random.Random) -> History:
    at_ns = phase(history, "fault").at_ns - 100 * MS
    return changed(history, lambda event: isinstance(event, FaultBegin | FaultEffect), at_ns=at_ns, since_ns=0)


@plant(ORDERED, "took effect after the heal had begun", with_a_fault)
def fault_after_the_heal(history: History, _: random.Random) -> History:
    at_ns = phase(history, "heal").at_ns + MS
    return changed(history, lambda event: isinstance(event, FaultEffect), at_ns=at_ns, since_ns=at_ns)


@plant(PROVED, "no proof of", with_a_fault)
def fault_without_an_effect(history: History, _: random.Random) -> History:
    return without_events(history, lambda event: isinstance(event, FaultEffect))


@plant(PROVED, "no proof of", with_a_fault)
def fault_without_a_proof(history: History, _: random.Random) -> History:
    return changed(history, lambda event: isinstance(event, FaultEffect), proof="")


@plant("assumptions.heal_seen", "no witness saw", of_a_server)
def target_that_is_never_back(history: History, _: random.Random) -> History:
    effect = history.of(FaultEffect)[0]
    number = [server.name for server in history.environment.servers].index(effect.pod)
    samples = history.samples.copy()
    later = (samples["server"] == number) & (samples["return_ns"] > effect.at_ns)
    samples["role"][later] = Role.UNREACHABLE
    silent = without_events(history, lambda event: isinstance(event, ServerUp) and event.at_ns > effect.at_ns)
    return replace(silent, samples=samples)


@plant("assumptions.heal_seen", "no record says that the fault on", with_a_fault)
def end_of_a_heal_left_out(history: History, _: random.Random) -> History:
    """All are seen back: by whom, or whether it was a restart of its own, is not known."""
    return without_events(history, lambda event: isinstance(event, HealEnd))


@plant(WATCHED, "was never sampled")
def server_without_samples(history: History, rng: random.Random) -> History:
    number = rng.randrange(len(history.environment.servers))
    return replace(history, samples=history.samples[history.samples["server"] != number])


@plant(WATCHED, "was not sampled for")
def hole_in_the_samples(history: History, rng: random.Random) -> History:
    """Of 700 ms, all of them before the trial's end: what lacks 500 ms or less is watched well enough."""
    begin_ns, end_ns = phase(history, "control").at_ns, phase(history, "done").at_ns
    since_ns = begin_ns + rng.randint(0, min(700 * MS, end_ns - begin_ns - 700 * MS) // MS) * MS
    inside = (history.samples["return_ns"] > since_ns) & (history.samples["return_ns"] < since_ns + 700 * MS)
    number = rng.randrange(len(history.environment.servers))
    return replace(history, samples=history.samples[~(inside & (history.samples["server"] == number))])


@plant(WATCHED, "was not sampled for")
def last_samples_left_out(history: History, _: random.Random) -> History:
    until_ns = phase(history, "done").at_ns - 600 * MS
    return replace(history, samples=history.samples[history.samples["return_ns"] < until_ns])


@plant(WATCHED, "nothing was heard of the Sentinel")
def watcher_of_a_sentinel_missing(history: History, rng: random.Random) -> History:
    sentinel = rng.choice(history.environment.sentinels).name
    return without_events(history, lambda event: event.source in (f"sentinel:{sentinel}", f"log:{sentinel}"))


@plant("convergence.sentinels_agree", "at the end")
def answer_of_a_sentinel_missing(history: History, rng: random.Random) -> History:
    """At the end it was not asked; silent is not agreeing."""
    sentinel = rng.choice(history.environment.sentinels).name
    quiet = without_events(history, lambda event: isinstance(event, Named) and event.sentinel == sentinel)
    return without_events(quiet, lambda event: isinstance(event, SentinelMessage) and event.teller == sentinel)


@plant("convergence.sentinels_agree", "at the end")
def stale_answer_of_a_sentinel(history: History, rng: random.Random) -> History:
    chosen = rng.choice(history.of(Named))
    others = [server.address for server in history.environment.servers if server.address != chosen.address]
    return changed(history, lambda event: event is chosen, address=rng.choice(others))


@plant(IDENTIFIED, "was lost as another")
def sentinel_that_nobody_met(history: History, rng: random.Random) -> History:
    view = rng.choice(history.environment.sentinels)
    down = SentinelDown(
        at_ns=phase(history, "observe").at_ns,
        source=f"sentinel:{view.name}",
        sentinel=view.name,
        address=view.address,
        run_id="another",
        cause="closed",
    )
    return with_events(history, down)


@plant(UNPLANNED, "was restarted, and no fault had hit it")
def server_restarted_by_itself(history: History, rng: random.Random) -> History:
    """In the baseline; the processes of the end are those of a fault's."""
    server = rng.choice(history.environment.servers)
    up = ServerUp(
        at_ns=phase(history, "control").at_ns + 200 * MS,
        source=f"server:{server.name}",
        server=server.name,
        address=server.address,
        run_id="another",
    )
    return with_events(history, up)


@plant(UNPLANNED, "replaced by")
def failover_in_the_baseline(history: History, _: random.Random) -> History:
    master = history.environment.master
    other = next(server.name for server in history.environment.servers if server.name != master)
    at_ns = phase(history, "control").at_ns + 200 * MS
    text = f"{history.environment.sentinels[0].master_name} {master} 6379 {other} 6379"
    return with_events(
        history, *(_message(view.name, at_ns, "+switch-master", text) for view in history.environment.sentinels)
    )


@plant(LEFT_ALONE, "CLIENT KILL 1")
def clients_killed_by_somebody(history: History, rng: random.Random) -> History:
    return _executed(history, rng, commands="CLIENT KILL 1")


@plant(LEFT_ALONE, ": SET 1")
def key_set_by_somebody(history: History, rng: random.Random) -> History:
    """One more than the clients of the trial sent."""
    return _executed(history, rng, sets=int(np.count_nonzero(history.operations["outcome"] != Result.FAIL)) + 1)


def _executed(history: History, rng: random.Random, *, commands: str = "", sets: int = 0) -> History:
    server, at_ns = rng.choice(history.environment.servers), phase(history, "read").at_ns
    told = Executed(at_ns=at_ns, server=server.name, run_id=server.run_id, commands=commands, sets=sets)
    return with_events(history, told)


@plant(LEFT_ALONE, "received a change of its settings")
def settings_changed_meanwhile(history: History, rng: random.Random) -> History:
    view = rng.choice(history.environment.sentinels)
    at_ns = phase(history, "observe").at_ns
    text = f"master {view.master_name} {history.environment.master} 6379 down-after-milliseconds 90000"
    return with_events(history, _message(view.name, at_ns, "+set", text))


@plant(UNPLANNED, "as the same process")
def server_met_at_another_address(history: History, rng: random.Random) -> History:
    """One that no fault takes, by its watcher."""
    hit = {name for event in history.of(FaultBegin) for name in event.servers}
    server = rng.choice([each for each in history.environment.servers if each.name not in hit])
    up = ServerUp(
        at_ns=phase(history, "observe").at_ns,
        source=f"server:{server.name}",
        server=server.name,
        address="10.9.9.9:6379",
        run_id=server.run_id,
    )
    return with_events(history, up)


@plant(UNPLANNED, "as the same process")
def clients_sent_to_another_address(history: History, rng: random.Random) -> History:
    """By a Sentinel, to the process that they were at before."""
    chosen = rng.choice(history.of(Connected))
    other = msgspec.structs.replace(chosen, connection=9999, client=9999, address="10.9.9.9:6379", sentinel="redis-0")
    return with_events(changed(history, lambda event: event is chosen, sentinel="redis-0"), other)


@plant(UNPLANNED, "where no server was met")
def replica_that_announces_another_address(history: History, _: random.Random) -> History:
    """In the baseline, as after CONFIG SET replica-announce-ip: every Sentinel learns of it from the master."""
    at_ns = phase(history, "control").at_ns + 200 * MS
    name, master = history.environment.sentinels[0].master_name, history.environment.master
    text = f"slave 10.9.9.9:6379 10.9.9.9 6379 @ {name} {master} 6379"
    return with_events(history, *(_message(view.name, at_ns, "+slave", text) for view in history.environment.sentinels))


def _message(sentinel: str, at_ns: int, name: str, text: str) -> SentinelMessage:
    return SentinelMessage(at_ns=at_ns, source=f"sentinel:{sentinel}", name=name, text=text)


@plant("assumptions.awake", "stand still")
def probe_that_stood_still(history: History, _: random.Random) -> History:
    since_ns = phase(history, "observe").at_ns
    return with_events(history, ProbeStalled(at_ns=since_ns + 2500 * MS, since_ns=since_ns, source="probe"))


@plant("convergence.one_master", "accept writes at once", that_keeps_one_master)
def second_master_that_takes_writes(history: History, _: random.Random) -> History:
    """In the baseline, a write by another server, which reports master at that time and holds the key."""
    rows, samples = history.operations.copy(), history.samples.copy()
    other = int((rows["server"][20] + 1) % len(history.environment.servers))
    middle_ns = rows["call_ns"][20]
    near = (samples["server"] == other) & (np.abs(samples["return_ns"] - middle_ns) < 200 * MS)
    samples["role"][near], samples["source"][near] = Role.MASTER, 0xFFFF
    rows["server"][20], rows["connection"][20], rows["client"][20] = other, 9999, 9999
    return replace(history, operations=rows, samples=samples)


@plant(UNPLANNED, "reported master beside", with_a_fault)
def second_master_in_the_baseline(history: History, rng: random.Random) -> History:
    """Of a scenario that is there to show two masters, too."""
    return second_master_that_takes_writes(history, rng)


@plant(SEEN, "answered", that_silences_a_server)
def target_that_answers_all_the_time(history: History, _: random.Random) -> History:
    """A fault whose watchers saw nothing of it: as where it was faked."""
    samples = history.samples.copy()
    gone = samples["role"] == Role.UNREACHABLE
    samples["role"][gone] = Role.REPLICA
    down = without_events(history, lambda event: event.label in ("server-down", "sentinel-down"))
    return replace(down, samples=samples)


@plant(SEEN, "went on to receive its master's data", of_a_partitioned_replica)
def data_that_crosses_a_partition(history: History, _: random.Random) -> History:
    """As where the rules that were to drop its packets do nothing."""
    names = [server.name for server in history.environment.servers]
    replica, master = names.index(history.of(FaultEffect)[0].pod), names.index(history.environment.master)
    samples = history.samples.copy()
    later = (samples["server"] == replica) & (samples["return_ns"] > history.of(FaultEffect)[0].at_ns)
    samples["source"][later], samples["link"][later] = master, Link.CONNECTED
    samples["offset"][later] += np.arange(np.count_nonzero(later)) + 1
    return replace(history, samples=samples)
