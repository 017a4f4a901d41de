"""`fail` means that it certainly did not happen; `info` that it is not known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.model.operations import Cause, Result, key_prefix, key_text, result_of


@pytest.mark.parametrize("cause", [Cause.TIMEOUT, Cause.CLOSED, Cause.UNFINISHED])
def test_what_was_sent_and_not_answered_is_info(cause: Cause) -> None:
    assert result_of(cause) is Result.INFO


@pytest.mark.parametrize("cause", [cause for cause in Cause if Cause.NONE < cause < Cause.TIMEOUT])
def test_what_was_never_sent_or_was_rejected_is_fail(cause: Cause) -> None:
    assert result_of(cause) is Result.FAIL


def test_no_cause_is_ok() -> None:
    assert result_of(Cause.NONE) is Result.OK


@given(st.integers(0, 10**12 - 1), st.integers(0, 10**12 - 1))
def test_keys_sort_by_name_as_by_number_and_carry_their_trial(one: int, two: int) -> None:
    names = [key_text("t", one), key_text("t", two)]

    assert (names[0] < names[1]) == (one < two)
    assert all(name.startswith(key_prefix("t")) for name in names)
