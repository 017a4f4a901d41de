"""What a judge (a checker) is, and what it returns.

A judge declares which assumptions each of its findings needs. Where one of them does not hold, that finding is void:
`unknown`, whatever the judge found. Every other finding stands, so that a load that was late makes an outage unknown,
and leaves a write that is proven to be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

from redis_resilience.judges.reading import Reading
from redis_resilience.model.verdict import Figures, Finding, Verdict

M = TypeVar("M")


class Assumption(StrEnum):
    """What a finding can need. The finding about the assumption itself is called "assumptions.<value>"."""

    HISTORY = "history"  # complete, nothing torn
    WELL_FORMED = "well_formed"  # each write makes sense by itself, and beside the others
    ORDERED = "ordered"  # phases, faults and load, one after the other
    IDENTIFIED = "identified"  # every process on record was met by a watcher
    WATCHED = "watched"  # every server, Sentinel and node, all the time
    CLEAN = "clean"  # no key before the load
    HEALTHY_BEFORE = "healthy_before"
    LOAD = "load"  # enough acknowledged writes in the baseline
    PUNCTUAL = "punctual"  # the load generator kept its schedule
    AWAKE = "awake"  # the probe never stalled for long
    FAULT_PROVED = "fault_proved"  # each fault proved its effect
    FAULT_SEEN = "fault_seen"  # by observers other than the injector, while it lasted
    HEAL_SEEN = "heal_seen"  # as its effect was
    FINAL_READS = "final_reads"  # every server was read at the end, all of it, none restarted meanwhile
    NOTHING_DROPPED = "nothing_dropped"  # no eviction, no expiry
    LEFT_ALONE = "left_alone"  # by other clients: servers, Sentinels, keys
    LAST_WRITE = "last_write"  # acknowledged


EVERY = frozenset(Assumption)
SOUND = frozenset({Assumption.HISTORY, Assumption.ORDERED, Assumption.HEALTHY_BEFORE, Assumption.LEFT_ALONE})
"""Without these nothing at all is known about the effect of a fault."""
FAULT = SOUND | {Assumption.WATCHED, Assumption.FAULT_PROVED, Assumption.FAULT_SEEN}
"""Needed by findings about a fault's consequences."""
RECORDED = frozenset({Assumption.WELL_FORMED, Assumption.IDENTIFIED})
"""Needed by findings about single writes, and about the processes that took them."""
TIMED = FAULT | RECORDED | {Assumption.PUNCTUAL, Assumption.AWAKE}
"""What a machine that stalled could have caused, or delayed."""

Needs = Mapping[str, frozenset[Assumption]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[M]):
    """What one judge found, and what it measured."""

    measures: M
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge(Generic[M]):
    """needs: the assumptions of each of its findings, by the finding's name. nothing: its measures where it raises."""

    name: str
    ask: Callable[[Reading], Answer[M]]
    nothing: M
    needs: Needs = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Of all judges on one history, by their names. broken: of those that raised."""

    by_name: Mapping[str, Answer[Any]]
    broken: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*(finding for answer in self.by_name.values() for finding in answer.findings), *self.broken)

    @property
    def figures(self) -> dict[str, Figures]:
        """Measures that have no place of their own in a judgement, by the judge's name."""
        return {name: answer.measures for name, answer in self.by_name.items() if isinstance(answer.measures, dict)}

    def without_findings(self, broken: Finding) -> Answers:
        """Only what was measured, and why nothing was found."""
        measured = {name: replace(answer, findings=()) for name, answer in self.by_name.items()}
        return Answers(by_name=measured, broken=(broken,))

    def measures(self, judge: Judge[M]) -> M:
        return cast("M", self.by_name[judge.name].measures)


def ask(judges: Collection[Judge[Any]], reading: Reading) -> Answers:
    """Ask each judge; one that raises has found nothing."""
    answers, broken = {}, []
    for judge in judges:
        try:
            answers[judge.name] = judge.ask(reading)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, a judge that raises must not become a pass
            answers[judge.name] = Answer(measures=judge.nothing)
            broken.append(raised(judge.name, error))
    return Answers(by_name=answers, broken=tuple(broken))


def raised(name: str, error: Exception) -> Finding:
    return Finding(
        name=f"judge.{name}",
        verdict=Verdict.UNKNOWN,
        text=f"expected the judge {name} to come to a finding; it raised {type(error).__name__}: {error}",
    )


def voided(findings: tuple[Finding, ...], needs: Needs, unsound: Collection[Assumption]) -> tuple[Finding, ...]:
    """The same findings; `unknown` each that needs an assumption which does not hold."""
    return tuple(_voided(finding, needs.get(finding.name, EVERY), unsound) for finding in findings)


def _voided(finding: Finding, needed: frozenset[Assumption], unsound: Collection[Assumption]) -> Finding:
    missing = [f"assumptions.{each}" for each in Assumption if each in needed and each in unsound]
    if not missing or finding.verdict is Verdict.UNKNOWN:
        return finding
    text = f"{finding.text}; it counts only with {' and '.join(missing)}, which did not hold"
    return replace(finding, verdict=Verdict.UNKNOWN, text=text)
