"""One trial as one HTML page that needs no network: what happened first, then the pictures, then every number.

The same history and judgement give the same bytes: no clock, no random ids. Everything that came from outside (names
of keys, replies, log lines) is text and stays text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from redis_resilience.model import instants
from redis_resilience.model.environment import Environment as TrialEnvironment
from redis_resilience.model.events import Connected, Scalar
from redis_resilience.model.history import History
from redis_resilience.model.lint import LintReport
from redis_resilience.model.verdict import Judgement, Verdict, loss_known
from redis_resilience.pages import setup
from redis_resilience.pages.lanes import swim_lanes
from redis_resilience.pages.lines import place
from redis_resilience.pages.story import outage_ms, what_happened, what_it_means, what_was_done
from redis_resilience.pages.units import NOT_KNOWN, NOTHING, count_text, error_text, ms_text, phase_name
from redis_resilience.pages.waterfall import waterfall

EVENTS = 500
"""The page's list of events ends here; all of them are in the trial's events.jsonl."""

_MARKS = {Verdict.PASS: "✓", Verdict.UNKNOWN: "?", Verdict.FAIL: "✗"}

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Rows of a table, and how many there are besides those shown."""

    rows: Rows
    left_out: int = 0


def render(history: History, judgement: Judgement, *, script: str, lint: LintReport | None = None) -> str:
    """The page. script: plotly as an element, from `redis_resilience.pages.script`; the tables stand without it too.

    lint: its report before the trial; None where it did not run.
    """
    return _template().render(
        title=f"{judgement.verdict}: {judgement.scenario}",
        script=Markup(script),  # noqa: S704 - the caller's own element, from redis_resilience.pages.script
        plan=history.plan,
        judgement=judgement,
        mark=_MARKS[judgement.verdict],
        marks=_MARKS,
        meaning=what_it_means(judgement),
        happened=what_happened(judgement),
        done=what_was_done(history.plan),
        problems=(*_incomplete(history), *history.problems),
        facts=_facts(judgement),
        lanes=swim_lanes(history, judgement),
        waterfall=waterfall(judgement),
        instants=_instants(judgement),
        switches=_switches(judgement),
        phases=_phases(judgement),
        writes=_writes(judgement),
        causes=_pairs(judgement.writes.causes),
        loss_known=loss_known(judgement),
        lost=_lost(judgement),
        absent=_pairs({name: count for name, count in judgement.writes.absent_by_server.items() if count}),
        lost_causes=_pairs(judgement.writes.lost_by_cause),
        gaps=_gaps(judgement),
        delay=_scheduling_delay(judgement),
        events=_events(history, judgement),
        servers=_servers(history.environment),
        sentinels=_sentinels(history.environment),
        prediction=history.environment.prediction,
        health=history.environment.health_text,
        settings=setup.one_line(lint) if lint else "",
        lint=_lint(lint) if lint else (),
        fingerprint=_pairs(history.environment.fingerprint),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("redis_resilience.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("trial.html.j2")


def _incomplete(history: History) -> Iterable[str]:
    if not history.complete:
        yield "The trial did not run to its last phase."


def _facts(judgement: Judgement) -> Rows:
    timeline, writes = judgement.timeline, judgement.writes
    switch = "node's word of it" if judgement.shards else "+switch-master"
    return (
        ("outage", _ms(outage_ms(judgement), censored=judgement.availability.censored)),
        (f"first {switch}", _ms(timeline.ms(instants.FIRST_SWITCH_AT))),
        (f"last {switch}", _ms(timeline.ms(instants.LAST_SWITCH_AT))),
        ("redundancy restored", _ms(timeline.ms(instants.REDUNDANT_AT))),
        ("acknowledged writes", count_text(writes.acknowledged)),
        ("lost", count_text(writes.lost) if loss_known(judgement) else NOT_KNOWN),
    )


def _ms(value: float | None, *, censored: bool = False) -> str:
    return NOTHING if value is None else f"{ms_text(value, censored=censored)} ms"


def _pairs(mapping: Mapping[str, Scalar]) -> Rows:
    return tuple((name, count_text(value) if type(value) is int else str(value)) for name, value in mapping.items())


def _instants(judgement: Judgement) -> Rows:
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


def _switches(judgement: Judgement) -> Rows:
    origin = judgement.timeline.at(instants.FAULT_AT)
    if origin is None:
        return ()
    return tuple(
        (
            f"{switch.sentinel}{' (leader)' if switch.leader else ''}",
            ms_text(switch.heard.ms_after(origin)),
            ms_text(switch.logged.ms_after(origin)) if switch.logged else NOTHING,
            switch.old,
            switch.new,
        )
        for switch in judgement.timeline.switches
    )


def _phases(judgement: Judgement) -> Rows:
    return tuple(
        (
            phase_name(phase),
            ms_text(phase.measured_ms),
            f"±{phase.error_ms:.1f}" if phase.measured_ms is not None else NOTHING,
            ms_text(phase.lower_ms),
            ms_text(phase.upper_ms),
            place(phase),
        )
        for phase in judgement.phases
    )


def _writes(judgement: Judgement) -> Rows:
    writes = judgement.writes

    def told(count: int) -> str:
        return count_text(count) if loss_known(judgement) else NOT_KNOWN

    return (
        ("planned", count_text(writes.planned), "due in the plan"),
        ("acknowledged", count_text(writes.acknowledged), "a server replied OK"),
        ("failed", count_text(writes.failed), "certainly did not happen"),
        ("info", count_text(writes.info), "sent and never answered: indeterminate"),
        ("lost", told(writes.lost), "acknowledged, and not on the final master"),
        ("recovered", told(writes.recovered), "never acknowledged, and present: legal"),
        ("unexpected", told(writes.unexpected), "present, and never written by this trial"),
        ("diverged", told(writes.diverged), "replicas differ from the final master"),
    )


def _lost(judgement: Judgement) -> Cut:
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


def _gaps(judgement: Judgement) -> Rows:
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


def _scheduling_delay(judgement: Judgement) -> Rows:
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


def _events(history: History, judgement: Judgement) -> Cut:
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
        for event in sorted(told, key=lambda event: event.at_ns)[:EVENTS]
    )
    return Cut(rows=rows, left_out=len(told) - len(rows))


def _lint(lint: LintReport) -> Rows:
    return tuple(
        (finding.severity.value, finding.rule, finding.seen, finding.why, finding.fix) for finding in lint.findings
    )


def _servers(environment: TrialEnvironment) -> Rows:
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


def _sentinels(environment: TrialEnvironment) -> Rows:
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
