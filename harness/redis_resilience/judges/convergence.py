"""Whether full redundancy is restored, and whether there were two masters at once on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges import sentinels
from redis_resilience.judges.answer import RECORDED, SOUND, TIMED, Answer, Assumption, Judge
from redis_resilience.judges.cluster import nodes
from redis_resilience.judges.evidence import (
    Times,
    instant_of,
    left_addresses,
    master_fault,
    phase_at,
    samples_of,
    server_index,
)
from redis_resilience.judges.masters import believed_masters, promotions
from redis_resilience.judges.offsets import behind
from redis_resilience.judges.reading import Reading
from redis_resilience.judges.timeline import timeline_of
from redis_resilience.judges.untouched import silences
from redis_resilience.judges.voters import voters_of
from redis_resilience.model.columns import Columns
from redis_resilience.model.events import HealEnd, Role, TimedOut
from redis_resilience.model.instants import REDUNDANT_AT
from redis_resilience.model.verdict import Figures, Finding, Timeline, Verdict

ONE_MASTER = "convergence.one_master"
TWO_MASTERS = "convergence.two_masters"
FINAL_MASTER = "convergence.final_master"
REDUNDANT = "convergence.redundant"
IN_TIME = "convergence.in_time"


def judge(reading: Reading) -> Answer[Figures]:
    """Whether there were two masters at once, and whether the end is as it should be."""
    beside, both = _written_beside(reading), _two_masters(reading)
    findings = [_one_master(reading, beside, both)]
    if reading.plan.expect.heals:
        findings += [_final_master(reading), _voters_agree(reading), _in_time(reading)]
        if reading.plan.faults:
            findings.append(_redundant(reading, timeline_of(reading)))
    measures: Figures = {
        "two_masters_ms": (both.end_ns - both.begin_ns) / 1e6 if both else 0.0,
        "writes_beside": beside.writes if beside else 0,
        "writes_beside_ms": beside.span_ns / 1e6 if beside else 0.0,
    }
    return Answer(measures=measures, findings=tuple(findings))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Both:
    """Two servers that were certainly master at once, as they reported themselves."""

    begin_ns: int
    end_ns: int
    names: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """Writes that were acknowledged beside the promoted master, from the first call to the last reply."""

    writes: int
    servers: str
    span_ns: int


def _one_master(reading: Reading, beside: _Beside | None, both: _Both | None) -> Finding:
    """Two masters that both accept writes are damage; two masters that no client wrote to are reported, and no more."""
    allowed_s = reading.plan.expect.two_masters_s
    seen = "at most one server reported master at any time"
    if both:
        seen = f"{both.names} both reported master for {(both.end_ns - both.begin_ns) / 1e6:.0f} ms or more"
    if allowed_s:
        return _expected_two(allowed_s, beside, seen)
    if beside:
        text = (
            f"{beside.writes} writes acknowledged by {beside.servers} within {beside.span_ns / 1e6:.0f} ms while "
            f"another server was master; {seen}"
        )
    else:
        text = f"{seen}, and none accepted a write beside the other"
    return Finding(
        name=ONE_MASTER,
        verdict=Verdict.FAIL if beside else Verdict.PASS,
        text=f"expected no two masters to accept writes at once; {text}",
    )


def _expected_two(allowed_s: float, beside: _Beside | None, seen: str) -> Finding:
    """The scenario claims that two masters accept writes: that none did is as wrong as that they did for longer."""
    wanted = f"expected two masters to accept writes at once, for {allowed_s:g} s or less"
    if beside is None:
        text, good = f"{wanted}; none accepted a write beside the other, {seen}", False
    else:
        good = beside.span_ns <= allowed_s * 1e9
        text = (
            f"{wanted}; {beside.servers} acknowledged {beside.writes} beside another master, over "
            f"{beside.span_ns / 1e6:.0f} ms; {seen}"
        )
    return Finding(name=TWO_MASTERS, verdict=Verdict.PASS if good else Verdict.FAIL, text=text)


def _written_beside(reading: Reading) -> _Beside | None:
    """Writes that a server other than the reigning master acknowledged, while that one accepted writes, too."""
    known = reading.acknowledged["server"] < len(reading.environment.servers)
    acknowledged = reading.acknowledged if known.all() else reading.acknowledged[known]
    beside = acknowledged[_before_promotion(reading, acknowledged) | _after_promotion(reading, acknowledged)]
    if not len(beside):
        return None
    names = sorted({reading.environment.servers[index].name for index in np.unique(beside["server"]).tolist()})
    span_ns = int(beside["return_ns"].max() - beside["call_ns"].min())
    return _Beside(writes=len(beside), servers=", ".join(names), span_ns=span_ns)


def _after_promotion(reading: Reading, acknowledged: Columns) -> NDArray[np.bool_]:
    """Sent after a promotion, and acknowledged by another server than the one promoted last before them."""
    changes = [change for change in promotions(reading) if change.at is not None]
    masters = [reading.environment.master, *(change.new for change in changes)]
    begins = np.array([change.at.latest_ns for change in changes if change.at is not None], dtype=np.int64)
    at_call, at_return = (_how_many(begins, acknowledged[name]) for name in ("call_ns", "return_ns"))
    reigning = np.array([server_index(reading, name) for name in masters])[at_call]
    beside: NDArray[np.bool_] = (acknowledged["server"] != reigning) & (at_call == at_return) & (at_call > 0)
    return beside


def _how_many(begins: NDArray[np.int64], times: Times) -> NDArray[np.uint32]:
    """How many of these were before each time. There are few: comparing with each is faster than a search for each."""
    found = np.zeros(len(times), dtype=np.uint32)
    for begin in begins:
        found += begin < times
    return found


def _before_promotion(reading: Reading, acknowledged: Columns) -> NDArray[np.bool_]:
    """Acknowledged by a server other than the first master before any promotion, while the first one accepted writes.

    One that is promoted later may have been master since it was last asked.
    """
    effect = master_fault(reading)
    until = np.full(len(reading.environment.servers) + 1, np.iinfo(np.int64).max)
    for change in reversed(promotions(reading)):
        known_ns = change.at.earliest_ns if change.at else effect.earliest_ns if effect else 0
        until[:] = np.minimum(until, change.at.latest_ns if change.at else change.switches[0].heard.latest_ns)
        until[server_index(reading, change.new)] = known_ns
    by_first = acknowledged["server"] == server_index(reading, reading.environment.master)
    last_ns = acknowledged["call_ns"][by_first].max(initial=0)
    returned = acknowledged["return_ns"]
    beside: NDArray[np.bool_] = ~by_first & (returned < until[acknowledged["server"]]) & (returned < last_ns)
    return beside


def _two_masters(reading: Reading) -> _Both | None:
    """The longest time after the fault during which two servers were certainly master, as they reported themselves."""
    effect = master_fault(reading)
    since_ns = instant_of(effect).latest_ns if effect else 0
    spans = [
        (max(begin, since_ns), end, server.name)
        for index, server in enumerate(reading.environment.servers)
        for begin, end in _reigns(reading, index)
        if end > since_ns
    ]
    overlaps = [
        _Both(begin_ns=max(one[0], two[0]), end_ns=min(one[1], two[1]), names=f"{one[2]} and {two[2]}")
        for number, one in enumerate(spans)
        for two in spans[number + 1 :]
        if one[2] != two[2] and max(one[0], two[0]) < min(one[1], two[1])
    ]
    return max(overlaps, key=lambda overlap: (overlap.end_ns - overlap.begin_ns, overlap.names), default=None)


def _reigns(reading: Reading, index: int) -> list[tuple[int, int]]:
    """From the reply of the first to the call of the last of consecutive samples that said master."""
    own = samples_of(reading, index)
    edges = np.diff(np.concatenate(([False], own["role"] == Role.MASTER, [False])).astype(np.int8))
    firsts, lasts = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [
        (int(own["return_ns"][first]), int(own["call_ns"][last])) for first, last in zip(firsts, lasts, strict=True)
    ]


def _final_master(reading: Reading) -> Finding:
    roles = ", ".join(f"{name}: {final.role}" for name, final in sorted(reading.finals.items()))
    masters = [name for name, final in reading.finals.items() if final.role == "master"]
    replicas = [name for name, final in reading.finals.items() if final.role == "replica"]
    wanted = len(reading.environment.servers) - 1
    whole = len(masters) == 1 and len(replicas) == wanted
    seen = f"{roles or 'no server'}{_second_masters(reading, masters)}"
    return Finding(
        name=FINAL_MASTER,
        verdict=Verdict.PASS if whole else Verdict.FAIL,
        text=f"expected one master and {wanted} replicas at the end; got {seen}",
    )


def _second_masters(reading: Reading, masters: list[str]) -> str:
    """Masters at the end beside the one that reigns, and their replicas."""
    reigning = next((change.new for change in reversed(promotions(reading))), reading.environment.master)
    if reigning not in masters or len(masters) < 2:
        return ""
    told = []
    for name in sorted(set(masters) - {reigning}):
        followers = _followers(reading, name)
        told.append(f"{name} is a second master {f'followed by {followers}' if followers else 'without replicas'}")
    return f"; {', '.join(told)}; the current master is {reigning}"


def _followers(reading: Reading, master: str) -> str:
    """Servers that reported, when last asked, that they are replicas of this server."""
    index = server_index(reading, master)
    found = []
    for number, server in enumerate(reading.environment.servers):
        last = samples_of(reading, number)[-1:]
        if ((last["role"] == Role.REPLICA) & (last["source"] == index)).any():
            found.append(server.name)
    return ", ".join(found)


def _voters_agree(reading: Reading) -> Finding:
    """Every remaining voter names the master that was found at the end, where it was found.

    One that did not answer does not agree: which master it would name is not known.
    """
    masters = [name for name, final in reading.finals.items() if final.role == "master"]
    gone = _gone_sentinels(reading)
    voters = voters_of(reading)
    silent = voters.silent_at_the_end(reading) - set(gone)
    believed = {name: master for name, master in believed_masters(reading).items() if name not in silent.union(gone)}
    wrong = {name: master for name, master in believed.items() if [master] != masters}
    left = left_addresses(reading)
    told = ", ".join(
        f"{name}: {master}" + (f", where {left[master]} no longer is" if master in left else "")
        for name, master in wrong.items()
    )
    return Finding(
        name=voters.AGREEMENT,
        verdict=Verdict.FAIL if wrong else Verdict.UNKNOWN if silent else Verdict.PASS,
        text=f"expected every {voters.NOUN} to name {', '.join(masters) or 'one master'} at the end; "
        + (f"got {told}" if wrong else f"all {len(believed)} {'that answered ' if silent else ''}did")
        + (f"; no answer from {', '.join(sorted(silent))}" if silent else "")
        + "".join(
            f"; the Sentinel of {name} was deleted with its pod, and none was created in its place" for name in gone
        ),
    )


def _in_time(reading: Reading) -> Finding:
    """Redundancy was restored after the heal before the harness gave up."""
    healed_ns = phase_at(reading, "heal")
    late = [event.reason for event in reading.of(TimedOut) if healed_ns is not None and event.at_ns >= healed_ns]
    return Finding(
        name=IN_TIME,
        verdict=Verdict.UNKNOWN if late else Verdict.PASS,
        text=f"expected the deployment to settle after the heal; {'; '.join(late) or 'it did'}",
    )


def _gone_sentinels(reading: Reading) -> tuple[str, ...]:
    """Pods whose successor lacks a Sentinel, of those that had one at the beginning."""
    known = {view.name for view in reading.environment.sentinels}
    places = [place.partition("/") for event in reading.of(HealEnd) for place in event.unreplaced]
    return tuple(pod for pod, _, container in places if container == "sentinel" and pod in known)


def _away_by_itself(reading: Reading) -> tuple[str, ...]:
    """Servers that went without a fault of the plan, and stayed away."""
    silent = dict(silences(reading))
    last = {server.name: samples_of(reading, index)[-1:] for index, server in enumerate(reading.environment.servers)}
    return tuple(name for name, own in last.items() if name in silent and (own["role"] == Role.UNREACHABLE).any())


def _redundant(reading: Reading, timeline: Timeline) -> Finding:
    """By what the watchers saw, and by how far each replica was when it was read at the end."""
    short = behind(reading)
    after_ms = timeline.ms(REDUNDANT_AT)
    instant = timeline.at(REDUNDANT_AT)
    if instant is None:
        seen = "redundancy was not restored in time"
    elif after_ms is None:
        seen = "the deployment was fully redundant"
    else:
        seen = f"redundancy restored {after_ms / 1e3:.3f} s after the fault (+/- {instant.error_ms:.0f} ms)"
    away = () if instant else _away_by_itself(reading)
    failed = (not instant and not away) or any(each.proved for each in short)
    told = "".join(f"; {each.text}" for each in short)
    told += "".join(f"; {name} did not answer at the end, and no fault had hit it" for name in away)
    return Finding(
        name=REDUNDANT,
        verdict=Verdict.FAIL if failed else Verdict.UNKNOWN if short or away else Verdict.PASS,
        text=f"expected one master with every replica linked and caught up at the end; {seen}{told}",
    )


_NO_FIGURES: Figures = {}
_AT_THE_END = TIMED | {Assumption.FINAL_READS, Assumption.HEAL_SEEN}
JUDGE = Judge(
    name="convergence",
    ask=judge,
    nothing=_NO_FIGURES,
    needs={
        ONE_MASTER: SOUND | RECORDED,
        TWO_MASTERS: TIMED | {Assumption.LOAD, Assumption.HEAL_SEEN},
        FINAL_MASTER: _AT_THE_END,
        sentinels.AGREEMENT: _AT_THE_END,
        nodes.AGREEMENT: _AT_THE_END,
        REDUNDANT: TIMED | {Assumption.HEAL_SEEN},
        IN_TIME: TIMED | {Assumption.HEAL_SEEN},
    },
)
