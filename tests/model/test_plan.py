"""A plan refuses what cannot be carried out, and says what it expected."""

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.model.plan import Entrance, Writers


@pytest.mark.parametrize("count", [0, -1, 400_000_000])
def test_a_group_has_a_writer(count: int) -> None:
    with pytest.raises(UsageError, match=f"expected a number of writers of 1 to 10000; got {count}"):
        Writers(count=count)


@pytest.mark.parametrize("rate", [-1.0, 1e6, float("nan"), float("inf")])
def test_a_rate_is_a_number_of_operations_a_second_or_0(rate: float) -> None:
    with pytest.raises(UsageError, match=r"expected a rate of 0 \(as fast as it goes\) to 1000000 operations a second"):
        Writers(rate=rate)


def test_a_time_out_has_a_length() -> None:
    with pytest.raises(UsageError, match="expected a time-out of 1 to 86400000 ms; got 0 ms"):
        Writers(timeout_ms=0)


def test_as_fast_as_it_goes_is_a_rate() -> None:
    assert Writers(rate=0).rate == 0


@pytest.mark.parametrize(
    ("target", "entrance"),
    [
        ("service/redis", Entrance("redis", 0)),
        ("service/redis:6380", Entrance("redis", 6380)),
        ("proxy:6380", Entrance("proxy", 6380)),
        ("[fd00::1]:6380", Entrance("fd00::1", 6380)),
        ("master", None),
        ("redis-1", None),
        ("redis-0.redis", None),
    ],
)
def test_a_way_in_is_known_by_its_form(target: str, entrance: Entrance | None) -> None:
    """A Service's port is the servers' own unless it is named."""
    assert Writers(target=target).entrance == entrance


@pytest.mark.parametrize("target", ["service/", "service/a/b", "service/redis:six", "service/redis.other"])
def test_a_service_has_a_name_and_perhaps_a_port(target: str) -> None:
    with pytest.raises(UsageError, match="expected service/NAME or service/NAME:PORT as the target; got"):
        Writers(target=target)
