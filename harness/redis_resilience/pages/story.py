"""What happened, in one or two sentences: the first thing that every report says."""

from __future__ import annotations

from collections.abc import Iterable

from redis_resilience.model import instants
from redis_resilience.model.plan import Plan, in_order
from redis_resilience.model.verdict import Finding, Judgement, Verdict, loss_known
from redis_resilience.pages.switches import afterwards
from redis_resilience.pages.units import count_text, ms_text, plural


def not_passed(judgement: Judgement) -> tuple[Finding, ...]:
    """Every finding that is no pass, assumptions first: without them nothing else counts."""
    return tuple(
        finding for finding in (*judgement.assumptions, *judgement.findings) if finding.verdict is not Verdict.PASS
    )


def outage_ms(judgement: Judgement) -> float | None:
    """The outage; None where no fault took effect or nothing was written, so that there is none to report."""
    return judgement.availability.outage_ms if judgement.availability.gap else None


def what_was_done(plan: Plan) -> str:
    """The trial in one line: what was broken, under which load."""
    faults = ", then ".join(str(fault) for fault in in_order(plan.faults)) or "no fault"
    loads = " and ".join(
        f"{plural(group.count, 'reader' if group.kind == 'read' else 'writer')} "
        f"({f'{group.rate:g} {group.kind}s/s' if group.rate else 'as fast as replies arrive'})"
        for group in plan.load.writers
    )
    done = f"{faults[0].upper()}{faults[1:]} under {loads or 'no load'}."
    return f"A simulation, no real Redis: {done}" if plan.simulated else done


def what_happened(judgement: Judgement) -> str:
    """The outcome: failover or none, how long no client could write, what is lost."""
    return " ".join((_failover(judgement), *_outage(judgement), _loss(judgement)))


def what_it_means(judgement: Judgement) -> str:
    """The verdict with its first reason."""
    reasons = not_passed(judgement)
    if judgement.verdict is Verdict.PASS or not reasons:
        return {
            Verdict.PASS: "All expectations were met; the scenario allows the loss."
            if judgement.writes.lost
            else "All expectations were met.",
            Verdict.UNKNOWN: "Nothing can be concluded from this trial.",
            Verdict.FAIL: "The scenario's expectations were not met.",
        }[judgement.verdict]
    first = next((reason for reason in reasons if reason.verdict is judgement.verdict), reasons[0])
    more = f" ({plural(len(reasons) - 1, 'more finding')} below)" if len(reasons) > 1 else ""
    if judgement.verdict is Verdict.UNKNOWN:
        return f"Nothing can be concluded from this trial: {first.text}{more}"
    return f"The scenario's expectations were not met: {first.text}{more}"


def _failover(judgement: Judgement) -> str:
    timeline = judgement.timeline
    if not timeline.failover:
        return "There was no failover."
    first, last = timeline.ms(instants.FIRST_SWITCH_AT), timeline.ms(instants.LAST_SWITCH_AT)
    first_words = "first node named it" if judgement.shards else "first +switch-master came"
    told = ""
    if first is not None:
        last_words = f"the last {ms_text(last)} ms" if last is not None else "not all announced it"
        told = f"; the {first_words} {ms_text(first)} ms after the fault, {last_words}"
    replaced = f"{timeline.new_master or 'Another server'} replaced {timeline.old_master or 'the old master'}{told}."
    return " ".join((replaced, *_afterwards(judgement)))


def _afterwards(judgement: Judgement) -> Iterable[str]:
    """The announcements that came after that failover."""
    fault = judgement.timeline.at(instants.FAULT_AT)
    seen = set()
    for each in afterwards(judgement.timeline):
        switch = each.switch
        ms = f" {ms_text(switch.heard.ms_after(fault))} ms after the fault" if fault else ""
        if each.late:
            yield f"{switch.sentinel}, which was away, announced it{ms}."
        elif each.failover not in seen:
            seen.add(each.failover)
            yield (
                f"In a second failover {switch.new} replaced {switch.old}{ms}."
                if each.failover == 2
                else (f"Then {switch.new} replaced {switch.old}{ms}.")
            )


def _outage(judgement: Judgement) -> Iterable[str]:
    availability = judgement.availability
    if availability.gap is None:
        return
    if availability.gap.stalled_ms:
        yield f"For {ms_text(availability.gap.stalled_ms)} ms of the longest gap the probe itself stalled."
    if availability.censored:
        yield (
            f"No write was acknowledged for {ms_text(availability.outage_ms)} ms or longer: "
            f"the load ended before the next one."
        )
    else:
        yield (
            f"The longest time without an acknowledged write was {ms_text(availability.outage_ms)} ms "
            f"(without a fault: {ms_text(availability.noise_ms)} ms)."
        )


def _loss(judgement: Judgement) -> str:
    writes = judgement.writes
    if not writes.acknowledged:
        return "No write was acknowledged."
    if not loss_known(judgement):
        return f"Whether any of {plural(writes.acknowledged, 'acknowledged write')} is lost is not known."
    if writes.lost:
        verb = "is" if writes.lost == 1 else "are"
        return f"Of {plural(writes.acknowledged, 'acknowledged write')} {count_text(writes.lost)} {verb} lost."
    return f"None of {plural(writes.acknowledged, 'acknowledged write')} is lost."
