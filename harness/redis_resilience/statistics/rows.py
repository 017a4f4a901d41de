"""Many trials to one row of numbers for each scenario, topology and profile.

A refused trial, one that is `unknown` or failed beside an assumption that did not hold, adds nothing to a quantile, a
maximum or a sum: what it measured may be the machine's doing. Leaving it out may flatter all the same: a trial in which
writes never came back is often refused. So the share of refused trials is kept, and what their absence hides: outages
that had not ended, writes found lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from redis_resilience.model import instants
from redis_resilience.model.tried import Ended, Tried
from redis_resilience.model.verdict import Judgement, Verdict, loss_known
from redis_resilience.statistics.quantiles import Spread, spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All trials of one test on one topology under one profile, in one variant of a campaign.

    scenario: its name; with its test's file where another test has the same.
    ended: how pytest ended the test, with numbers.
    n: all trials; every other number but the verdicts' counts is of the judged ones, those that were not refused.
    lost: None where no trial was judged. loss_not_known: judged trials that `lost` says nothing of.
    noise_ms, scheduling_delay_p99_ms: the worst judged trial's; None where there is none.
    refused_unended: refused trials whose outage had not ended. refused_lost: writes that refused trials found lost.
    """

    scenario: str
    topology: str
    profile: str
    n: int
    passed: int
    unknown: int
    failed: int
    refused: int
    ended: Mapping[Ended, int]
    outage: Spread
    first_switch: Spread
    last_switch: Spread
    lost: int | None
    loss_not_known: int
    noise_ms: float | None
    scheduling_delay_p99_ms: float | None
    refused_unended: int
    refused_lost: int

    @property
    def judged(self) -> int:
        return self.n - self.refused


def is_refused(judgement: Judgement) -> bool:
    """Whether the trial's numbers count nowhere: it was not sound, or nothing can be concluded from it."""
    unsound = any(finding.verdict is not Verdict.PASS for finding in judgement.assumptions)
    return unsound or judgement.verdict is Verdict.UNKNOWN


def summarise(trials: Iterable[Tried]) -> tuple[Row, ...]:
    """One row for each test, topology, profile and variant, in the order in which they first appear."""
    groups: dict[tuple[str, str, str, str, str], list[Tried]] = {}
    for trial in trials:
        plan = trial.plan
        group = (plan.scenario, plan.topology_text, plan.profile_text, trial.test, trial.variant)
        groups.setdefault(group, []).append(trial)
    tests = Counter(scenario for scenario, _ in {(names[0], names[3]) for names in groups})
    return tuple(_row(_name(names[0], names[3], tests), group) for names, group in groups.items())


def _name(scenario: str, test: str, tests: Mapping[str, int]) -> str:
    """tests: how many different tests have this scenario's name."""
    return scenario if tests[scenario] == 1 else f"{scenario} of {test.partition('::')[0]}"


def _row(name: str, trials: Sequence[Tried]) -> Row:
    plan, judgements = trials[0].plan, [trial.judgement for trial in trials]
    verdicts = [judgement.verdict for judgement in judgements]
    refused: list[Judgement] = []
    judged: list[Judgement] = []
    for judgement in judgements:
        (refused if is_refused(judgement) else judged).append(judgement)
    outages = [judgement.availability for judgement in judged if judgement.availability.gap]
    return Row(
        scenario=name,
        topology=plan.topology_text,
        profile=", ".join(filter(None, (plan.profile_text, trials[0].variant))),
        n=len(judgements),
        passed=verdicts.count(Verdict.PASS),
        unknown=verdicts.count(Verdict.UNKNOWN),
        failed=verdicts.count(Verdict.FAIL),
        refused=len(refused),
        ended=Counter(trial.ended for trial in trials),
        outage=spread(
            [outage.outage_ms for outage in outages if not outage.censored],
            [outage.outage_ms for outage in outages if outage.censored],
        ),
        first_switch=_instant_spread(judged, instants.FIRST_SWITCH_AT),
        last_switch=_instant_spread(judged, instants.LAST_SWITCH_AT),
        lost=sum(judgement.writes.lost for judgement in judged) if judged else None,
        loss_not_known=sum(not loss_known(judgement) for judgement in judged),
        noise_ms=max((judgement.availability.noise_ms for judgement in judged), default=None),
        scheduling_delay_p99_ms=max(
            (judgement.availability.scheduling_delay_p99_ms for judgement in judged), default=None
        ),
        refused_unended=sum(judgement.availability.censored for judgement in refused),
        refused_lost=sum(judgement.writes.lost for judgement in refused),
    )


def _instant_spread(judgements: Sequence[Judgement], name: str) -> Spread:
    """Where the instant was predicted and never seen, all that is known is that the trial ended before it."""
    measured_ms, bounds_ms = [], []
    for judgement in judgements:
        ms = judgement.timeline.ms(name)
        if ms is not None:
            measured_ms.append(ms)
        elif any(phase.name == name and phase.measured_ms is None for phase in judgement.phases):
            bounds_ms.append(watched_ms(judgement))
    return spread(measured_ms, bounds_ms)


def watched_ms(judgement: Judgement) -> float:
    """How long after the fault the trial is known to have gone on: until its last instant or the end of its outage."""
    timeline, availability = judgement.timeline, judgement.availability
    seen = [timeline.ms(name) or 0.0 for name in timeline.instants]
    fault = timeline.at(instants.FAULT_AT)
    if fault and availability.gap:
        seen.append((availability.gap.begin_ns - fault.at_ns) / 1e6 + availability.outage_ms)
    return max(seen, default=0.0)
