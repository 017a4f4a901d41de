"""A budget is kept or exceeded only where the trials show it; its words are checked before anything runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.model.verdict import Verdict
from redis_resilience.statistics.arm import Arm, all_judged
from redis_resilience.statistics.budgets import judge_budget, parse_budget
from redis_resilience.statistics.sample import Sample


def arm(*ms: float, bounds_ms: tuple[float, ...] = (), lost: tuple[int, ...] | None = None) -> Arm:
    n = len(ms) + len(bounds_ms)
    sample = Sample(measured_ms=ms, bounds_ms=bounds_ms)
    return all_judged(outage=sample, first_switch=sample, last_switch=sample, lost=(0,) * n if lost is None else lost)


def verdict(text: str, trials: Arm) -> Verdict:
    return judge_budget(parse_budget(text), trials).verdict


@pytest.mark.parametrize(
    ("text", "share", "limit"),
    [
        ("outage.p95 <= 5s", 0.95, 5000),
        ("outage.p95<=5000ms", 0.95, 5000),
        ("first_switch.median < 1.5 s", 0.5, 1500),
        ("last_switch.max <= 1min", None, 60_000),
        ("lost == 0", None, 0),
        ("lost <= 12", None, 12),
        ("losing <= 1%", None, 0.01),
        ("refused < 12.5%", None, 0.125),
    ],
)
def test_quantities_statistics_and_units(text: str, share: float | None, limit: float) -> None:
    budget = parse_budget(text)

    assert (budget.share, budget.limit) == (share, limit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("outage", "expected a budget, as in 'outage.p95 <= 5s'"),
        ("", "expected a budget"),
        ("outtage.p95 <= 5s", "did you mean 'outage'"),
        ("outage.mediam <= 5s", "did you mean 'median'"),
        ("outage <= 5s", "expected a statistic, one of median, p1 to p99, max; got none"),
        ("outage.p100 <= 5s", "expected a statistic"),
        ("outage.p0 <= 5s", "expected a statistic"),
        ("outage.p95 <= 5", "expected a duration with its unit"),
        ("outage.p95 <= -5s", "expected a duration"),
        ("outage.p95 <= 5h", "expected a duration"),
        ("outage.p95 >= 5s", "expected <= or <; got '>='"),
        ("outage.p95 == 5s", "expected <= or <; got '=='"),
        ("lost.max == 0", "expected 'lost' by itself"),
        ("lost <= 5s", "expected a whole number of writes"),
        ("lost <= 0.5", "expected a whole number of writes"),
        ("lost == 5", "expected == 0"),
        ("lost = 0", "expected <= or < or ==; got '='"),
        ("losing <= 5", "expected a share of the trials"),
        ("refused <= 101%", "expected a share of the trials"),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_budget(text)

    assert said in str(raised.value)


def test_a_quantile_is_kept_where_its_upper_limit_is_below() -> None:
    """59 trials are the fewest that bound a p95."""
    assert verdict("outage.p95 <= 2s", arm(*[1000.0 + n for n in range(59)])) is Verdict.PASS
    assert verdict("outage.p95 <= 2s", arm(*[1000.0 + n for n in range(58)])) is Verdict.UNKNOWN
    assert verdict("outage.median <= 2s", arm(*[1000.0 + n for n in range(5)])) is Verdict.PASS
    assert verdict("outage.median <= 2s", arm(*[1000.0 + n for n in range(4)])) is Verdict.UNKNOWN


def test_few_trials_are_enough_to_see_it_exceeded() -> None:
    """Eight trials bound no p95 from above, but all of them above the limit show that it is exceeded."""
    finding = judge_budget(parse_budget("outage.p95 <= 1s"), arm(*[2000.0 + n for n in range(8)]))

    assert finding.verdict is Verdict.FAIL
    assert "at least 200" in finding.text


def test_trials_on_both_sides_of_the_limit_cannot_tell() -> None:
    finding = judge_budget(parse_budget("outage.median <= 1010ms"), arm(*[1000.0 + n for n in range(20)]))

    assert finding.verdict is Verdict.UNKNOWN
    assert "the limit lies between" in finding.text


def test_a_maximum_is_of_the_trials_at_hand() -> None:
    assert verdict("outage.max <= 2s", arm(1000, 2000)) is Verdict.PASS
    assert verdict("outage.max < 2s", arm(1000, 2000)) is Verdict.FAIL
    assert verdict("outage.max <= 2s", arm(1000, bounds_ms=(1500,))) is Verdict.UNKNOWN
    assert verdict("outage.max <= 2s", arm(1000, bounds_ms=(2500,))) is Verdict.FAIL


def test_lost_writes_and_losing_trials() -> None:
    assert verdict("lost == 0", arm(1, 1)) is Verdict.PASS
    assert verdict("lost == 0", arm(1, 1, lost=(0, 1))) is Verdict.FAIL
    assert verdict("lost <= 3", arm(1, 1, lost=(0, 3))) is Verdict.PASS
    assert verdict("losing <= 5%", arm(*[1.0] * 59)) is Verdict.PASS
    assert verdict("losing <= 5%", arm(*[1.0] * 58)) is Verdict.UNKNOWN
    assert verdict("losing <= 5%", arm(*[1.0] * 20, lost=(3,) * 10 + (0,) * 10)) is Verdict.FAIL


def test_no_trial_keeps_nothing() -> None:
    for text in ("outage.p95 <= 5s", "outage.max <= 5s", "lost == 0", "losing <= 5%"):
        assert verdict(text, arm()) is Verdict.UNKNOWN, text


def test_what_refused_trials_may_hide_keeps_no_budget() -> None:
    """A budget that is exceeded stays so."""
    sound = arm(*[1000.0] * 90)

    def with_(**changes: int) -> Arm:
        return replace(sound, **changes)

    assert verdict("outage.p95 <= 2s", with_(n=99, refused=9)) is Verdict.PASS
    assert verdict("outage.p95 <= 2s", with_(n=101, refused=11)) is Verdict.UNKNOWN
    assert verdict("outage.p95 <= 2s", with_(n=91, refused=1, refused_unended=1)) is Verdict.UNKNOWN
    assert verdict("outage.p95 <= 500ms", with_(n=120, refused=30)) is Verdict.FAIL
    assert verdict("lost == 0", with_(n=91, refused=1, refused_lost=2)) is Verdict.UNKNOWN
    assert verdict("lost == 0", with_(loss_not_known=1)) is Verdict.UNKNOWN
    assert verdict("refused <= 10%", with_(n=99, refused=9)) is Verdict.PASS
    assert verdict("refused <= 5%", with_(n=99, refused=9)) is Verdict.FAIL
