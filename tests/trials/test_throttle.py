"""A Sentinel that tried, or voted for another one, starts no failover for a while, unless it announced a new master."""

from __future__ import annotations

import pytest

from redis_resilience.model.events import Event, SentinelMessage, SentinelUp
from redis_resilience.trials.throttle import throttled_until

S = 1_000_000_000
LASTS = 7 * S
"""Twice a failover-timeout of 3 s, and up to 1 s of chance."""


def said(at_s: float, name: str, sentinel: str = "redis-0") -> Event:
    return SentinelMessage(at_ns=int(at_s * S), source=f"sentinel:{sentinel}", name=name, text="")


def up(at_s: float, run_id: str) -> Event:
    return SentinelUp(at_ns=int(at_s * S), source="sentinel:redis-0", sentinel="redis-0", address="", run_id=run_id)


@pytest.mark.parametrize(
    ("events", "until"),
    [
        pytest.param((), {}, id="nothing was said"),
        pytest.param((said(1, "+sdown"),), {}, id="missed and found again"),
        pytest.param((said(1, "+try-failover"),), {"redis-0": 1 * S + LASTS}, id="tried"),
        pytest.param((said(1, "+vote-for-leader"),), {"redis-0": 1 * S + LASTS}, id="voted"),
        pytest.param((said(1, "+try-failover"), said(9, "+vote-for-leader")), {"redis-0": 9 * S + LASTS}, id="again"),
        pytest.param((said(1, "+vote-for-leader"), said(2, "+switch-master")), {}, id="followed by a switch"),
        pytest.param(
            (said(1, "+switch-master"), said(2, "+vote-for-leader")), {"redis-0": 2 * S + LASTS}, id="after the switch"
        ),
        pytest.param(
            (said(1, "+vote-for-leader"), said(2, "+switch-master", "redis-1")),
            {"redis-0": 1 * S + LASTS},
            id="another one's switch",
        ),
        pytest.param((said(1, "+try-failover"), said(2, "+reset-master")), {}, id="reset"),
        pytest.param((up(0, "a"), said(1, "+try-failover"), up(2, "b")), {}, id="restarted"),
        pytest.param((up(0, "a"), said(1, "+try-failover"), up(2, "a")), {"redis-0": 1 * S + LASTS}, id="met again"),
    ],
)
def test_who_may_start_no_failover_until_when(events: tuple[Event, ...], until: dict[str, int]) -> None:
    assert throttled_until(events, failover_timeout_ms=3000) == until


def test_what_is_said_of_another_master_counts_for_nothing() -> None:
    """But a vote, which names none."""
    tried = SentinelMessage(at_ns=S, source="sentinel:redis-0", name="+try-failover", text="master ours 10.0.0.1 6379")
    switched = SentinelMessage(
        at_ns=2 * S, source="sentinel:redis-0", name="+switch-master", text="other 10.0.0.2 6379 10.0.0.3 6379"
    )
    assert throttled_until((tried, switched), 3000, "ours") == {"redis-0": S + LASTS}
    assert throttled_until((tried, switched), 3000, "other") == {}
    assert throttled_until((said(1, "+vote-for-leader"),), 3000, "other") == {"redis-0": S + LASTS}
