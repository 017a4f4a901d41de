"""Waits of the control plane: each has a deadline, and says what it waited for and what it saw last.

Never used for an operation of the load: the measuring client does not retry.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import tenacity

from redis_resilience.model.errors import WaitTimeout


class Clock(Protocol):
    """Where time comes from: the host's monotonic clock, or a simulated one in tests."""

    def now_ns(self) -> int: ...

    def sleep(self, seconds: float) -> None: ...


class HostClock:
    """The host's monotonic clock."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


HOST_CLOCK = HostClock()


def eventually(
    look: Callable[[], tuple[bool, str]],
    *,
    within_s: float,
    what: str,
    every_s: float = 0.02,
    clock: Clock = HOST_CLOCK,
) -> str:
    """Look until the condition holds; returns what was seen then.

    look: answers (whether it holds, what is seen in words). Raises WaitTimeout after `within_s` with what it saw last.
    """
    deadline_ns = clock.now_ns() + int(within_s * 1e9)
    seen = "nothing"

    def attempt() -> bool:
        nonlocal seen
        done, seen = look()
        return done

    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda done: not done),
        stop=lambda _: clock.now_ns() >= deadline_ns,
        wait=tenacity.wait_fixed(every_s),
        sleep=clock.sleep,
    )
    try:
        waiting(attempt)
    except tenacity.RetryError:
        raise WaitTimeout(f"waited {within_s:g} s for {what}; saw last: {seen}") from None
    return seen
