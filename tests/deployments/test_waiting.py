"""A wait ends when its condition holds, or says what it waited for and what it saw last; no test sleeps."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.errors import WaitTimeout


class Clock:
    """Time that passes when something sleeps."""

    def __init__(self) -> None:
        self.now = 0

    def now_ns(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1e9)


def test_it_returns_what_was_seen_when_it_came_true():
    """The last look is the answer."""
    clock = Clock()

    seen = eventually(
        lambda: (clock.now >= 300_000_000, f"{clock.now // 1_000_000} ms"),
        within_s=1,
        what="300 ms",
        every_s=0.1,
        clock=clock,
    )

    assert seen == "300 ms"


def test_it_gives_up_at_its_deadline_with_the_last_thing_seen():
    """The message has the deadline, the condition and what was seen."""
    clock = Clock()

    with pytest.raises(WaitTimeout, match=r"^waited 2 s for two replicas; saw last: one replica$"):
        eventually(lambda: (False, "one replica"), within_s=2, what="two replicas", clock=clock)

    assert clock.now == pytest.approx(2e9, rel=0.02)


def test_it_looks_at_least_once():
    """A deadline of nothing still asks."""
    assert eventually(lambda: (True, "there"), within_s=0, what="it", clock=Clock()) == "there"


def test_an_error_of_the_look_is_not_hidden():
    """Only what does not hold yet is waited for."""

    def look() -> tuple[bool, str]:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        eventually(look, within_s=1, what="it", clock=Clock())
