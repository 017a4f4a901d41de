"""What became of every write: counted exactly, lost ones by name, and the sums must agree.

The terms are Jepsen's. A write is lost only if it was acknowledged and the final master, read after quiescence, does
not hold it; unacknowledged but present is recovered; present although it was never sent, rejected, or under another
value is unexpected. Keys are numbers, so sets of millions are bitmaps and nothing here loops over operations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.answer import RECORDED, SOUND, Answer, Assumption, Judge
from redis_resilience.judges.loss import CAUSES, UNEXPLAINED, causes, offsets_around
from redis_resilience.judges.masters import MASTER, final_master, promotions
from redis_resilience.judges.reading import Reading
from redis_resilience.model.columns import Columns
from redis_resilience.model.events import Connected
from redis_resilience.model.history import FinalRead
from redis_resilience.model.operations import Cause, Result, key_text
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import LOST, NAMED, Finding, LostWrite, Verdict, Writes

UNEXPECTED = "ledger.unexpected"
DIVERGED = "ledger.diverged"
RECONCILES = "ledger.reconciles"
_SPARSE = 8
"""A bitmap may be so many times larger than the number of keys; beyond that, keys are ranked first."""

_Bits = NDArray[np.bool_]
_Keys = NDArray[np.uint64]
_NOTHING = np.iinfo(np.uint8).max  # no Result: the key was never issued


def judge(reading: Reading) -> Answer[Writes]:
    """The counts, and the findings on loss, on foreign keys, on replicas that differ, and on the sums."""
    final = final_master(reading)
    if final is None:
        return _unread(reading)
    accounting = _Accounting(reading)
    writes = _writes(reading, accounting, final)
    return Answer(
        measures=writes,
        findings=(
            loss_finding(reading, writes),
            _count_finding(UNEXPECTED, writes.unexpected, "keys present that were never written", writes),
            _diverged_finding(reading, accounting, writes, final),
            _sum_finding(writes, final),
        ),
    )


class _Accounting:
    """Result by key, and which keys each server holds, as bitmaps over one numbering."""

    def __init__(self, reading: Reading) -> None:
        self._operations = reading.rows
        keys: _Keys = self._operations["key"]
        self._ranked: _Keys | None = None
        top = max([int(keys.max()) if len(keys) else -1, *(_top(final) for final in reading.finals.values())])
        stored = sum(len(final.keys) for final in reading.finals.values())
        if top >= _SPARSE * (len(keys) + stored) + 1024:
            self._ranked = np.unique(np.concatenate([keys, *(f.keys for f in reading.finals.values())]))
            top = len(self._ranked) - 1
        self.size = top + 1
        self.outcome: NDArray[np.uint8] = np.full(self.size, _NOTHING, dtype=np.uint8)
        self.outcome[self.numbers(keys)] = self._operations["outcome"]
        self.held = {name: self._bits(final.keys) for name, final in sorted(reading.finals.items())}

    def numbers(self, keys: _Keys) -> _Keys:
        return keys if self._ranked is None else np.searchsorted(self._ranked, keys).astype(np.uint64)

    def keys(self, bits: _Bits) -> _Keys:
        numbers = np.flatnonzero(bits).astype(np.uint64)
        return numbers if self._ranked is None else self._ranked[numbers]

    def rows(self, bits: _Bits) -> Columns:
        """The operations on these keys."""
        return self._operations[bits[self.numbers(self._operations["key"])]]

    def _bits(self, keys: _Keys) -> _Bits:
        bits = np.zeros(self.size, dtype=np.bool_)
        bits[self.numbers(keys)] = True
        return bits


def _top(final: FinalRead) -> int:
    return int(final.keys.max()) if len(final.keys) else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sets:
    """The keys of one trial by what became of them on the final master."""

    acknowledged: _Bits
    lost: _Bits
    recovered: _Bits
    foreign: _Bits


def _sets(accounting: _Accounting, final: FinalRead) -> _Sets:
    present = accounting.held[final.server]
    acknowledged = accounting.outcome == Result.OK
    unknown = accounting.outcome == Result.INFO
    return _Sets(
        acknowledged=acknowledged,
        lost=acknowledged & ~present,
        recovered=unknown & present,
        foreign=present & ~acknowledged & ~unknown,
    )


def lost_writes(reading: Reading) -> tuple[LostWrite, ...]:
    """All of them by time, however many; none where it is not known what is lost."""
    final = final_master(reading)
    if final is None:
        return ()
    accounting = _Accounting(reading)
    return _named(reading, accounting, *_lost(reading, accounting, _sets(accounting, final), final))


def _lost(
    reading: Reading, accounting: _Accounting, sets: _Sets, final: FinalRead
) -> tuple[Columns, NDArray[np.uint8]]:
    """The lost writes by time, and the index into CAUSES of each."""
    if not sets.lost.any():
        return reading.rows[:0], np.zeros(0, dtype=np.uint8)
    lost = accounting.rows(sets.lost)
    lost = lost[np.lexsort((lost["key"], lost["return_ns"]))]
    why = causes(
        reading,
        lost,
        survivors=accounting.rows(sets.acknowledged & ~sets.lost),
        promotions=promotions(reading),
        final=final,
    )
    return lost, why


def _writes(reading: Reading, accounting: _Accounting, final: FinalRead) -> Writes:
    sets = _sets(accounting, final)
    lost, why = _lost(reading, accounting, sets, final)
    by_cause = np.bincount(why, minlength=len(CAUSES))
    trial = reading.plan.trial
    foreign = [key_text(trial, int(key)) for key in accounting.keys(sets.foreign)[:NAMED]]
    outcomes = _outcomes(reading.rows)
    return Writes(
        planned=len(reading.rows),
        acknowledged=outcomes[Result.OK],
        failed=outcomes[Result.FAIL],
        info=outcomes[Result.INFO],
        causes=_causes(reading.rows),
        lost=int(np.count_nonzero(sets.lost)),
        recovered=int(np.count_nonzero(sets.recovered)),
        unexpected=int(np.count_nonzero(sets.foreign)) + len(final.wrong) + len(final.unexpected),
        diverged=_diverged(reading, accounting, final),
        lost_seconds=float(lost["return_ns"][-1] - lost["return_ns"][0]) / 1e9 if len(lost) else 0.0,
        lost_writes=_named(reading, accounting, lost[:NAMED], why[:NAMED]),
        lost_by_cause={CAUSES[index]: int(count) for index, count in enumerate(by_cause) if count},
        unexpected_keys=tuple([*foreign, *sorted(final.wrong), *sorted(final.unexpected)][:NAMED]),
        absent_by_server={
            name: int(np.count_nonzero(sets.acknowledged & ~held)) for name, held in accounting.held.items()
        },
        final_master=final.server,
    )


def _outcomes(operations: Columns) -> dict[Result, int]:
    return {outcome: int(np.count_nonzero(operations["outcome"] == outcome)) for outcome in Result}


def _causes(operations: Columns) -> dict[str, int]:
    found = np.bincount(operations["cause"], minlength=max(Cause) + 1)
    return {cause.name: int(found[cause]) for cause in Cause if cause is not Cause.NONE and found[cause]}


def _diverged(reading: Reading, accounting: _Accounting, final: FinalRead) -> int:
    """Keys that at least one replica holds and the final master does not, or the other way round.

    A second master is no replica: `convergence` reports what it holds.
    """
    differ = np.zeros(accounting.size, dtype=np.bool_)
    names: set[str] = set()
    for name, replica in reading.finals.items():
        if name != final.server and replica.role != MASTER:
            differ |= accounting.held[name] ^ accounting.held[final.server]
            names |= set(replica.unexpected) ^ set(final.unexpected)
    return int(np.count_nonzero(differ)) + len(names)


def _named(reading: Reading, accounting: _Accounting, lost: Columns, why: NDArray[np.uint8]) -> tuple[LostWrite, ...]:
    servers = [server.name for server in reading.environment.servers]
    run_ids = {event.connection: event.run_id for event in reading.of(Connected)}
    before, after = offsets_around(reading, lost)
    numbers = accounting.numbers(lost["key"])
    return tuple(
        LostWrite(
            key=key_text(reading.plan.trial, int(lost["key"][index])),
            call_ns=int(lost["call_ns"][index]),
            return_ns=int(lost["return_ns"][index]),
            server=servers[server] if (server := int(lost["server"][index])) < min(len(servers), NO_SERVER) else "",
            run_id=run_ids.get(int(lost["connection"][index]), ""),
            offset_before=int(before[index]),
            offset_after=int(after[index]),
            absent_on=tuple(name for name, held in accounting.held.items() if not held[numbers[index]]),
            cause=CAUSES[why[index]],
        )
        for index in range(len(lost))
    )


def _unread(reading: Reading) -> Answer[Writes]:
    """Without one final master nothing is known about survival; the load's own counts are."""
    roles = ", ".join(f"{name}: {final.role}" for name, final in sorted(reading.finals.items())) or "no server was read"
    outcomes = _outcomes(reading.rows)
    writes = Writes(
        planned=len(reading.rows),
        acknowledged=outcomes[Result.OK],
        failed=outcomes[Result.FAIL],
        info=outcomes[Result.INFO],
        causes=_causes(reading.rows),
        lost=0,
        recovered=0,
        unexpected=0,
        diverged=0,
        lost_seconds=0.0,
    )
    finding = Finding(
        name=LOST,
        verdict=Verdict.UNKNOWN,
        text=f"expected exactly one master to read from at the end; got {roles}: what was lost is not known",
    )
    return Answer(measures=writes, findings=(finding,))


