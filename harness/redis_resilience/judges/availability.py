"""How long clients could not write, how long they cannot write without a fault, and how punctual the load was.

An outage is the longest time between two consecutive acknowledgements, all clients of the master taken
together. The same in the baseline, without a fault, is the noise: what this machine calls an outage by itself. A
gap that ends with the load is censored: it lasted at least that long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.answer import TIMED, Answer, Assumption, Judge
from redis_resilience.judges.clients import listed, shut_out
from redis_resilience.judges.evidence import (
    Times,
    acknowledgements,
    by_writer,
    fault_at_ns,
    off_plan_ns,
    phase_at,
    sent,
    writers_of,
)
from redis_resilience.judges.reading import Reading
from redis_resilience.judges.restored import RESTORED, restored
from redis_resilience.judges.stalls import longest_ms, stalled_ms
from redis_resilience.model.columns import Columns
from redis_resilience.model.events import LoadBegin
from redis_resilience.model.operations import Result
from redis_resilience.model.verdict import Availability, Finding, Gap, Verdict

EVERYONE = "all"
OUTAGE = "availability.outage"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    begin_ns: int
    end_ns: int

    def holds(self, times: Times) -> NDArray[np.bool_]:
        return (times >= self.begin_ns) & (times < self.end_ns)


def judge(reading: Reading) -> Answer[Availability]:
    """The outage beside its noise, each writer's own gap, and whether the expectation on the outage held."""
    rows = reading.rows
    _, counted = writers_of(reading)
    if not counted.all():
        rows = rows[counted]
    good = rows["outcome"] == Result.OK
    ordered, writers, follows = acknowledgements(reading)
    if not follows.all():
        ordered, writers = ordered[follows], writers[follows]
    fault_ns = fault_at_ns(reading)
    due_end = int(rows["due_ns"].max()) if len(rows) else 0
    window = _control(reading, rows)
    gap = longest_gap(ordered, fault_ns, due_end, EVERYONE)
    in_control = window.holds(rows["due_ns"])
    control = ordered[window.holds(ordered)]
    delay = _scheduling_delay(rows)
    availability = Availability(
        outage_ms=length_ms(gap, due_end),
        censored=gap is not None and gap.censored,
        noise_ms=float(np.diff(control).max()) / 1e6 if len(control) > 1 else 0.0,
        spacing_ms=_spacing_ms(reading, control),
        by_client=tuple(
            _weighed(reading, each, due_end) for each in _by_writer(by_writer(ordered, writers), fault_ns, due_end)
        ),
        gap=_weighed(reading, gap, due_end) if gap else None,
        scheduling_delay_p50_ms=delay[0],
        scheduling_delay_p99_ms=delay[1],
        scheduling_delay_max_ms=delay[2],
        control_acknowledged=int(np.count_nonzero(good & in_control)),
        control_planned=max(int(np.count_nonzero(in_control)), _planned(reading, window)),
        stalled_max_ms=longest_ms(reading),
    )
    findings = [_outage_finding(reading, availability)]
    if reading.plan.expect.heals:
        findings.append(restored(reading, availability.noise_ms))
    return Answer(measures=availability, findings=tuple(findings))


def _control(reading: Reading, rows: Columns) -> _Window:
    """The baseline, from the start of the load; empty where there was none."""
    loads = [event.at_ns for event in reading.of(LoadBegin)[:1]]
    if not loads and len(rows):
        loads.append(int(rows["due_ns"].min()))
    begins = [at for at in (phase_at(reading, "control"), *loads) if at is not None]
    end = phase_at(reading, "fault")
    return _Window(begin_ns=max(begins, default=0), end_ns=end if end is not None else 0)


def _planned(reading: Reading, window: _Window) -> int:
    """Operations that the rates ask for in the window, whatever the generator made of them; 0 for closed loops."""
    seconds = max(window.end_ns - window.begin_ns, 0) / 1e9
    return sum(int(group.rate * seconds) for group in reading.plan.load.counted)


def _spacing_ms(reading: Reading, control: Times) -> float:
    """Time between two operations of the load: by plan, or as measured where it goes as fast as it can."""
    if (planned := reading.plan.load.spacing_ms) is not None:
        return planned
    return float(control[-1] - control[0]) / (len(control) - 1) / 1e6 if len(control) > 1 else 0.0


