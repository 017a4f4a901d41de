"""All judges over one history: the same history gives the same judgement, byte for byte.

A finding counts only where the assumptions that it needs hold, else it is `unknown`; a trial with an assumption that
does not hold is never a `pass`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redis_resilience.judges import assumptions, availability, bounds, ledger, timeline
from redis_resilience.judges.answer import EVERY, Answers, Assumption, ask, raised, voided
from redis_resilience.judges.cluster import combining
from redis_resilience.judges.cluster.shards import damage, parts
from redis_resilience.judges.reading import Reading, read
from redis_resilience.judges.registry import JUDGES, NEEDS
from redis_resilience.model.environment import Shard
from redis_resilience.model.history import History
from redis_resilience.model.verdict import (
    LOST,
    Availability,
    Finding,
    Judgement,
    LostWrite,
    ShardJudgement,
    Verdict,
    worst,
)


def judge(history: History) -> Judgement:
    """The judgement of one trial. Never raises on account of what the history holds."""
    reading = read(history)
    if not reading.environment.shards:
        return _of_one(reading, ask(JUDGES, reading))
    try:
        shards = [(part.environment.shards[0], part) for part in parts(reading)]
    except Exception as error:  # noqa: BLE001 - as of a judge that raises
        return _of_one(reading, ask(JUDGES, reading).without_findings(raised("shards", error)))
    return _of_shards(reading, shards)


def lost_writes(history: History) -> tuple[LostWrite, ...]:
    """Every lost write, by time; a judgement names only the first ones."""
    reading = read(history)
    readings = parts(reading) if reading.environment.shards else [reading]
    found = [write for each in readings for write in ledger.lost_writes(each)]
    return tuple(sorted(found, key=lambda write: (write.return_ns, write.key)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Assumed:
    """What was found about the assumptions; none is known to hold where that could not be found out."""

    findings: tuple[Finding, ...]
    unsound: frozenset[Assumption]
    broken: tuple[Finding, ...] = ()


def _assumed(reading: Reading, measured: Availability) -> _Assumed:
    """measured: the measurements of the whole load."""
    try:
        found = assumptions.check(reading, measured)
    except Exception as error:  # noqa: BLE001 - as of a judge that raises
        return _Assumed(findings=(), unsound=EVERY, broken=(raised("assumptions", error),))
    unsound = frozenset(
        Assumption(finding.name.removeprefix("assumptions."))
        for finding in found
        if finding.verdict is not Verdict.PASS
    )
    return _Assumed(findings=found, unsound=unsound)


def _of_one(reading: Reading, answers: Answers) -> Judgement:
    assumed = _assumed(reading, answers.measures(availability.JUDGE))
    findings = _counted(answers.findings, assumed)
    return _judgement(reading, answers, findings, assumed)


def _of_shards(whole: Reading, shards: Sequence[tuple[Shard, Reading]]) -> Judgement:
    """Each shard by the same judges; the one that lost most represents all; among equals, one that failed over."""
    answers = {shard.name: ask(JUDGES, reading) for shard, reading in shards}
    damages = {shard.name: damage(whole, shard) for shard, _ in shards}

    def told_first(shard: Shard) -> tuple[int, bool]:
        return damages[shard.name], answers[shard.name].measures(timeline.JUDGE).failover

    chosen, _ = max(shards, key=lambda each: told_first(each[0]))
    load = combining.whole_load(
        answers[chosen.name].measures(availability.JUDGE),
        [each.measures(availability.JUDGE) for each in answers.values()],
    )
    assumed = _assumed(whole, load)
    judged = tuple(_shard(shard, answers[shard.name], assumed) for shard, _ in shards)
    writes = combining.add_writes([one.writes for one in judged], len(whole.operations))
    # Of equal answers the chosen shard's is reported.
    order = sorted((shard for shard, _ in shards), key=lambda shard: shard.name != chosen.name)
    merged = combining.worst_findings([(shard, answers[shard.name].findings) for shard in order])
    findings = [
        ledger.loss_finding(whole, writes)
        if finding.name == LOST and finding.verdict is not Verdict.UNKNOWN
        else finding
        for finding in merged
    ]
    untouched = [reading for shard, reading in shards if not damages[shard.name]]
    if 0 < len(untouched) < len(shards):
        findings.append(combining.others_went_on(whole, judged, untouched))
    judgement = _judgement(whole, answers[chosen.name], _counted(tuple(findings), assumed), assumed)
    return replace(judgement, writes=writes, availability=load, shards=judged)


def _shard(shard: Shard, answers: Answers, assumed: _Assumed) -> ShardJudgement:
    counted = voided(answers.findings, NEEDS, assumed.unsound)
    return ShardJudgement(
        name=shard.name,
        verdict=worst(finding.verdict for finding in counted),
        timeline=answers.measures(timeline.JUDGE),
        writes=answers.measures(ledger.JUDGE),
        availability=answers.measures(availability.JUDGE),
        phases=answers.measures(bounds.JUDGE),
    )


def _judgement(reading: Reading, answers: Answers, findings: tuple[Finding, ...], assumed: _Assumed) -> Judgement:
    return Judgement(
        trial=reading.plan.trial,
        scenario=reading.plan.scenario,
        verdict=worst(finding.verdict for finding in findings),
        assumptions=assumed.findings,
        findings=findings,
        timeline=answers.measures(timeline.JUDGE),
        writes=answers.measures(ledger.JUDGE),
        availability=answers.measures(availability.JUDGE),
        phases=answers.measures(bounds.JUDGE),
        figures=answers.figures,
    )


def _counted(findings: tuple[Finding, ...], assumed: _Assumed) -> tuple[Finding, ...]:
    """The findings as they count, after the one that lists which assumptions did not hold, if any."""
    counted = voided(findings, NEEDS, assumed.unsound)
    unsound = [finding for finding in assumed.findings if finding.verdict is not Verdict.PASS]
    if not unsound:
        return (*counted, *assumed.broken)
    names = ", ".join(finding.name for finding in unsound)
    told = {finding.name for finding in findings}
    void = [name for name in NEEDS if name in told and NEEDS[name] & assumed.unsound]
    failed = [finding.name for finding in counted if finding.verdict is Verdict.FAIL]
    sound = Finding(
        name="judge.sound",
        verdict=Verdict.UNKNOWN,
        text=f"no pass without a sound trial: {names} did not hold; {unsound[0].text}"
        + (f". Unknown for that reason: {', '.join(void)}" if void else "")
        + (f". Failed nevertheless: {', '.join(failed)}" if failed else ""),
    )
    return (sound, *counted, *assumed.broken)
