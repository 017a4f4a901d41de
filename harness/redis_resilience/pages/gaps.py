"""Why no client could write during the outage: the replies of that time by cause, with what is known of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from redis_resilience.model import instants
from redis_resilience.model.events import Role
from redis_resilience.model.history import History
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.records import NO_SERVER, Records
from redis_resilience.model.verdict import Gap, Judgement
from redis_resilience.pages.meanings import NOT_ACKNOWLEDGED
from redis_resilience.pages.units import ms_text, plural

_MIN_REPLICAS, _MAX_LAG = "min-replicas-to-write", "min-replicas-max-lag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """cause: by its name, as in the histories. writes: so many were due in the gap and failed for it."""

    cause: str
    writes: int
    meaning: str


def reasons(history: History, judgement: Judgement) -> tuple[Reason, ...]:
    """Most frequent first; empty where there was no gap."""
    gap = judgement.availability.gap
    if gap is None:
        return ()
    writes = history.writes
    inside = (writes["due_ns"] > gap.begin_ns) & (writes["outcome"] != Result.OK)
    if gap.end_ns is not None:
        inside &= writes["due_ns"] < gap.end_ns
    missed = writes[inside]
    values, counts = np.unique(missed["cause"], return_counts=True)
    found = [
        Reason(
            cause=_name(int(value)),
            writes=int(count),
            meaning=_meaning(history, judgement, gap, missed[missed["cause"] == value], int(value)),
        )
        for value, count in zip(values, counts, strict=True)
    ]
    return tuple(sorted(found, key=lambda reason: (-reason.writes, reason.cause)))


def _name(value: int) -> str:
    return next((cause.name for cause in Cause if cause == value), str(value))


def _meaning(history: History, judgement: Judgement, gap: Gap, missed: Records, cause: int) -> str:
    general = NOT_ACKNOWLEDGED.get(_name(cause), "")
    return (cause == Cause.NOREPLICAS and _too_few(history, judgement, gap, missed)) or general


def _too_few(history: History, judgement: Judgement, gap: Gap, missed: Records) -> str:
    """What the master that refused asks for, and when it had it again."""
    numbers = missed["server"][missed["server"] != NO_SERVER]
    if not len(numbers):
        return ""
    number = int(np.bincount(numbers).argmax())
    if number >= len(history.environment.servers):
        return ""
    master = history.environment.servers[number]
    wanted = master.config.get(_MIN_REPLICAS, "")
    if not wanted.isdecimal() or not int(wanted):
        return ""
    own = history.samples[(history.samples["server"] == number) & (history.samples["return_ns"] >= gap.begin_ns)]
    again = _again(own, judgement, int(wanted), master.config.get(_MAX_LAG, "?"))
    return f"{_MIN_REPLICAS} {wanted} on {master.name}, {again}"


def _again(samples: Records, judgement: Judgement, wanted: int, lag: str) -> str:
    """samples: of the server that refused, since the gap began."""
    fault = judgement.timeline.at(instants.FAULT_AT)
    master = samples["role"] == Role.MASTER
    few = np.flatnonzero(master & (samples["replicas"] < wanted))
    if not len(few):
        return f"whose replicas confirmed nothing for longer than {_MAX_LAG} {lag} s"
    later, as_master = samples[int(few[-1]) + 1 :], master[int(few[-1]) + 1 :]
    if not len(later) or fault is None:
        return f"which never had {plural(wanted, 'replica')} again"
    after = ms_text((int(later["return_ns"][0]) - fault.at_ns) / 1e6)
    if not as_master[0]:
        return f"which had too few replicas until it stopped being a master {after} ms after the fault"
    return f"{plural(wanted, 'replica')} linked again {after} ms after the fault"
