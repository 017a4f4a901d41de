"""The trials of one side of a comparison, or of one budget, as samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from redis_resilience.model.run import Measured, TrialRecord
from redis_resilience.statistics.proportions import Count
from redis_resilience.statistics.sample import Sample

MOST_REFUSED = 0.1
"""With a larger share of refused trials nothing favourable is concluded: the slowest trials are the likeliest to be
refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """Durations of trials that were not refused; censored where the trial ended first.

    n: all trials. refused: those that count nowhere, and those that ended without a verdict. lost: writes lost in each
    judged trial of which it is known. loss_not_known: the other judged trials. refused_unended: refused trials whose
    outage had not ended. refused_lost: writes that refused trials found lost.
    """

    outage: Sample
    first_switch: Sample
    last_switch: Sample
    lost: tuple[int, ...]
    loss_not_known: int
    n: int
    refused: int
    refused_unended: int
    refused_lost: int

    @property
    def judged(self) -> int:
        return self.n - self.refused

    @property
    def losing(self) -> Count:
        """Trials that lost a write, of those of which it is known."""
        return Count(events=sum(lost > 0 for lost in self.lost), n=len(self.lost))

    @property
    def too_many_refused(self) -> bool:
        return self.refused > MOST_REFUSED * self.n


def all_judged(*, outage: Sample, first_switch: Sample, last_switch: Sample, lost: tuple[int, ...]) -> Arm:
    """Trials none of which was refused; lost: in each of them."""
    return Arm(
        outage=outage,
        first_switch=first_switch,
        last_switch=last_switch,
        lost=lost,
        loss_not_known=0,
        n=len(lost),
        refused=0,
        refused_unended=0,
        refused_lost=0,
    )


def arm(trials: Iterable[TrialRecord], *, not_judged: int = 0) -> Arm:
    """Refused trials enter no sample; what their absence hides is counted.

    not_judged: trials that ended without a verdict, in addition to these: refused, too.
    """
    all_of_them = tuple(trials)
    judged = [trial for trial in all_of_them if not trial.refused]
    refused = [trial for trial in all_of_them if trial.refused]
    known = [trial.lost for trial in judged if trial.lost is not None]
    return Arm(
        outage=_sample(trial.outage for trial in judged),
        first_switch=_sample(trial.first_switch for trial in judged),
        last_switch=_sample(trial.last_switch for trial in judged),
        lost=tuple(known),
        loss_not_known=len(judged) - len(known),
        n=len(all_of_them) + not_judged,
        refused=len(refused) + not_judged,
        refused_unended=sum(trial.outage is not None and trial.outage.censored for trial in refused),
        refused_lost=sum(trial.lost or 0 for trial in refused),
    )


def _sample(measured: Iterable[Measured | None]) -> Sample:
    """Of trials in which it happened or was expected."""
    found = [each for each in measured if each is not None]
    return Sample(
        measured_ms=tuple(each.ms for each in found if not each.censored),
        bounds_ms=tuple(each.ms for each in found if each.censored),
    )
