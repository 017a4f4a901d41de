"""From judged trial folders to the record of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from redis_resilience import __version__
from redis_resilience.model import instants
from redis_resilience.model.environment import Environment
from redis_resilience.model.errors import BrokenTrial
from redis_resilience.model.run import LeftOut, Measured, Reason, RunRecord, TrialRecord, Where
from redis_resilience.model.tried import Tried, verdict_of
from redis_resilience.model.verdict import Judgement, Verdict, loss_known, worst
from redis_resilience.pages.story import not_passed, what_was_done
from redis_resilience.statistics.rows import is_refused, watched_ms
from redis_resilience.trials.folder import TrialFolder

_NAMED = ("machine", "kernel", "cpus", "engine", "engine_version", "images", "tool_version")


def record_run(folder: Path, judged: Sequence[tuple[TrialFolder, Tried]], left_out: Mapping[Path, str]) -> RunRecord:
    """left_out: folders of trials that cannot be read, with the reason; a trial without its environment joins them."""
    trials: list[TrialRecord] = []
    broken = [LeftOut(folder=path.name, reason=reason) for path, reason in left_out.items()]
    for trial_folder, trial in judged:
        try:
            trials.append(record_trial(trial_folder, trial))
        except BrokenTrial as error:
            broken.append(LeftOut(folder=trial_folder.path.name, reason=str(error)))
    verdicts = [verdict_of(trial for _, trial in judged)] if judged else []
    return RunRecord(
        run=folder.name,
        verdict=worst((*verdicts, *[Verdict.UNKNOWN] * len(broken))),
        started=min((trial.started for trial in trials), default=""),
        finished=max((trial.finished for trial in trials), default=""),
        tool_version=__version__,
        trials=tuple(trials),
        left_out=tuple(broken),
    )


def record_trial(folder: TrialFolder, trial: Tried) -> TrialRecord:
    """Raises BrokenTrial where the trial has no environment, or a damaged one."""
    plan, judgement = trial.plan, trial.judgement
    environment = folder.environment()
    begin_ns, end_ns = folder.span_ns()
    return TrialRecord(
        id=plan.trial,
        test=trial.test,
        scenario=plan.scenario,
        topology=plan.topology,
        profile=plan.profile_text,
        backend=plan.backend,
        seed=plan.seed,
        redis=plan.redis,
        asked=what_was_done(plan),
        verdict=judgement.verdict,
        ended=trial.ended,
        counts_as=trial.verdict,
        refused=_refused(judgement),
        reasons=tuple(Reason(name=each.name, verdict=each.verdict, text=each.text) for each in not_passed(judgement)),
        outage=_outage(judgement),
        first_switch=_instant(judgement, instants.FIRST_SWITCH_AT),
        last_switch=_instant(judgement, instants.LAST_SWITCH_AT),
        first_write=_instant(judgement, instants.FIRST_WRITE_AT),
        acknowledged=judgement.writes.acknowledged,
        lost=judgement.writes.lost if loss_known(judgement) else None,
        max_lost=plan.expect.max_lost,
        noise_ms=judgement.availability.noise_ms,
        scheduling_delay_p99_ms=judgement.availability.scheduling_delay_p99_ms,
        started=_utc(environment, begin_ns),
        finished=_utc(environment, end_ns),
        where=where(environment, plan.backend),
        folder=folder.path.name,
        page=folder.report.name if folder.report.is_file() else "",
        repeat=plan.repeat,
        variant=trial.variant,
    )


def where(environment: Environment, backend: str) -> Where:
    told = dict(environment.fingerprint)
    named = {name: str(told.pop(name)) for name in _NAMED if told.get(name) is not None}
    told.pop("backend", None)
    return Where(
        backend=backend,
        cpus=int(named.pop("cpus", "0")),
        **named,
        more=told,
    )


def _utc(environment: Environment, at_ns: int) -> str:
    wall_ns = at_ns - environment.clock_ns + environment.wall_ns
    return datetime.fromtimestamp(wall_ns / 1e9, UTC).isoformat(timespec="milliseconds")


def _refused(judgement: Judgement) -> str:
    """The first assumption that did not hold, else the first finding that nothing can be concluded from."""
    if not is_refused(judgement):
        return ""
    found = not_passed(judgement)
    first = next((each for each in found if each.verdict is Verdict.UNKNOWN), next(iter(found), None))
    return f"{first.name}: {first.text}" if first else "nothing was judged"


def _outage(judgement: Judgement) -> Measured | None:
    """From acknowledgement to acknowledgement: as much shorter in truth as the load's own spacing."""
    availability = judgement.availability
    if availability.gap is None:
        return None
    ms = availability.outage_ms
    return Measured(
        ms=ms,
        least_ms=max(ms - availability.spacing_ms, 0.0),
        most_ms=None if availability.censored else ms,
        censored=availability.censored,
    )


def _instant(judgement: Judgement, name: str) -> Measured | None:
    """Where it was predicted and never seen, all that is known is that the trial ended before it."""
    timeline = judgement.timeline
    origin, found = timeline.at(instants.FAULT_AT), timeline.at(name)
    if origin and found:
        ms = found.ms_after(origin)
        return Measured(ms=ms, least_ms=ms - found.error_ms, most_ms=ms + origin.error_ms)
    if any(phase.name == name and phase.measured_ms is None for phase in judgement.phases):
        ms = watched_ms(judgement)
        return Measured(ms=ms, least_ms=ms, most_ms=None, censored=True)
    return None
