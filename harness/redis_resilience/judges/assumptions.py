"""What must hold before anything is concluded. Each finding is `pass` or `unknown`, never `fail`.

A trial that breaks one of these says nothing about Redis: its keys were not its own, its load was not there, its fault
did not happen, or its history has holes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from redis_resilience.judges import interference, witness
from redis_resilience.judges.coverage import unwatched
from redis_resilience.judges.evidence import phase_at, writers_of
from redis_resilience.judges.final_reads import misread
from redis_resilience.judges.identities import unmet
from redis_resilience.judges.order import disorder
from redis_resilience.judges.reading import Reading
from redis_resilience.judges.stalls import limit_ms
from redis_resilience.judges.well_formed import malformed
from redis_resilience.model.events import (
    Dropped,
    FaultBegin,
    FaultEffect,
    FaultEvent,
    FoundAway,
    HealFailed,
    LoadEnd,
)
from redis_resilience.model.operations import Cause, Result, key_text
from redis_resilience.model.plan import Writers
from redis_resilience.model.verdict import Availability, Finding, Verdict

LAST_PHASE = "done"
_TOLD = 5
_EARLY_MS = 500.0
"""The last write may be due so long before the load ends: the generator is asked to stop while it waits."""


def check(reading: Reading, measured: Availability) -> tuple[Finding, ...]:
    """measured: what the load itself was like, from the judge of availability."""
    load = reading.plan.load
    wanted = load.min_share * measured.control_planned
    environment = reading.environment
    return (
        _finding(
            "history",
            reading.complete and not reading.problems and phase_at(reading, LAST_PHASE) is not None,
            f"expected a complete history up to phase {LAST_PHASE!r}; got "
            + ("; ".join(reading.problems) or ("all of it" if reading.complete else "one that ends before")),
        ),
        _none_of("well_formed", "every write to make sense by itself, and beside the others", malformed(reading)),
        _none_of("ordered", "phases, faults and load in the order of a trial", disorder(reading)),
        _none_of("identified", "every process on record to be one that its watcher met", unmet(reading)),
        _none_of("watched", "every server, Sentinel and node to be watched all the time", unwatched(reading)),
        _finding(
            "clean",
            environment.keys_before == 0,
            f"expected no key before the load; got {environment.keys_before}",
        ),
        _finding(
            "healthy_before",
            environment.healthy_before,
            f"expected a healthy deployment before the fault; got {environment.health_text}",
        ),
        _finding(
            "load",
            measured.control_acknowledged > 0 and measured.control_acknowledged >= wanted,
            f"expected {wanted:.0f} or more acknowledged writes in the baseline (min_share {load.min_share:g} of "
            f"{measured.control_planned} planned); got {measured.control_acknowledged}",
        ),
        _finding(
            "punctual",
            measured.scheduling_delay_p99_ms <= load.max_scheduling_delay_ms,
            f"expected a scheduling delay of the load (p99) of {load.max_scheduling_delay_ms:g} ms or less; "
            f"got {measured.scheduling_delay_p99_ms:.2f} ms"
            + ("" if measured.scheduling_delay_p99_ms <= load.max_scheduling_delay_ms else "; is the machine busy?"),
        ),
        _finding(
            "awake",
            measured.stalled_max_ms <= limit_ms(load),
            f"expected the probe never to stand still for more than {limit_ms(load):g} ms; "
            f"got {measured.stalled_max_ms:.0f} ms; is the machine busy?",
        ),
        _faults_proved(reading),
        _faults_seen(reading),
        _heals_seen(reading),
        _none_of("final_reads", "every server to be read at the end, all of it, and none to restart", misread(reading)),
        _nothing_dropped(reading),
        _left_alone(reading),
        _tombstone(reading),
    )


def _finding(name: str, good: bool, text: str) -> Finding:  # noqa: FBT001 - the condition is what a finding is about
    return Finding(name=f"assumptions.{name}", verdict=Verdict.PASS if good else Verdict.UNKNOWN, text=text)


def _none_of(name: str, expected: str, wrong: Sequence[str]) -> Finding:
    """wrong: what contradicts it, in words; the first `_TOLD` are listed."""
    told = "; ".join(wrong[:_TOLD]) + (f"; and {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else "")
    return _finding(name, not wrong, f"expected {expected}; got {told or 'that'}")


def _faults_proved(reading: Reading) -> Finding:
    """One proof for each place that each planned fault began to hit, or one of the fault that had taken it before."""
    found = [_place(event) for event in reading.of(FoundAway) if event.proof and _taken_before(reading, event)]
    effects = [_place(event) for event in reading.of(FaultEffect) if event.proof] + found
    begun = [_place(event) for event in reading.of(FaultBegin)]
    proved = {number for number, _ in effects}
    missing = [str(planned.fault) for number, planned in enumerate(reading.plan.faults) if number not in proved] + [
        f"fault {number} on {where}" for number, where in begun if (number, where) not in effects
    ]
    return _finding(
        "fault_proved",
        not missing,
        "expected every fault's effect to be confirmed; "
        + (f"no proof of {', '.join(missing)}" if missing else f"confirmed {len(proved)} of {len(reading.plan.faults)}")
        + "".join(f"; fault {number} found {where} away already" for number, where in found),
    )


def _taken_before(reading: Reading, event: FoundAway) -> bool:
    """Whether the fault that it names has a proof of its own for that place, from before."""
    return any(
        effect.fault == event.by
        and effect.proof
        and effect.at_ns <= event.at_ns
        and (_place(effect)[1] == _place(event)[1] or event.pod in effect.pods)
        for effect in reading.of(FaultEffect)
    )


def _faults_seen(reading: Reading) -> Finding:
    """By observers that know nothing of faults, within each fault's own time."""
    untouched = witness.unseen(reading)
    return _finding(
        "fault_seen",
        not untouched,
        "expected every fault to be seen by others than who injected it, while it lasted; "
        + ("; ".join(untouched) if untouched else "each was"),
    )


