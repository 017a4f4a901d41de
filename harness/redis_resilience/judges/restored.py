"""Whether clients can write at the end of the load as before the fault: each of them, and each write."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.clients import ALL, listed, shut_out
from redis_resilience.judges.evidence import phase_at, writers_of
from redis_resilience.judges.masters import MASTER
from redis_resilience.judges.reading import Reading
from redis_resilience.model.columns import Columns
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.verdict import Finding, Verdict

RESTORED = "availability.restored"
REFUSED_SHARE = 0.2
"""So much of the writes, more than in the baseline, must be refused in each slice: single refusals say nothing."""
_SLICES = 8
_TOO_SHORT = ", which is too short to tell whether for good"

_Answer = tuple[Verdict, str]


def restored(reading: Reading, noise_ms: float) -> Finding:
    """`fail` where the wait after the heal ran out meanwhile, or no server is master at the end: that proves it.

    A request may be in flight for its time-out without meaning anything, and this machine may stall for `noise_ms`.
    """
    patience_ms = max(noise_ms, *(float(group.timeout_ms) for group in reading.plan.load.counted))
    verdict, seen = (
        _shut_out_at_the_end(reading, patience_ms)
        or _refused_up_to_the_end(reading, 2 * patience_ms)
        or (Verdict.PASS, "all did")
    )
    return Finding(
        name=RESTORED,
        verdict=verdict,
        text=f"expected every client to have writes acknowledged again by the end of the load; {seen}",
    )


def _shut_out_at_the_end(reading: Reading, patience_ms: float) -> _Answer | None:
    stuck = [each for each in shut_out(reading) if each.counted and each.tail_ms > patience_ms]
    if not stuck:
        return None
    if stuck[0].who == ALL:
        stuck = stuck[:1]
    none_left = len(reading.finals) == len(reading.environment.servers) and not any(
        final.role == MASTER for final in reading.finals.values()
    )
    proved = [each for each in stuck if none_left or _outlasted(reading, each.until_ns)]
    seen = f"{listed([(each.who, each.tail_ms) for each in proved or stuck])} without one up to the end"
    if none_left:
        seen += ", when no server was master"
    elif not proved:
        seen += _TOO_SHORT
    return Verdict.FAIL if proved else Verdict.UNKNOWN, seen


def _refused_up_to_the_end(reading: Reading, for_ms: float) -> _Answer | None:
    """Writes refused in part: too many fail in every slice of the last `for_ms`, beside others that are acknowledged.

    Slices in which all fail belong to an outage, whose end may be in the last of them.
    """
    fault_ns = phase_at(reading, "fault")
    _, counted = writers_of(reading)
    rows = reading.rows[counted]
    end_ns = int(rows["due_ns"].max(initial=0)) + 1
    begin_ns = end_ns - int(for_ms * 1e6)
    if fault_ns is None or begin_ns <= fault_ns:
        return None
    due, refused = rows["due_ns"], _refused(rows)
    usual = float(np.mean(refused[due < fault_ns])) if (due < fault_ns).any() else 0.0
    last = due >= begin_ns
    slices = (due[last] - begin_ns) * _SLICES // (end_ns - begin_ns)
    planned = np.bincount(slices, minlength=_SLICES)
    failed = np.bincount(slices[refused[last]], minlength=_SLICES)
    served = np.bincount(slices[rows["outcome"][last] == Result.OK], minlength=_SLICES)
    if not ((served > 0) & (failed > (usual + REFUSED_SHARE) * planned)).all():
        return None
    causes = Counter(rows["cause"][last & refused].tolist())
    proved = _outlasted(reading, end_ns)
    seen = f"{failed.sum() / planned.sum():.0%} of the writes were refused in the last {for_ms:.0f} ms of it"
    seen += f" ({Cause(causes.most_common(1)[0][0]).name})"
    return (Verdict.FAIL, seen) if proved else (Verdict.UNKNOWN, seen + _TOO_SHORT)


def _refused(rows: Columns) -> NDArray[np.bool_]:
    """What certainly did not happen, by an answer or by none; not what the client could not send in time."""
    found: NDArray[np.bool_] = (rows["outcome"] == Result.FAIL) & (rows["cause"] != Cause.WAITING)
    return found


def _outlasted(reading: Reading, until_ns: int) -> bool:
    """Whether the time for restoring redundancy was over by then."""
    healed_ns = phase_at(reading, "heal")
    return healed_ns is not None and until_ns >= healed_ns + reading.plan.windows.heal_s * 1e9
