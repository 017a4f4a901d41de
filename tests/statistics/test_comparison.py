"""One answer of all tests: wrong in no more than alpha, right as often as planned. Outages are of real trials.

They are the shipped pilot, `redis_resilience.campaigns.pilot`. `benchmarks/comparison.py` makes the full figures of
docs/statistics.md.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.arm import Arm
from redis_resilience.statistics.comparison import LOSING, TESTS, Terms, compare
from redis_resilience.statistics.comparison_plan import Asked, fewest, plan_comparison, simulate
from redis_resilience.statistics.gate import Answer
from redis_resilience.statistics.sample import Sample
from tests.statistics.pilots import REAL, with_failed_elections

TIMES = Terms(tests=("outage.median", "first_switch.median"))


def scaled(arm: Arm, factor: float) -> Arm:
    return replace(arm, outage=arm.outage.times(factor), first_switch=arm.first_switch.times(factor))


def answer(a: Arm, b: Arm, terms: Terms | None = None) -> Answer:
    return compare({"kill": (a, b)}, terms or Terms()).answer


def test_the_same_is_no_worse_and_longer_by_more_than_the_margin_is_worse() -> None:
    assert answer(REAL, REAL) is Answer.NO_WORSE
    assert answer(REAL, scaled(REAL, 1.2)) is Answer.WORSE
    assert answer(REAL, scaled(REAL, 0.5)) is Answer.NO_WORSE


def test_longer_within_the_margin_is_no_worse() -> None:
    compared = compare({"kill": (REAL, scaled(REAL, 1.05))}, Terms())

    assert compared.answer is Answer.NO_WORSE
    median = next(each for each in compared.tested if each.test == "outage.median")
    assert median.seen is not None
    assert median.seen.estimate == pytest.approx(84, abs=5)


def test_without_a_margin_the_same_is_never_proved_no_worse() -> None:
    assert answer(REAL, REAL, Terms(margin=0)) is Answer.CANNOT_TELL


def test_a_margin_of_one_test_is_its_own() -> None:
    longer = scaled(REAL, 1.2)

    assert answer(REAL, longer, Terms(margin=0.1, margins=dict.fromkeys(TESTS, 0.5))) is Answer.NO_WORSE


def test_losing_trials_have_no_margin() -> None:
    """Two losing trials of 79 are within 5 % and chance; ten of 79 are neither."""
    two = replace(REAL, lost=(4, 4, *REAL.lost[2:]))
    ten = replace(REAL, lost=((4,) * 10 + REAL.lost[10:]))

    assert answer(REAL, two) is Answer.CANNOT_TELL
    assert answer(REAL, ten) is Answer.WORSE
    worse = {each.test for each in compare({"k": (REAL, ten)}, Terms()).tested if each.decision.answer is Answer.WORSE}
    assert worse == {LOSING, "lost"}
    assert answer(ten, ten) is Answer.CANNOT_TELL


def test_more_lost_in_equally_many_trials_is_worse() -> None:
    few, many = (replace(REAL, lost=(lost,) * 30 + REAL.lost[30:]) for lost in (1, 500))

    compared = compare({"kill": (few, many)}, Terms())

    assert [each.test for each in compared.tested if each.decision.answer is Answer.WORSE] == ["lost"]
    assert compared.answer is Answer.WORSE


def test_too_few_trials_cannot_tell() -> None:
    few = replace(
        REAL,
        outage=Sample(measured_ms=REAL.outage.measured_ms[:7]),
        first_switch=Sample(measured_ms=REAL.first_switch.measured_ms[:7]),
        lost=REAL.lost[:7],
        n=7,
    )

    assert answer(few, few) is Answer.CANNOT_TELL


def test_what_refused_trials_may_hide_is_not_no_worse() -> None:
    many_refused = replace(REAL, n=REAL.n + 20, refused=20)
    unended = replace(REAL, n=REAL.n + 1, refused=1, refused_unended=1)
    losing = replace(REAL, n=REAL.n + 1, refused=1, refused_lost=3)

    for b in (many_refused, unended, losing, replace(REAL, loss_not_known=1)):
        compared = compare({"kill": (REAL, b)}, Terms())
        assert compared.answer is Answer.CANNOT_TELL
        assert compared.because
    assert answer(REAL, scaled(many_refused, 1.3)) is Answer.WORSE


def test_a_scenario_without_a_switch_is_compared_by_the_rest() -> None:
    quiet = replace(REAL, first_switch=Sample())

    tests = [each.test for each in compare({"kill": (quiet, quiet)}, Terms()).tested]

    assert tests == ["outage.median", "outage.p95", "losing", "lost"]


def test_one_worse_scenario_makes_the_whole_worse() -> None:
    compared = compare({"one": (REAL, REAL), "two": (REAL, scaled(REAL, 1.3))}, Terms())

    assert compared.answer is Answer.WORSE
    assert {each.scenario for each in compared.tested if each.decision.answer is Answer.WORSE} == {"two"}


@pytest.mark.parametrize("pilot", [REAL, with_failed_elections(REAL)], ids=["real", "failed elections"])
def test_a_against_a_is_worse_in_at_most_5_percent(pilot: Arm) -> None:
    """Without a margin, where the tests are at their edge; `benchmarks/comparison.py` does it 400 times."""
    simulated = simulate({"kill": pilot}, Asked(terms=Terms(margin=0)), trials=61, rounds=60, seed=8)

    assert simulated.worse <= 0.05


def test_the_planned_trials_find_20_percent_and_pass_the_same() -> None:
    asked = Asked(terms=Terms(margin=0.1), power=0.8)
    planned = plan_comparison({"kill": REAL}, asked, rounds=30)

    found = simulate({"kill": REAL}, asked, trials=planned.trials, factor=1.2, rounds=40, seed=9)
    same = simulate({"kill": REAL}, asked, trials=planned.trials, rounds=40, seed=9)

    assert planned.trials == 68
    assert found.worse >= 0.8
    assert same.no_worse >= 0.8
    assert found.trials < planned.trials


def test_the_planned_trials_find_a_loss_in_5_percent_of_trials() -> None:
    """The figure for 1 % takes a thousand trials a side: `benchmarks/comparison.py`."""
    asked = Asked(terms=Terms(tests=(LOSING,), loss_margin=0.02), loss=0.05)
    trials = fewest(asked, tests=1)

    assert simulate({"kill": REAL}, asked, trials=trials, loss=0.05, rounds=40, seed=5).worse >= 0.7


def test_scattered_outages_take_more_trials() -> None:
    asked = Asked(terms=replace(TIMES, margin=0.05))
    scattered = with_failed_elections(REAL, share=0.25)

    assert (
        plan_comparison({"k": scattered}, asked, rounds=30).trials
        > plan_comparison({"k": REAL}, asked, rounds=30).trials
    )


def test_what_cannot_be_planned_is_said() -> None:
    with pytest.raises(UsageError, match="expected a pilot with judged trials of kill that had an outage"):
        plan_comparison({"kill": replace(REAL, outage=Sample())}, Asked(terms=Terms()))
    with pytest.raises(UsageError, match="expected power between 0 and 1"):
        plan_comparison({"kill": REAL}, Asked(terms=Terms(), power=1))
