"""The tables of a trial's page: rows of text from a history and its judgement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redis_resilience.model import instants
from redis_resilience.model.environment import Environment
from redis_resilience.model.events import Connected, Event, PodRelabelled, PodWarned, Scalar
from redis_resilience.model.history import History
from redis_resilience.model.lint import LintReport
from redis_resilience.model.operations import Cause
from redis_resilience.model.verdict import Judgement, loss_known
from redis_resilience.pages import gaps as outage_gaps
from redis_resilience.pages import meanings
from redis_resilience.pages.phases import Duration
from redis_resilience.pages.switches import announced
from redis_resilience.pages.units import NOT_KNOWN, NOTHING, count_text, error_text, ms_text

EVENTS = 500
"""The page's list of events ends here; all of them are in the trial's events.jsonl."""

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Rows of a table, and how many there are besides those shown."""

    rows: Rows
    left_out: int = 0


def pairs(mapping: Mapping[str, Scalar]) -> Rows:
    return tuple((name, count_text(value) if type(value) is int else str(value)) for name, value in mapping.items())


def instant_rows(judgement: Judgement) -> Rows:
    timeline = judgement.timeline
    origin = timeline.at(instants.FAULT_AT)
    if origin is None:
        return ()
    return tuple(
        (name, ms_text(instant.ms_after(origin)), error_text(instant, origin), instant.source)
        if (instant := timeline.at(name))
        else (name, NOTHING, NOTHING, "did not happen")
        for name in instants.NAMES
    )


def switches(judgement: Judgement) -> Rows:
    origin = judgement.timeline.at(instants.FAULT_AT)
    if origin is None:
        return ()
    return tuple(
        (
            f"{each.switch.sentinel}{' (leader)' if each.switch.leader else ''}",
            ms_text(each.switch.heard.ms_after(origin)),
            ms_text(each.switch.logged.ms_after(origin)) if each.switch.logged else NOTHING,
            each.switch.old,
            each.switch.new,
            each.note,
        )
        for each in announced(judgement.timeline)
    )


def causes(judgement: Judgement) -> Rows:
    counts = sorted(judgement.writes.causes.items(), key=lambda item: -item[1])
    return tuple((name, count_text(count), meanings.NOT_ACKNOWLEDGED.get(name, "")) for name, count in counts)


def lost_causes(judgement: Judgement) -> Rows:
    counts = sorted(judgement.writes.lost_by_cause.items(), key=lambda item: -item[1])
    return tuple((name, count_text(count), meanings.LOST.get(name, "")) for name, count in counts)


def gap_reasons(history: History, judgement: Judgement) -> Rows:
    return tuple(
        (each.cause, count_text(each.writes), each.meaning) for each in outage_gaps.reasons(history, judgement)
    )


def durations(shown: tuple[Duration, ...]) -> Rows:
    return tuple(
        (
            each.name,
            ms_text(each.ms, censored=each.censored),
            f"±{each.error_ms:.1f}" if each.ms is not None else NOTHING,
            ms_text(each.least_ms),
            ms_text(each.most_ms),
            each.note,
        )
        for each in shown
    )


def writes(judgement: Judgement) -> Rows:
    writes = judgement.writes
    waiting = writes.causes.get(Cause.WAITING.name, 0)

    def told(count: int) -> str:
        return count_text(count) if loss_known(judgement) else NOT_KNOWN

    return (
        ("planned", count_text(writes.planned), "due in the plan"),
        ("acknowledged", count_text(writes.acknowledged), "a server replied OK"),
        ("failed", count_text(writes.failed - waiting), "certainly did not happen"),
        ("not sent", count_text(waiting), "the client still waited for the reply to its request before"),
        ("info", count_text(writes.info), "sent and never answered: indeterminate"),
        ("lost", told(writes.lost), "acknowledged, and not on the final master"),
        ("recovered", told(writes.recovered), "never acknowledged, and present: legal"),
        ("unexpected", told(writes.unexpected), "present, and never written by this trial"),
        ("diverged", told(writes.diverged), "replicas differ from the final master"),
    )