def loss_finding(reading: Reading, writes: Writes) -> Finding:
    """Where any loss is allowed, it is the loss that the scenario causes: one that nothing explains is no pass."""
    allowed = reading.plan.expect.max_lost
    why = ", ".join(f"{count} {cause}" for cause, count in sorted(writes.lost_by_cause.items()))
    seen = f"{writes.lost} of {writes.acknowledged} acknowledged writes are not on {writes.final_master}"
    first = f"; first {writes.lost_writes[0].key}" if writes.lost_writes else ""
    wanted = "loss to be counted only" if allowed is None else f"at most {allowed} lost" if allowed else "no loss"
    verdict = _of_loss(writes, allowed)
    return Finding(
        name=LOST,
        verdict=verdict,
        text=f"expected {wanted}; {seen}"
        + (f" ({why}{first})" if why else "")
        + ("; the scenario allows it" if verdict is Verdict.PASS and writes.lost else ""),
    )


def _of_loss(writes: Writes, allowed: int | None) -> Verdict:
    if allowed is None:
        return Verdict.UNKNOWN if writes.lost_by_cause.get(UNEXPLAINED) else Verdict.PASS
    return Verdict.PASS if writes.lost <= allowed else Verdict.FAIL


def _count_finding(name: str, count: int, what: str, writes: Writes) -> Finding:
    return Finding(
        name=name,
        verdict=Verdict.FAIL if count else Verdict.PASS,
        text=f"expected no {what}; got {count} on {writes.final_master}"
        + (f", first {writes.unexpected_keys[0]}" if name == UNEXPECTED and writes.unexpected_keys else ""),
    )


