"""All judges over one history: the same history gives the same judgement, byte for byte.

A judge that raises has found nothing: that is `unknown`, with the error as its text. Without a sound trial there is no
verdict: where an assumption does not hold, findings are still shown, and the verdict is `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from redis_resilience.judges import assumptions, availability, bounds, cluster, convergence, ledger, timeline
from redis_resilience.judges.shards import damage, parts
from redis_resilience.model.history import History
from redis_resilience.model.verdict import (
    LOST,
    Availability,
    Finding,
    Judgement,
    PhaseCheck,
    ShardJudgement,
    Timeline,
    Verdict,
    Writes,
    worst,
)

T = TypeVar("T")
_NO_PARTS: tuple[History, ...] = ()

_NO_WRITES = Writes(
    planned=0,
    acknowledged=0,
    failed=0,
    info=0,
    causes={},
    lost=0,
    recovered=0,
    unexpected=0,
    diverged=0,
    lost_seconds=0.0,
)
_NO_AVAILABILITY = Availability(
    outage_ms=0.0,
    censored=False,
    noise_ms=0.0,
    spacing_ms=0.0,
    by_client=(),
    gap=None,
    lateness_p50_ms=0.0,
    lateness_p99_ms=0.0,
    lateness_max_ms=0.0,
    control_acknowledged=0,
    control_planned=0,
)
_NO_PHASES: tuple[PhaseCheck, ...] = ()
_NO_FINDINGS: tuple[Finding, ...] = ()


def judge(history: History) -> Judgement:
    """The judgement of one trial. Never raises on account of what the history holds."""
    history = _ordered(history)
    if not history.environment.shards:
        return _concluded(history, _answers(history))
    broken: list[Finding] = []
    histories: tuple[History, ...] = _safely("shards", broken, lambda: parts(history), _NO_PARTS)
    if not histories:
        return _concluded(history, replace(_answers(history), findings=tuple(broken)))
    return _concluded(history, _of_shards(history, histories))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """What all judges but the assumptions' said; availability is that of the whole load."""

    findings: tuple[Finding, ...]
    timeline: Timeline
    writes: Writes
    availability: Availability
    phases: tuple[PhaseCheck, ...]
    shards: tuple[ShardJudgement, ...] = ()


def _answers(history: History) -> _Answers:
    broken: list[Finding] = []
    times = _safely("timeline", broken, lambda: timeline.judge(history), Timeline(instants={}))
    writes, loss = _safely("ledger", broken, lambda: ledger.judge(history), (_NO_WRITES, _NO_FINDINGS))
    outage, available = _safely(
        "availability", broken, lambda: availability.judge(history), (_NO_AVAILABILITY, _NO_FINDINGS)
    )
    whole = _safely("convergence", broken, lambda: convergence.judge(history, times), _NO_FINDINGS)
    phases, bounded = _safely("bounds", broken, lambda: bounds.judge(history, times), (_NO_PHASES, _NO_FINDINGS))
    return _Answers(
        findings=(*loss, *whole, *available, *bounded, *broken),
        timeline=times,
        writes=writes,
        availability=outage,
        phases=phases,
    )


def _of_shards(history: History, histories: tuple[History, ...]) -> _Answers:
    """Each shard by the same judges; the one that lost most speaks for all, of several one that failed over."""
    answers = [(part.environment.shards[0], part, _answers(part)) for part in histories]
    judged = tuple(
        ShardJudgement(
            name=shard.name,
            verdict=worst(finding.verdict for finding in answer.findings),
            timeline=answer.timeline,
            writes=answer.writes,
            availability=answer.availability,
            phases=answer.phases,
        )
        for shard, _, answer in answers
    )
    damages = {shard.name: damage(history, shard) for shard, _, _ in answers}
    chosen = max(judged, key=lambda one: (damages[one.name], one.timeline.failover))
    writes = cluster.add_writes([one.writes for one in judged], len(history.operations))
    told = sorted(answers, key=lambda each: each[0].name != chosen.name)  # of equal answers the chosen shard's is told
    merged = cluster.worst_findings([(shard, answer.findings) for shard, _, answer in told])
    findings = [
        ledger.loss_finding(history, writes)
        if finding.name == LOST and finding.verdict is not Verdict.UNKNOWN
        else finding
        for finding in merged
    ]
    untouched = [part for shard, part, _ in answers if not damages[shard.name]]
    if 0 < len(untouched) < len(answers):
        findings.append(cluster.others_went_on(history, judged, untouched))
    return _Answers(
        findings=tuple(findings),
        timeline=chosen.timeline,
        writes=writes,
        availability=cluster.whole_load(chosen.availability, [one.availability for one in judged]),
        phases=chosen.phases,
        shards=judged,
    )


def _concluded(history: History, answers: _Answers) -> Judgement:
    broken: list[Finding] = []
    assumed = _safely("assumptions", broken, lambda: assumptions.check(history, answers.availability), _NO_FINDINGS)
    findings = (*answers.findings, *broken)
    unsound = [finding for finding in assumed if finding.verdict is not Verdict.PASS]
    if unsound:
        findings = (_no_verdict(unsound, findings), *findings)
    return Judgement(
        trial=history.plan.trial,
        scenario=history.plan.scenario,
        verdict=Verdict.UNKNOWN if unsound else worst(finding.verdict for finding in findings),
        assumptions=assumed,
        findings=findings,
        timeline=answers.timeline,
        writes=answers.writes,
        availability=answers.availability,
        phases=answers.phases,
        shards=answers.shards,
    )


def _ordered(history: History) -> History:
    """Events in order of time, equal ones in a fixed order, so that the order on disk does not matter."""
    return replace(
        history,
        events=tuple(
            sorted(
                history.events,
                key=lambda event: (event.at_ns, event.source, event.label, event.words),
            )
        ),
        finals=dict(sorted(history.finals.items())),
    )


def _safely(name: str, broken: list[Finding], ask: Callable[[], T], nothing: T) -> T:
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - whatever went wrong, a judge that raises must not become a pass
        broken.append(
            Finding(
                name=f"judge.{name}",
                verdict=Verdict.UNKNOWN,
                text=f"expected the judge {name} to come to a finding; it raised {type(error).__name__}: {error}",
            )
        )
        return nothing


def _no_verdict(unsound: list[Finding], findings: tuple[Finding, ...]) -> Finding:
    failed = [finding.name for finding in findings if finding.verdict is Verdict.FAIL]
    names = ", ".join(finding.name for finding in unsound)
    return Finding(
        name="judge.sound",
        verdict=Verdict.UNKNOWN,
        text=f"no verdict without a sound trial: {names} did not hold; {unsound[0].text}"
        + (f". What failed all the same: {', '.join(failed)}" if failed else ""),
    )
