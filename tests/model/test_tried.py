"""What a trial counts as in its run: its verdict and the end of its test together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from redis_resilience.model.tried import Ended, Tried, verdict_of
from redis_resilience.model.verdict import Verdict


def tried(verdict: Verdict, ended: Ended) -> Tried:
    return Tried(plan=None, judgement=SimpleNamespace(verdict=verdict), ended=ended)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdict", "ended", "counts_as"),
    [
        ("pass", "passed", "pass"),
        ("pass", "failed", "fail"),
        ("pass", "error", "fail"),
        ("pass", "xfailed", "pass"),
        ("fail", "failed", "fail"),
        ("fail", "xfailed", "pass"),
        ("unknown", "failed", "unknown"),
        ("unknown", "passed", "unknown"),
        ("unknown", "xfailed", "unknown"),
    ],
)
def test_what_a_trial_counts_as(verdict, ended, counts_as):
    """A test's own failed assertion is no pass; a failure that was to be shown is one; unknown stays so."""
    assert tried(Verdict(verdict), Ended(ended)).verdict == counts_as


def test_a_trial_that_was_run_again_does_not_decide():
    """The one that took its place does; without one at all nothing is known."""
    again = tried(Verdict.UNKNOWN, Ended.RERUN)

    assert verdict_of([again, tried(Verdict.PASS, Ended.PASSED)]) == "pass"
    assert verdict_of([again]) == "unknown"
