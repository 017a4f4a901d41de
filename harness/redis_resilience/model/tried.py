"""A judged trial, and besides its verdict how pytest ended the test that ran it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from redis_resilience.model.plan import Plan
from redis_resilience.model.verdict import Judgement, Verdict, worst


class Ended(StrEnum):
    """In pytest's own words, as its summary counts them."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  # after the test itself had ended
    XFAILED = "xfailed"  # failed as it was expected to
    XPASSED = "xpassed"
    SKIPPED = "skipped"
    RERUN = "rerun"  # run again beside this trial, which was unknown


@dataclass(frozen=True, slots=True)
class Tried:
    """test: the id of its test, the same for all of its trials; "" where the trial is looked at alone.

    variant: what distinguishes it in its campaign, beside scenario, topology and profile; "" for nothing.
    """

    plan: Plan
    judgement: Judgement
    test: str = ""
    ended: Ended = Ended.PASSED
    variant: str = ""

    @property
    def verdict(self) -> Verdict:
        """What the trial counts as in its run, and for the exit code.

        `unknown` stays so, whatever the test made of it. A failure that the scenario is there to show is a pass; a test
        that failed by its own assertion is none, whatever its verdict.
        """
        if self.judgement.verdict is Verdict.UNKNOWN:
            return Verdict.UNKNOWN
        if self.ended is Ended.XFAILED:
            return Verdict.PASS
        return Verdict.FAIL if self.ended in (Ended.FAILED, Ended.ERROR) else self.judgement.verdict


def verdict_of(trials: Iterable[Tried]) -> Verdict:
    """The worst of a run. A trial that was run again beside itself is left to the one that took its place."""
    return worst(trial.verdict for trial in trials if trial.ended is not Ended.RERUN)
