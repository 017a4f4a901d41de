"""One trial in a few lines of text: for the terminal, and for the explanation of a failed assertion."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable

from redis_resilience.model import instants
from redis_resilience.model.verdict import Judgement, PhaseCheck, headline, loss_known
from redis_resilience.pages.story import not_passed, what_happened
from redis_resilience.pages.units import count_text, error_text, ms_text, phase_name

WIDTH = 100
BAR = 32
NAMED = 5


def trial_lines(judgement: Judgement) -> tuple[str, ...]:
    """Verdict and story, findings, instants, waterfall, writes and the first lost keys; none wider than 120 columns
    unless a judge's own text is.
    """
    return (
        f"{headline(judgement)}  {judgement.scenario}  (trial {judgement.trial})",
        *textwrap.wrap(what_happened(judgement), WIDTH, initial_indent="  ", subsequent_indent="  "),
        *(f"  {finding.verdict}: {finding.name}: {finding.text}" for finding in not_passed(judgement)),
        *_instants(judgement),
        *_waterfall(judgement),
        *_writes(judgement),
        *_shards(judgement),
    )


def _instants(judgement: Judgement) -> Iterable[str]:
    timeline = judgement.timeline
    origin = timeline.at(instants.FAULT_AT)
    if origin is None:
        return
    yield "  instants, ms after the fault (and by how much they may be off)"
    for name in instants.NAMES:
        instant = timeline.at(name)
        if instant:
            error = error_text(instant, origin)
            yield f"    {name:<17}{ms_text(instant.ms_after(origin)):>9}  {error:<14} {instant.source}"


def _waterfall(judgement: Judgement) -> Iterable[str]:
    if not judgement.phases:
        return
    timeline = judgement.timeline
    whole = max((timeline.ms(phase.name) or 0.0 for phase in judgement.phases), default=0.0)
    yield "  phases, ms measured and predicted"
    for phase in judgement.phases:
        begin, end = timeline.ms(phase.origin), timeline.ms(phase.name)
        bar = "" if begin is None or end is None or whole <= 0 else _bar(begin / whole, end / whole)
        numbers = f"{phase_name(phase):<27}{ms_text(phase.measured_ms):>7}  {_predicted(phase):<17}"
        yield f"    {numbers} {bar:<{BAR}}  {place(phase)}".rstrip()


def _bar(begin: float, end: float) -> str:
    first = min(int(begin * BAR), BAR - 1)
    return " " * first + "#" * max(1, math.ceil(end * BAR) - first)


def _predicted(phase: PhaseCheck) -> str:
    return f"{ms_text(phase.lower_ms)} to {ms_text(phase.upper_ms)}"


def place(phase: PhaseCheck) -> str:
    """Where the measurement lies relative to its prediction, in a word or two."""
    if phase.measured_ms is None:
        return f"did not happen{f': {phase.cause}' if phase.cause else ''}"
    return "inside" if phase.inside else f"outside: {phase.cause or 'unexplained'}"


def _shards(judgement: Judgement) -> Iterable[str]:
    for shard in judgement.shards:
        times = shard.timeline
        master = f"{times.old_master} > {times.new_master}" if times.failover else f"{times.old_master} stays"
        outage = ms_text(shard.availability.outage_ms, censored=shard.availability.censored)
        lost = count_text(shard.writes.lost)
        yield f"  shard {shard.name}: {shard.verdict}, {master}, outage {outage} ms, lost {lost}"


def _writes(judgement: Judgement) -> Iterable[str]:
    writes = judgement.writes
    counts = {
        "acknowledged": writes.acknowledged,
        "failed": writes.failed,
        "info": writes.info,
    }
    if loss_known(judgement):
        counts |= {
            "lost": writes.lost,
            "recovered": writes.recovered,
            "unexpected": writes.unexpected,
            "diverged": writes.diverged,
        }
    yield "  writes: " + ", ".join(f"{name} {count_text(count)}" for name, count in counts.items())
    for write in writes.lost_writes[:NAMED]:
        yield f"    lost {write.key}: acknowledged by {write.server}, {write.cause}"
    if writes.lost > NAMED:
        rest = writes.lost - min(NAMED, len(writes.lost_writes))
        yield f"    ... and {count_text(rest)} more lost writes"
