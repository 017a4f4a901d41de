"""One trial as one HTML page that needs no network: what happened first, then the pictures, then every number.

The same history and judgement give the same bytes: no clock, no random ids. Everything that came from outside (names
of keys, replies, log lines) is text and stays text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from redis_resilience.model import instants
from redis_resilience.model.events import Phase
from redis_resilience.model.history import History
from redis_resilience.model.lint import LintReport
from redis_resilience.model.verdict import Judgement, Timeline, Verdict, loss_known
from redis_resilience.pages import setup, tables
from redis_resilience.pages.clock import epoch_ms, utc_text
from redis_resilience.pages.frame import Frame, frame_of
from redis_resilience.pages.lanes import swim_lanes
from redis_resilience.pages.latency import latency
from redis_resilience.pages.marks import MARKS
from redis_resilience.pages.phases import Duration, durations, longest, predicted_outage
from redis_resilience.pages.story import outage_ms, what_happened, what_it_means, what_was_done
from redis_resilience.pages.switches import afterwards
from redis_resilience.pages.templating import template
from redis_resilience.pages.units import NOT_KNOWN, NOTHING, count_text, ms_text
from redis_resilience.pages.waterfall import waterfall


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A tile. note: small, below the value. kind: "" or the colour's name: "loss", "allowed"."""

    name: str
    value: str
    note: str = ""
    kind: str = ""


def render(
    history: History,
    judgement: Judgement,
    *,
    script: str,
    lint: LintReport | None = None,
    files: Sequence[str] = (),
) -> str:
    """The page. script: plotly as an element, from `redis_resilience.pages.script`; the tables stand without it too.

    lint: its report before the trial; None where it did not run. files: names of the trial's files, to link to.
    """
    frame = frame_of(history, judgement)
    shown = durations(judgement, history.environment.prediction)
    return template("trial.html.j2").render(
        title=f"{judgement.verdict}: {judgement.scenario}",
        script=Markup(script),  # noqa: S704 - the caller's own element, from redis_resilience.pages.script
        plan=history.plan,
        judgement=judgement,
        mark=MARKS[judgement.verdict],
        marks=MARKS,
        kind="allowed" if _loss_allowed(judgement) else judgement.verdict.value,
        meaning=what_it_means(judgement),
        happened=what_happened(judgement),
        done=what_was_done(history.plan),
        when=_when(history),
        software=_software(history),
        files=files,
        problems=(*_incomplete(history), *history.problems),
        facts=_facts(history, judgement),
        lanes=swim_lanes(history, judgement),
        waterfall=waterfall(shown),
        latency=latency(history, judgement),
        views=_views(frame),
        clock=epoch_ms(history.environment, frame.origin_ns) if frame else 0,
        instants=tables.instant_rows(judgement),
        switches=tables.switches(judgement),
        phases=tables.durations(shown),
        longest=_longest(shown),
        writes=tables.writes(judgement),
        causes=tables.causes(judgement),
        loss_known=loss_known(judgement),
        lost=tables.lost(judgement),
        absent=tables.pairs({name: count for name, count in judgement.writes.absent_by_server.items() if count}),
        lost_causes=tables.lost_causes(judgement),
        gap_reasons=tables.gap_reasons(history, judgement),
        gaps=tables.gaps(judgement),
        delay=tables.scheduling_delay(judgement),
        events=tables.events(history, judgement),
        servers=tables.servers(history.environment),
        sentinels=tables.sentinels(history.environment),
        prediction=history.environment.prediction,
        health=history.environment.health_text,
        settings=setup.one_line(lint) if lint else "",
        lint=tables.lint(lint) if lint else (),
        fingerprint=tables.pairs(history.environment.fingerprint),
    )


def _incomplete(history: History) -> Iterable[str]:
    if not history.complete:
        yield "The trial did not run to its last phase."


def _when(history: History) -> str:
    phases = [event.at_ns for event in history.of(Phase)]
    if not phases:
        return ""
    begin, end = (utc_text(history.environment, at_ns) for at_ns in (phases[0], phases[-1]))
    return f"{begin} to {end[11:] if end[:10] == begin[:10] else end} UTC"


def _software(history: History) -> str:
    told = history.environment.fingerprint
    real = f"{told.get('engine', 'Redis')} {told.get('engine_version', '')}".strip()
    tool = told.get("tool_version")
    parts = ("a simulation" if history.plan.simulated else real, f"redis-resilience {tool}" if tool else "")
    return ", ".join(filter(None, parts))


def _views(frame: Frame | None) -> list[dict[str, object]]:
    """What the buttons above the picture show; none where there is but one view."""
    if frame is None or len(frame.views) == 1:
        return []
    return [{"name": view.name, "range": [frame.s(view.begin_ns), frame.s(view.end_ns)]} for view in frame.views]


def _loss_allowed(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.PASS and loss_known(judgement) and judgement.writes.lost > 0


def _facts(history: History, judgement: Judgement) -> tuple[Fact, ...]:
    timeline, writes = judgement.timeline, judgement.writes
    switch = "node's word of it" if judgement.shards else "+switch-master"
    bounds = predicted_outage(judgement, history.environment.prediction) if timeline.failover else None
    known = loss_known(judgement)
    return (
        Fact(
            name="outage",
            value=_ms(outage_ms(judgement), censored=judgement.availability.censored),
            note=f"predicted: {ms_text(bounds[0])} to {ms_text(bounds[1])} ms" if bounds else "",
        ),
        Fact(name=f"first {switch}", value=_ms(timeline.ms(instants.FIRST_SWITCH_AT))),
        Fact(
            name=f"last {switch}",
            value=_ms(timeline.ms(instants.LAST_SWITCH_AT)),
            note="; ".join(_later(timeline)),
        ),
        Fact(name="redundancy restored", value=_ms(timeline.ms(instants.REDUNDANT_AT))),
        Fact(name="acknowledged writes", value=count_text(writes.acknowledged)),
        Fact(
            name="lost",
            value=count_text(writes.lost) if known else NOT_KNOWN,
            note="allowed by the scenario" if _loss_allowed(judgement) else "",
            kind="allowed" if _loss_allowed(judgement) else "loss" if known and writes.lost else "",
        ),
    )


def _later(timeline: Timeline) -> Iterable[str]:
    fault = timeline.at(instants.FAULT_AT)
    if fault is None:
        return
    for each in afterwards(timeline):
        yield f"{each.switch.sentinel} {ms_text(each.switch.heard.ms_after(fault))} ms, {each.note}"


def _ms(value: float | None, *, censored: bool = False) -> str:
    return NOTHING if value is None else f"{ms_text(value, censored=censored)} ms"


def _longest(shown: tuple[Duration, ...]) -> str:
    found = longest(shown)
    return f"{found.name}, {ms_text(found.ms)} ms" if found else ""
