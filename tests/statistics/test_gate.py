from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.gate import (
    Answer,
    Decision,
    holm,
    limit_gate,
    overall,
    quantile_gate,
    share_gate,
    shift_gate,
    together,
)
from redis_resilience.statistics.proportions import Count
from redis_resilience.statistics.sample import Sample

A = Sample(measured_ms=tuple(2000.0 + 10 * number for number in range(20)))


def test_far_above_the_margin_is_worse() -> None:
    assert shift_gate(A, A.times(1.5), margin_ms=200).answer is Answer.WORSE


def test_far_below_the_margin_is_no_worse() -> None:
    assert shift_gate(A, A, margin_ms=200).answer is Answer.NO_WORSE


def test_a_difference_that_is_certain_and_does_not_matter_is_no_worse() -> None:
    """Every trial of B is 30 ms longer; the margin is 200 ms."""
    slower = Sample(measured_ms=tuple(value + 30 for value in A.measured_ms))

    assert shift_gate(A, slower, margin_ms=200).answer is Answer.NO_WORSE


def test_limits_on_both_sides_of_the_margin_cannot_tell() -> None:
    decision = shift_gate(A, A, margin_ms=0)

    assert decision.answer is Answer.CANNOT_TELL
    assert "either side of the margin" in decision.because


def test_a_relative_margin_is_a_scaled_arm() -> None:
    """B is 10 % longer: not worse than A and 20 %, worse than A and 5 %."""
    b = A.times(1.1)

    assert shift_gate(A.times(1.2), b, margin_ms=0).answer is Answer.NO_WORSE
    assert shift_gate(A.times(1.05), b, margin_ms=0).answer is Answer.WORSE


def test_too_few_trials_cannot_tell_and_say_how_many_are_needed() -> None:
    seven = Sample(measured_ms=A.measured_ms[:7])

    assert shift_gate(A, seven, margin_ms=1e6).because == (
        "too few trials: 8 or more are needed of each; there are 20 of A and 7 of B"
    )
    assert "59 or more" in quantile_gate(A, A, 0.95, margin_ms=1e6).because
    assert share_gate(Count(events=0, n=0), Count(events=0, n=9), margin=1).answer is Answer.CANNOT_TELL


def test_a_quantile_beside_a_fixed_limit() -> None:
    """The p95 of 100 trials from 2 s to 2.99 s: surely below 3 s, surely above 2.8 s, and 2.95 s is too close."""
    b = Sample(measured_ms=tuple(2000.0 + 10 * number for number in range(100)))

    answers = [limit_gate(b, 0.95, limit_ms=limit_ms).answer for limit_ms in (3000, 2800, 2950)]

    assert answers == [Answer.NO_WORSE, Answer.WORSE, Answer.CANNOT_TELL]
    assert limit_gate(A, 0.95, limit_ms=3000).because.endswith("59 or more are needed of each; there are 20 of B")
    assert limit_gate(Sample(bounds_ms=(9000.0,) * 60), 0.95, limit_ms=3000).answer is Answer.WORSE


def test_no_loss_in_few_trials_is_not_no_worse() -> None:
    few, many = Count(events=0, n=20), Count(events=0, n=300)

    assert share_gate(few, few, margin=0.01).answer is Answer.CANNOT_TELL
    assert share_gate(many, many, margin=0.01).answer is Answer.NO_WORSE


def test_losses_in_b_alone_are_worse() -> None:
    assert share_gate(Count(events=0, n=20), Count(events=6, n=20), margin=0).answer is Answer.WORSE


def test_all_censored_cannot_tell() -> None:
    unended = Sample(bounds_ms=(30_000.0,) * 20)

    assert shift_gate(unended, unended, margin_ms=1000).answer is Answer.CANNOT_TELL


def test_without_variance_equal_arms_are_no_worse_and_longer_ones_worse() -> None:
    a = Sample(measured_ms=(2000.0,) * 10)

    assert shift_gate(a, a, margin_ms=10).answer is Answer.NO_WORSE
    assert shift_gate(a, a.times(1.1), margin_ms=10).answer is Answer.WORSE


def test_holms_own_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


@given(st.lists(st.floats(0, 1)))
def test_adjusting_keeps_the_order_and_lowers_nothing(p_values: list[float]) -> None:
    adjusted = holm(p_values)

    assert all(p <= after <= 1 for p, after in zip(p_values, adjusted, strict=True))
    assert [after for _, after in sorted(zip(p_values, adjusted, strict=True))] == sorted(adjusted)


def test_one_weak_difference_among_many_comparisons_is_no_longer_worse() -> None:
    weak = share_gate(Count(events=0, n=20), Count(events=5, n=20), margin=0)
    calm = share_gate(Count(events=0, n=20), Count(events=0, n=20), margin=0.5)
    assert (weak.answer, calm.answer) == (Answer.WORSE, Answer.NO_WORSE)

    decided = together([weak, *[calm] * 9])

    assert decided[0].answer is Answer.CANNOT_TELL
    assert "not among 10 comparisons" in decided[0].because
    assert decided[1:] == (calm,) * 9
    assert together([weak]) == (weak,)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([Answer.NO_WORSE, Answer.NO_WORSE], Answer.NO_WORSE),
        ([Answer.NO_WORSE, Answer.CANNOT_TELL], Answer.CANNOT_TELL),
        ([Answer.NO_WORSE, Answer.CANNOT_TELL, Answer.WORSE], Answer.WORSE),
        ([], Answer.CANNOT_TELL),
    ],
)
def test_the_whole_is_no_worse_only_where_every_part_is(answers: list[Answer], expected: Answer) -> None:
    assert overall([Decision(answer=answer, n_a=1, n_b=1) for answer in answers]) is expected


def test_a_negative_margin_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a margin of 0 or more; got -1"):
        shift_gate(A, A, margin_ms=-1)
