"""Histories and judgements from literals: a master kill on the clock of seconds, changed where a test needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from redis_resilience.model import instants
from redis_resilience.model.environment import Environment, Prediction, SentinelView, Server
from redis_resilience.model.events import Event, FaultEffect, HealEnd, Link, LoadBegin, Phase, Role, SentinelMessage
from redis_resilience.model.faults import kill
from redis_resilience.model.history import History
from redis_resilience.model.instants import Instant
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows
from redis_resilience.model.records import NO_SERVER, OPERATION, SAMPLE, Records
from redis_resilience.model.verdict import (
    Availability,
    Finding,
    Gap,
    Judgement,
    LostWrite,
    PhaseCheck,
    Switch,
    Timeline,
    Verdict,
    Writes,
)

START_NS = 100_000_000_000
FAULT_NS = START_NS + 1_000_000_000
NODES = ("redis-0", "redis-1", "redis-2")
INSTANTS_MS = {
    "fault_at": 0.0,
    "dead_at": 4.0,
    "sdown_at": 1082.0,
    "odown_at": 1180.5,
    "elected_at": 1240.0,
    "promoted_at": 1990.0,
    "first_switch_at": 2260.0,
    "quorum_switch_at": 2262.0,
    "last_switch_at": 3310.0,
    "first_write_at": 2284.0,
    "redundant_at": 3405.0,
}


def fault_ms(ms: float) -> int:
    return FAULT_NS + round(ms * 1e6)


def plan(**changes: Any) -> Plan:
    whole = Plan(
        trial="t1",
        scenario="master-kill",
        topology="statefulset",
        profile="fast",
        backend="local",
        seed=7,
        load=Load(),
        faults=(Scheduled(fault=kill("master")),),
        expect=Expect(),
        windows=Windows(),
        repeat="redis-resilience run master-kill --seed 7",
    )
    return replace(whole, **changes)


def operations(count: int, *, seconds: float = 5.0) -> Records:
    """Evenly spaced; those due in the outage of the fault fail, the one in flight is info."""
    records = np.zeros(count, dtype=OPERATION)
    due = START_NS + (np.arange(count) * (seconds * 1e9 / max(count, 1))).astype(np.int64)
    records["key"], records["due_ns"], records["call_ns"] = np.arange(count), due, due + 50_000
    records["return_ns"], records["outcome"] = due + 250_000, Result.OK
    broken = (due >= FAULT_NS) & (due < fault_ms(INSTANTS_MS["first_write_at"]))
    records["outcome"][broken], records["cause"][broken] = Result.FAIL, Cause.REFUSED
    if broken.any():
        flight = int(np.flatnonzero(broken)[0])
        records["outcome"][flight], records["return_ns"][flight] = Result.INFO, 0
        records["cause"][flight] = Cause.CLOSED
    return records


def samples(*told: tuple[int, float, Role]) -> Records:
    """(server, ms after the fault, role), in any order."""
    records = np.zeros(len(told), dtype=SAMPLE)
    for record, (server, ms, role) in zip(records, told, strict=True):
        record["server"], record["role"], record["source"], record["link"] = server, role, NO_SERVER, Link.NONE
        record["call_ns"], record["return_ns"] = fault_ms(ms) - 100_000, fault_ms(ms)
    return records


def kill_samples() -> Records:
    told: list[tuple[int, float, Role]] = []
    for ms in range(-1000, 4000, 20):
        told += [
            (0, ms, Role.MASTER if ms < 0 else Role.UNREACHABLE if ms < 3350 else Role.REPLICA),
            (1, ms, Role.REPLICA if ms < 1990 else Role.MASTER),
            (2, ms, Role.REPLICA),
        ]
    return samples(*told)


def fault_event(kind: type[FaultEffect | HealEnd], ms: float) -> FaultEffect | HealEnd:
    return kind(
        at_ns=fault_ms(ms),
        since_ns=fault_ms(ms - 1),
        fault=0,
        fault_kind="kill",
        pod="redis-0",
        container="redis",
        proof="process gone",
    )


def kill_events() -> tuple[Event, ...]:
    def heard(ms: float, pod: str, kind: str, text: str = "") -> Event:
        return SentinelMessage(at_ns=fault_ms(ms), source=f"sentinel:{pod}", name=kind, text=text)

    switch = "mymaster 10.0.0.1 6379 10.0.0.2 6379"
    return (
        LoadBegin(at_ns=START_NS, source="probe"),
        Phase(at_ns=START_NS, name="control"),
        fault_event(FaultEffect, 0),
        heard(1082, "redis-1", "+sdown", "master mymaster 10.0.0.1 6379"),
        heard(1090, "redis-2", "+sdown", "master mymaster 10.0.0.1 6379"),
        heard(1180.5, "redis-1", "+odown", "master mymaster 10.0.0.1 6379 #quorum 2/2"),
        heard(1181, "redis-1", "+try-failover", "master mymaster 10.0.0.1 6379"),
        heard(1240, "redis-1", "+elected-leader", "master mymaster 10.0.0.1 6379"),
        heard(1990, "redis-1", "+promoted-slave", "slave 10.0.0.2:6379"),
        heard(2260, "redis-2", "+switch-master", switch),
        heard(2262, "redis-0", "+switch-master", switch),
        heard(3310, "redis-1", "+switch-master", switch),
        heard(3320, "redis-2", "+convert-to-slave", "slave 10.0.0.1:6379"),
        fault_event(HealEnd, 3300),
    )


def environment(**changes: Any) -> Environment:
    whole = Environment(
        servers=tuple(
            Server(
                name=name,
                address=f"10.0.0.{number}:6379",
                role="slave" if number > 1 else "master",
                run_id=str(number) * 40,
                config={"appendonly": "no", "save": ""},
            )
            for number, name in enumerate(NODES, 1)
        ),
        sentinels=tuple(
            SentinelView(
                name=name,
                address=f"10.0.0.{number}:26379",
                run_id=str(number) * 40,
                master_name="mymaster",
                master_address="10.0.0.1:6379",
                down_after_ms=1000,
                failover_timeout_ms=5000,
                quorum=2,
                known_sentinels=3,
                known_replicas=2,
                ckquorum="OK 3 usable Sentinels. Quorum and failover authorization can be reached",
            )
            for number, name in enumerate(NODES, 1)
        ),
        master="redis-0",
        clock_ns=START_NS,
        wall_ns=1_795_000_000_000_000_000,
        keys_before=0,
        healthy_before=True,
        health_text="1 master, 2 replicas linked, 3 Sentinels agree",
        prediction=Prediction(failover=True, because="the master is gone for longer than D and a majority can vote"),
        fingerprint={"engine": "redis", "version": "7.0.15", "processors": 2},
    )
    return replace(whole, **changes)


def history(**changes: Any) -> History:
    whole = History(
        plan=plan(),
        environment=environment(),
        operations=operations(5000),
        samples=kill_samples(),
        events=kill_events(),
    )
    return replace(whole, **changes)


def timeline(times_ms: dict[str, float] | None = None) -> Timeline:
    times_ms = INSTANTS_MS if times_ms is None else times_ms
    found = {
        name: Instant(earliest_ns=fault_ms(ms - 1), latest_ns=fault_ms(ms), source="watcher of redis-1")
        for name, ms in times_ms.items()
    }
    return Timeline(
        instants=found,
        switches=tuple(
            Switch(
                sentinel=pod,
                heard=found[name],
                logged=None,
                old="10.0.0.1:6379",
                new="10.0.0.2:6379",
                leader=pod == "redis-1",
            )
            for pod, name in (("redis-2", "first_switch_at"), ("redis-1", "last_switch_at"))
            if name in found
        ),
        failover="first_switch_at" in found,
        old_master="redis-0" if "first_switch_at" in found else "",
        new_master="redis-1" if "first_switch_at" in found else "",
    )


def phase(name: str, origin: str, lower_ms: float, upper_ms: float, **changes: Any) -> PhaseCheck:
    measured = INSTANTS_MS[name] - INSTANTS_MS[origin]
    whole = PhaseCheck(
        name=name,
        origin=origin,
        lower_ms=lower_ms,
        upper_ms=upper_ms,
        measured_ms=measured,
        error_ms=2.0,
        inside=lower_ms <= measured <= upper_ms,
    )
    return replace(whole, **changes)


def kill_phases() -> tuple[PhaseCheck, ...]:
    return (
        phase("sdown_at", "fault_at", 1000, 1200),
        phase("odown_at", "sdown_at", 0, 1100),
        phase("elected_at", "odown_at", 0, 40, cause="unexplained"),
        phase("promoted_at", "elected_at", 100, 1400),
        phase("first_switch_at", "promoted_at", 0, 1200),
        phase("last_switch_at", "first_switch_at", 0, float("inf")),
    )


def lost_write(number: int, key: str = "") -> LostWrite:
    return LostWrite(
        key=key or f"rr:t1:{number:012d}",
        call_ns=fault_ms(-number),
        return_ns=fault_ms(-number) + 200_000,
        server="redis-0",
        run_id="1" * 40,
        offset_before=1000 + number,
        offset_after=-1,
        absent_on=("redis-1", "redis-2"),
        cause="async tail",
    )


def writes(lost: int = 0, *, named: int | None = None, **changes: Any) -> Writes:
    whole = Writes(
        planned=5000,
        acknowledged=2716,
        failed=2283,
        info=1,
        causes={"refused": 2283, "closed": 1},
        lost=lost,
        recovered=1,
        unexpected=0,
        diverged=0,
        lost_seconds=0.0 if lost < 2 else 0.012,
        lost_writes=tuple(lost_write(number) for number in range(lost if named is None else named)),
        lost_by_cause={"async tail": lost} if lost else {},
        absent_by_server={"redis-1": lost} if lost else {},
    )
    return replace(whole, **changes)


def availability(outage_ms: float = 2284.6, *, censored: bool = False, **changes: Any) -> Availability:
    gap = Gap(begin_ns=fault_ms(-0.6), end_ns=None if censored else fault_ms(-0.6 + outage_ms), client="all")
    whole = Availability(
        outage_ms=outage_ms,
        censored=censored,
        noise_ms=1.4,
        spacing_ms=1.0,
        by_client=(replace(gap, client="1"),),
        gap=gap,
        scheduling_delay_p50_ms=0.05,
        scheduling_delay_p99_ms=0.31,
        scheduling_delay_max_ms=2.2,
        control_acknowledged=1000,
        control_planned=1000,
    )
    return replace(whole, **changes)


def judgement(**changes: Any) -> Judgement:
    whole = Judgement(
        trial="t1",
        scenario="master-kill",
        verdict=Verdict.PASS,
        assumptions=(Finding(name="assumptions.clean", verdict=Verdict.PASS, text="no key of this trial before"),),
        findings=(Finding(name="ledger.lost", verdict=Verdict.PASS, text="expected at most 0 lost; 0 are"),),
        timeline=timeline(),
        writes=writes(),
        availability=availability(),
        phases=kill_phases(),
    )
    return replace(whole, **changes)


OF_CLUSTERS = (instants.ASKED_AT, instants.STARTED_AT, instants.NAMED_AT, instants.READY_AT)


class Make:
    """Everything above by name, for tests: `make.judgement(verdict=...)`."""

    plan = staticmethod(plan)
    operations = staticmethod(operations)
    samples = staticmethod(samples)
    environment = staticmethod(environment)
    history = staticmethod(history)
    timeline = staticmethod(timeline)
    phase = staticmethod(phase)
    lost_write = staticmethod(lost_write)
    writes = staticmethod(writes)
    availability = staticmethod(availability)
    judgement = staticmethod(judgement)
    fault_ms: Callable[[float], int] = staticmethod(fault_ms)
    fault_event = staticmethod(fault_event)
    names = tuple(name for name in instants.NAMES if name not in OF_CLUSTERS)


@pytest.fixture
def make() -> type[Make]:
    return Make