def longest_gap(ordered: Times, since_ns: int | None, end_ns: int, client: str) -> Gap | None:
    """The longest gap that was still open at `since_ns` or began later; the earliest of equals."""
    if since_ns is None or end_ns <= since_ns:
        return None
    first = max(int(np.searchsorted(ordered, since_ns, side="left")) - 1, 0)
    later = ordered[first:]
    if not len(later):
        return Gap(begin_ns=since_ns, end_ns=None, client=client)
    begins, ends = later[:-1], later[1:]
    tail_ns = end_ns - int(later[-1])
    if len(ends):
        widest = int(np.argmax(ends - begins))
        if int(ends[widest] - begins[widest]) >= tail_ns:
            return Gap(begin_ns=int(begins[widest]), end_ns=int(ends[widest]), client=client)
    return Gap(begin_ns=int(later[-1]), end_ns=None, client=client) if tail_ns > 0 else None


def _weighed(reading: Reading, gap: Gap, due_end: int) -> Gap:
    """The gap, and how much of it was the probe's."""
    end_ns = due_end if gap.end_ns is None else gap.end_ns
    return replace(gap, stalled_ms=stalled_ms(reading, gap.begin_ns, end_ns))


def length_ms(gap: Gap | None, due_end: int) -> float:
    if gap is None:
        return 0.0
    return ((due_end if gap.end_ns is None else gap.end_ns) - gap.begin_ns) / 1e6


def _by_writer(returns: Mapping[int, Times], since_ns: int | None, end_ns: int) -> tuple[Gap, ...]:
    gaps = (longest_gap(own, since_ns, end_ns, f"writer {number + 1}") for number, own in returns.items())
    return tuple(gap for gap in gaps if gap is not None)


def _scheduling_delay(rows: Columns) -> tuple[float, float, float]:
    """Median, 99th percentile and maximum of call minus due, of operations that were sent, in ms."""
    rows = rows[sent(rows)]
    late = rows["call_ns"] - rows["due_ns"]
    if not len(late):
        return 0.0, 0.0, 0.0
    middle, high = np.percentile(late, (50, 99), overwrite_input=True)
    return float(middle) / 1e6, float(high) / 1e6, float(late.max()) / 1e6


def _outage_finding(reading: Reading, availability: Availability) -> Finding:
    allowed_s, off_ns = reading.plan.expect.max_outage_s, off_plan_ns(reading)
    seen = (
        f"{'more than ' if availability.censored else ''}{availability.outage_ms:.1f} ms without an acknowledged write"
    )
    own_ms = availability.gap.stalled_ms if availability.gap else 0.0
    if own_ms:
        seen += f", for {own_ms:.1f} ms of which the probe itself stalled"
    noise = f"noise {availability.noise_ms:.1f} ms, spacing {availability.spacing_ms:.1f} ms"
    if allowed_s is None:
        verdict, wanted = Verdict.PASS, "any outage"
    else:
        wanted = f"an outage of {allowed_s:g} s or less"
        verdict = Verdict.FAIL if availability.outage_ms > allowed_s * 1e3 else Verdict.PASS
        shorter = availability.outage_ms - own_ms <= allowed_s * 1e3
        if (verdict is Verdict.PASS and availability.censored) or (verdict is Verdict.FAIL and shorter):
            verdict = Verdict.UNKNOWN
        longer = [each for each in shut_out(reading) if each.longest_ms > allowed_s * 1e3]
        if off_ns is not None and (verdict is Verdict.FAIL or longer):
            gap = availability.gap
            before_ms = (min(off_ns, gap.end_ns or off_ns) - gap.begin_ns) / 1e6 - own_ms if gap else 0.0
            verdict = Verdict.FAIL if before_ms > allowed_s * 1e3 else Verdict.UNKNOWN
            seen += f", {max(before_ms, 0.0):.1f} ms of it before a heal failed"
        elif longer and verdict is not Verdict.FAIL:
            verdict = Verdict.FAIL
            seen += f"; {listed([(each.who, each.longest_ms) for each in longer])} without one by themselves"
    return Finding(name=OUTAGE, verdict=verdict, text=f"expected {wanted}; {seen} ({noise})")


_NO_AVAILABILITY = Availability(
    outage_ms=0.0,
    censored=False,
    noise_ms=0.0,
    spacing_ms=0.0,
    by_client=(),
    gap=None,
    scheduling_delay_p50_ms=0.0,
    scheduling_delay_p99_ms=0.0,
    scheduling_delay_max_ms=0.0,
    control_acknowledged=0,
    control_planned=0,
)
_LOADED = TIMED | {Assumption.LOAD}
JUDGE = Judge(
    name="availability",
    ask=judge,
    nothing=_NO_AVAILABILITY,
    needs={OUTAGE: _LOADED, RESTORED: _LOADED | {Assumption.HEAL_SEEN}},
)