def _diverged_finding(reading: Reading, accounting: _Accounting, writes: Writes, final: FinalRead) -> Finding:
    """Lists for each replica what it lacks, and what it alone holds, by the first key of each.

    A replica that the scenario leaves without its master cannot catch up: what it lacks is reported and not judged.
    """
    what = "keys that differ between the final master and a replica"
    finding = _count_finding(DIVERGED, writes.diverged, what, writes)
    trial, mine = reading.plan.trial, accounting.held[final.server]
    told = []
    for name, replica in sorted(reading.finals.items()):
        if name == final.server or replica.role == MASTER:
            continue
        theirs = accounting.held[name]
        for verb, keys in (
            ("lacks", accounting.keys(mine & ~theirs)),
            ("alone holds", accounting.keys(theirs & ~mine)),
        ):
            if len(keys):
                told.append(f"{name} {verb} {len(keys)}, first {key_text(trial, int(keys[0]))}")
    if told and not reading.plan.expect.heals:
        finding = replace(finding, verdict=Verdict.PASS)
        told.append("not judged: the scenario does not expect full redundancy at the end")
    return replace(finding, text="; ".join((finding.text, *told)))


def _sum_finding(writes: Writes, final: FinalRead) -> Finding:
    """Survivors, recovered and unexpected are all that the final master holds."""
    survived = writes.acknowledged - writes.lost
    total = survived + writes.recovered + writes.unexpected
    present = len(final.keys) + len(final.wrong) + len(final.unexpected)
    good = total == present <= final.dbsize
    return Finding(
        name=RECONCILES,
        verdict=Verdict.PASS if good else Verdict.UNKNOWN,
        text=f"expected survived + recovered + unexpected = keys read on {final.server}; got {survived} + "
        f"{writes.recovered} + {writes.unexpected} = {total} and {present} (DBSIZE {final.dbsize})",
    )


KEYS = SOUND | RECORDED | {Assumption.CLEAN, Assumption.FINAL_READS, Assumption.NOTHING_DROPPED, Assumption.LAST_WRITE}
"""Statements about keys do not depend on when, or by what, they were lost."""
_NO_WRITES = Writes(
    planned=0,
    acknowledged=0,
    failed=0,
    info=0,
    causes={},
    lost=0,
    recovered=0,
    unexpected=0,
    diverged=0,
    lost_seconds=0.0,
)
JUDGE = Judge(
    name="ledger",
    ask=judge,
    nothing=_NO_WRITES,
    needs={LOST: KEYS, UNEXPECTED: KEYS, DIVERGED: KEYS | {Assumption.HEAL_SEEN}, RECONCILES: KEYS},
)
