"""What a scenario gets back: the judgement in the terms that an assertion reads like."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.model import instants
from redis_resilience.model.environment import Environment
from redis_resilience.model.operations import Result
from redis_resilience.model.verdict import Finding, Judgement, Verdict, Writes
from redis_resilience.trials.folder import TrialFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Failover:
    """Instants in milliseconds after the fault took effect; None where it did not happen."""

    happened: bool
    old_master: str
    new_master: str
    sdown_ms: float | None
    odown_ms: float | None
    elected_ms: float | None
    promoted_ms: float | None
    first_switch_ms: float | None
    quorum_switch_ms: float | None
    last_switch_ms: float | None
    first_write_ms: float | None
    redundant_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Least and most milliseconds after the fault that the live configuration allows."""

    lower_ms: float
    upper_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One judged trial. `explain()` is made for the right-hand side of an assert."""

    judgement: Judgement
    environment: Environment
    folder: Path

    @property
    def verdict(self) -> Verdict:
        return self.judgement.verdict

    @property
    def writes(self) -> Writes:
        return self.judgement.writes

    def acknowledged_by(self) -> dict[str, int]:
        """How many writes each server acknowledged."""
        history = TrialFolder(self.folder).history()
        rows = history.writes
        counts = Counter(rows["server"][rows["outcome"] == Result.OK].tolist())
        return {server.name: counts[number] for number, server in enumerate(history.environment.servers)}

    @property
    def outage_ms(self) -> float:
        return self.judgement.availability.outage_ms

    @property
    def failover(self) -> Failover:
        timeline = self.judgement.timeline
        return Failover(
            happened=timeline.failover,
            old_master=timeline.old_master,
            new_master=timeline.new_master,
            sdown_ms=timeline.ms(instants.SDOWN_AT),
            odown_ms=timeline.ms(instants.ODOWN_AT),
            elected_ms=timeline.ms(instants.ELECTED_AT),
            promoted_ms=timeline.ms(instants.PROMOTED_AT),
            first_switch_ms=timeline.ms(instants.FIRST_SWITCH_AT),
            quorum_switch_ms=timeline.ms(instants.QUORUM_SWITCH_AT),
            last_switch_ms=timeline.ms(instants.LAST_SWITCH_AT),
            first_write_ms=timeline.ms(instants.FIRST_WRITE_AT),
            redundant_ms=timeline.ms(instants.REDUNDANT_AT),
        )

    def predicted(self, instant: str) -> Interval:
        """The bounds of an instant ("first_switch_at"), phases added up to the fault; raises KeyError where none is."""
        prediction = self.environment.prediction
        planned_failover = self.judgement.timeline.planned_failover and prediction.planned_failover
        bounds = {
            bound.name: bound for bound in (prediction.planned_failover if planned_failover else prediction.bounds)
        }
        lower = upper = 0.0
        name = instant
        while name != instants.FAULT_AT:
            lower, upper, name = lower + bounds[name].lower_ms, upper + bounds[name].upper_ms, bounds[name].origin
        return Interval(lower_ms=lower, upper_ms=upper)

    def finding(self, name: str) -> Finding:
        """One judge's answer by its name; raises KeyError with the names there are."""
        found = {finding.name: finding for finding in (*self.judgement.assumptions, *self.judgement.findings)}
        if name not in found:
            raise KeyError(f"expected a finding of: {', '.join(found)}; got {name!r}")
        return found[name]

    def log(self, pod: str, container: str) -> str:
        """What that container logged during the trial, as it was saved; raises FileNotFoundError for one unknown."""
        return (TrialFolder(self.folder).logs / f"{pod}-{container}.log").read_text(errors="replace")

    def explain(self) -> str:
        """Every finding that is no pass, the lost keys, and where the evidence is."""
        judgement = self.judgement
        lines = [f"verdict {self.verdict} of {judgement.scenario}"]
        lines += [
            f"  {finding.verdict}: {finding.name}: {finding.text}"
            for finding in (*judgement.assumptions, *judgement.findings)
            if finding.verdict is not Verdict.PASS
        ]
        lines += [
            f"  lost {write.key}: acknowledged by {write.server}, {write.cause}"
            for write in self.writes.lost_writes[:5]
        ]
        if self.writes.lost > 5:
            lines.append(f"  ... and {self.writes.lost - 5} more lost writes, by name in verdict.json")
        lines.append(f"  trial: {self.folder}")
        return "\n".join(lines)
