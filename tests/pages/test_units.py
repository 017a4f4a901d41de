from __future__ import annotations

import pytest

from redis_resilience.model.instants import Instant
from redis_resilience.pages.units import count_text, error_text, ms_text, plural, spoken


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.314, "0.31"),
        (-4.5, "-4.50"),
        (99.94, "99.9"),
        (2260.4, "2260"),
        (None, "-"),
        (float("nan"), "-"),
        (float("inf"), "no limit"),
    ],
)
def test_milliseconds_have_the_digits_that_mean_something(value: float | None, text: str) -> None:
    assert ms_text(value) == text


def test_a_censored_time_is_a_lower_bound() -> None:
    assert ms_text(30000.0, censored=True) == ">30000"


def test_thousands_are_apart_and_nouns_agree() -> None:
    assert count_text(1234567) == "1,234,567"
    assert (plural(1, "write"), plural(0, "write"), plural(4210, "write")) == ("1 write", "0 writes", "4,210 writes")


def test_an_error_is_told_to_both_sides() -> None:
    """The instant may have been earlier by its own width, and the distance longer by the origin's."""
    origin = Instant(earliest_ns=0, latest_ns=500_000, source="harness")
    instant = Instant(earliest_ns=8_000_000, latest_ns=10_000_000, source="watcher")

    assert error_text(instant, origin) == "-2.0 +0.5"


def test_an_instant_is_spoken_without_its_suffix() -> None:
    assert spoken("first_switch_at") == "first switch"