def lost(judgement: Judgement) -> Cut:
    writes = judgement.writes
    origin = judgement.timeline.at(instants.FAULT_AT)
    rows = tuple(
        (
            write.key,
            ms_text((write.return_ns - origin.at_ns) / 1e6) if origin else NOTHING,
            write.server,
            f"{_offset(write.offset_before)} to {_offset(write.offset_after)}",
            ", ".join(write.absent_on),
            write.cause,
        )
        for write in writes.lost_writes
    )
    return Cut(rows=rows, left_out=writes.lost - len(rows))


def _offset(offset: int) -> str:
    return "?" if offset < 0 else str(offset)


def gaps(judgement: Judgement) -> Rows:
    origin = judgement.timeline.at(instants.FAULT_AT)
    if origin is None:
        return ()
    return tuple(
        (
            gap.client,
            ms_text((gap.begin_ns - origin.at_ns) / 1e6),
            ms_text((gap.end_ns - origin.at_ns) / 1e6) if gap.end_ns is not None else "never",
            ms_text((gap.end_ns - gap.begin_ns) / 1e6) if gap.end_ns is not None else "to the end of the trial",
            ms_text(gap.stalled_ms),
        )
        for gap in judgement.availability.by_client
    )


def scheduling_delay(judgement: Judgement) -> Rows:
    availability = judgement.availability
    return (
        ("longest gap without a fault (noise floor)", f"{ms_text(availability.noise_ms)} ms"),
        ("the load's own spacing", f"{ms_text(availability.spacing_ms)} ms"),
        (
            "scheduling delay of the load p50, p99, max",
            ", ".join(
                f"{value:.2f}"
                for value in (
                    availability.scheduling_delay_p50_ms,
                    availability.scheduling_delay_p99_ms,
                    availability.scheduling_delay_max_ms,
                )
            )
            + " ms",
        ),
        ("longest time for which the probe itself stalled", f"{ms_text(availability.stalled_max_ms)} ms"),
        (
            "acknowledged in the baseline",
            f"{count_text(availability.control_acknowledged)} of {count_text(availability.control_planned)}",
        ),
    )


def events(history: History, judgement: Judgement) -> Cut:
    told = [event for event in history.events if not isinstance(event, Connected)]
    fault = judgement.timeline.at(instants.FAULT_AT)
    origin_ns = fault.at_ns if fault else min((event.at_ns for event in told), default=0)
    rows = tuple(
        (
            f"{(event.at_ns - origin_ns) / 1e6:.1f}",
            event.source,
            event.label,
            event.words,
        )
        for event in sorted(_shown(told), key=lambda event: event.at_ns)
    )
    return Cut(rows=rows, left_out=len(told) - len(rows))


def _shown(events: Iterable[Event]) -> list[Event]:
    """The first ones, and what the cluster warned of before all others: it is the reason of what others show."""
    return sorted(events, key=lambda event: (not isinstance(event, PodWarned | PodRelabelled), event.at_ns))[:EVENTS]


def lint(lint: LintReport) -> Rows:
    return tuple(
        (finding.severity.value, finding.rule, finding.seen, finding.why, finding.fix) for finding in lint.findings
    )


def servers(environment: Environment) -> Rows:
    return tuple(
        (
            f"{server.name}{' (master)' if server.name == environment.master else ''}",
            server.address,
            server.role,
            server.run_id[:12],
            ", ".join(f"{name} {value or '(empty)'}" for name, value in server.config.items()),
        )
        for server in environment.servers
    )


def sentinels(environment: Environment) -> Rows:
    return tuple(
        (
            view.name,
            view.address,
            count_text(view.down_after_ms),
            count_text(view.failover_timeout_ms),
            f"{view.quorum} of {view.known_sentinels}",
            str(view.known_replicas),
            view.ckquorum,
        )
        for view in environment.sentinels
    )
