from __future__ import annotations

from typing import Any

from redis_resilience.model.verdict import Verdict
from redis_resilience.statistics.modes import AS_PREDICTED, modes
from redis_resilience.statistics.quantiles import Quantile


def _with_causes(make: Any, outage_ms: float, *causes: str, **changes: Any) -> Any:
    phases = tuple(make.phase("elected_at", "odown_at", 0, 1, inside=False, cause=cause) for cause in causes)
    return make.judgement(phases=phases, availability=make.availability(outage_ms), **changes)


def test_trials_are_grouped_by_what_made_them_long(make: Any) -> None:
    split = "split vote: no Sentinel got a majority, tried again later"
    judged = [_with_causes(make, 2000.0), _with_causes(make, 12_000.0, split), _with_causes(make, 2200.0)]

    calm, slow = modes(judged)

    assert (calm.mechanism, calm.n, calm.outage.maximum) == (AS_PREDICTED, 2, Quantile(ms=2200.0))
    assert (slow.mechanism, slow.n, slow.outage.median) == (split, 1, Quantile(ms=12_000.0))


def test_figures_of_a_cause_do_not_split_a_mode(make: Any) -> None:
    judged = [
        _with_causes(make, 2000.0, "this machine stalled for 37 ms", "this machine stalled for 41 ms"),
        _with_causes(make, 2000.0, "this machine stalled for 112.5 ms"),
    ]

    (mode,) = modes(judged)

    assert (mode.mechanism, mode.n, mode.share) == ("this machine stalled for … ms", 2, 1.0)


def test_a_refused_trial_belongs_to_no_mode(make: Any) -> None:
    assert modes([_with_causes(make, 2000.0, "unexplained", verdict=Verdict.UNKNOWN)]) == ()
