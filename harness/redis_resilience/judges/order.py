"""Whether time goes forward, and phases, faults and load come in the order in which a trial does them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from redis_resilience.judges.evidence import phase_at
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import FaultBegin, FaultEffect, FaultEvent, HealEnd, LoadBegin, LoadEnd, Phase

PHASES = ("settle", "assumptions", "control", "fault", "observe", "heal", "quiesce", "read", "done")


def disorder(reading: Reading) -> list[str]:
    """What is out of order, in words; empty where nothing is."""
    return [*_clock(reading), *_phases(reading), *_faults(reading), *_load(reading)]


def _clock(reading: Reading) -> Iterator[str]:
    """Writes have a check of their own: `well_formed`."""
    backwards = np.count_nonzero(reading.samples["return_ns"] < reading.samples["call_ns"])
    if backwards:
        yield f"{backwards} samples that returned before their call"
    for event in reading.events:
        if event.since_ns > event.at_ns:
            early_ms = (event.since_ns - event.at_ns) / 1e6
            yield f"{event.label} of {event.source}, which ended {early_ms:.0f} ms before it began"


def _phases(reading: Reading) -> Iterator[str]:
    """Each once and one after the other, as far as the trial came."""
    phases = reading.of(Phase)
    if unknown := {event.name for event in phases} - set(PHASES):
        yield f"a phase that no trial has: {', '.join(sorted(unknown))}"
        return
    names = [event.name for event in sorted(phases, key=lambda event: (event.at_ns, PHASES.index(event.name)))]
    first = PHASES.index(names[0]) if names else 0
    if tuple(names) != PHASES[first : first + len(names)] or first > PHASES.index("control"):
        yield f"the phases {', '.join(names)}"


def _faults(reading: Reading) -> Iterator[str]:
    """What took effect, or was undone, was begun before; all of it between the baseline and the heal."""
    begun: dict[tuple[int, str], int] = {}
    for begin in reading.of(FaultBegin):
        begun.setdefault(_place(begin), begin.earliest_ns)
    fault_ns = _earliest(reading, "fault")
    heal_ns = phase_at(reading, "heal")
    for event in reading.of(FaultEffect, HealEnd):
        number, place = _place(event)
        if (number, place) not in begun or event.at_ns < begun[number, place]:
            yield f"{event.label} of fault {number} on {place}, which nothing had begun"
    for effect in reading.of(FaultEffect):
        number, place = _place(effect)
        if fault_ns is not None and effect.at_ns < fault_ns:
            yield f"fault {number} on {place} took effect before the phase of faults"
        if heal_ns is not None and effect.earliest_ns > heal_ns:
            yield f"fault {number} on {place} took effect after the heal had begun"


def _place(event: FaultEvent) -> tuple[int, str]:
    return event.fault, f"{event.pod}/{event.container}"


def _load(reading: Reading) -> Iterator[str]:
    """It begins in the baseline and ends before the final reads, and every write lies in between."""
    begins, ends = reading.of(LoadBegin), reading.of(LoadEnd)
    if reading.complete and (len(begins), len(ends)) != (1, 1):
        yield f"{len(begins)} beginnings and {len(ends)} ends of the load"
    control_ns, read_ns = _earliest(reading, "control"), phase_at(reading, "read")
    if any(control_ns is not None and event.at_ns < control_ns for event in begins):
        yield "a load that began before the baseline"
    if any(read_ns is not None and event.at_ns > read_ns for event in ends):
        yield "a load that ended after the final reads had begun"
    rows = reading.rows
    begin_ns = min((event.at_ns for event in begins), default=control_ns)
    end_ns = max((event.at_ns for event in ends), default=read_ns)
    early = np.count_nonzero(rows["call_ns"] < begin_ns) if begin_ns is not None else 0
    late = np.count_nonzero(np.maximum(rows["call_ns"], rows["return_ns"]) > end_ns) if end_ns is not None else 0
    if early:
        yield f"{early} writes from before the load"
    if late:
        yield f"{late} writes from after the load"


def _earliest(reading: Reading, phase: str) -> int | None:
    return next((event.earliest_ns for event in reading.of(Phase) if event.name == phase), None)