def _heals_seen(reading: Reading) -> Finding:
    """As the faults were; and each is on record, whoever saw the server back."""
    unrecorded, missing = witness.unended(reading), witness.unhealed(reading)
    wrong = [f"no record says that the fault on {', '.join(unrecorded)} was undone"] if unrecorded else []
    wrong += [f"no witness saw that of {', '.join(missing)}"] if missing else []
    failed = {_place(event): event.reason for event in reading.of(HealFailed)}
    wrong += [f"that of fault {number} on {where} failed: {reason}" for (number, where), reason in failed.items()]
    return _finding(
        "heal_seen",
        not wrong,
        f"expected every heal to be seen by others than who healed; {'; '.join(wrong) or 'each was'}",
    )


def _place(event: FaultEvent) -> tuple[int, str]:
    return event.fault, f"{event.pod}/{event.container}"


def _nothing_dropped(reading: Reading) -> Finding:
    """Since the trial began, of every process that was met; keys of others may expire, ours never do."""
    counted: dict[str, list[int]] = {}
    before = {
        server.name: (server.run_id, (server.evicted_keys, server.expired_keys))
        for server in reading.environment.servers
    }
    for name, run_id, counters in _counters(reading):
        known, last = before.get(name, ("", (0, 0)))
        since = last if run_id == known else (0, 0)
        before[name] = run_id, counters
        sums = counted.setdefault(name, [0, 0])
        for index, (now, then) in enumerate(zip(counters, since, strict=True)):
            sums[index] += now - then if then <= now else now  # reset by CONFIG RESETSTAT
    dropped = [
        f"{name}: {evicted} evicted, {expired} expired"
        for name, (evicted, expired) in sorted(counted.items())
        if evicted or (expired and reading.environment.owns_data)
    ]
    return _finding(
        "nothing_dropped",
        not dropped,
        f"expected no eviction and no expiry; got {'; '.join(dropped) or 'none'}",
    )


def _left_alone(reading: Reading) -> Finding:
    usual = interference.usual(reading)
    found = _none_of("left_alone", "no command of somebody else, and no setting changed", interference.found(reading))
    return replace(found, text=f"{found.text}; as before the trial: {'; '.join(usual)}") if usual else found


def _counters(reading: Reading) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Server, run_id, and the keys that this process had evicted and expired: before each fault, and at the end."""
    for event in reading.of(Dropped):
        yield event.server, event.run_id, (event.evicted_keys, event.expired_keys)
    for name, final in sorted(reading.finals.items()):
        yield name, final.run_id_before, (final.evicted_keys, final.expired_keys)


def _following(reading: Reading) -> list[Writers]:
    return [group for group in reading.plan.load.writers if group.follows]


def _tombstone(reading: Reading) -> Finding:
    """After the heal writes must succeed to the last, or nothing is known of what the load missed.

    A client pinned to a name or a server is not required to have any. What was not sent because its client was waiting
    is no write; the operation that it waited for is.
    """
    if not reading.plan.expect.heals or not any(group.follows for group in reading.plan.load.writers):
        return _finding("last_write", good=True, text="the last write is not judged: no client follows a healed master")
    _, follows = writers_of(reading)
    rows = reading.rows[follows & (reading.rows["cause"] != Cause.WAITING)]
    if not len(rows):
        return _finding(
            "last_write", good=False, text="expected a last write that was acknowledged; got no write at all"
        )
    due_ns = rows["due_ns"]
    last = np.flatnonzero(due_ns == due_ns.max())[-1]
    ended_ns = min((event.at_ns for event in reading.of(LoadEnd)), default=phase_at(reading, "quiesce") or 0)
    early_ms = (ended_ns - int(due_ns[last])) / 1e6
    if early_ms > max(
        _EARLY_MS, *(2e3 / group.rate if group.rate else group.timeout_ms for group in _following(reading))
    ):
        text = f"expected writes up to the end of the load; got the last one {early_ms:.0f} ms before it"
        return _finding("last_write", good=False, text=text)
    return _finding(
        "last_write",
        bool(rows["outcome"][last] == Result.OK),
        "expected the last write before the load stopped to be acknowledged; got "
        f"{Result(rows['outcome'][last]).name.lower()} of {key_text(reading.plan.trial, int(rows['key'][last]))}",
    )
