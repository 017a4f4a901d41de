"""Consecutive trials share a deployment while it is healthy and reusable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.keeper import Keeper
from redis_resilience.trials.settings import settings
from redis_resilience.trials.survey import survey
from redis_resilience.trials.throttle import Throttle

SIDECAR = topology("sidecar")
FAST = SIDECAR.profile("fast")


class At:
    """A clock that stands still."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def now_ns(self) -> int:
        return self.seconds * 1_000_000_000


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(settings({"redis_backend": "memory"}, results=tmp_path))


def test_a_whole_deployment_is_taken_over(keeper: Keeper) -> None:
    assert keeper.deployment(SIDECAR, FAST) is keeper.deployment(SIDECAR, FAST)


def test_one_that_must_be_fresh_is_made_anew_however_whole_the_last_is(keeper: Keeper) -> None:
    assert keeper.deployment(SIDECAR, FAST) is not keeper.deployment(SIDECAR, FAST, fresh=True)


def test_a_worn_one_is_not(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Healthy as it is: a restarted container has to wait longer the next time."""
    first = keeper.deployment(SIDECAR, FAST)
    monkeypatch.setattr(MemoryDeployment, "used_up", "redis-0/redis was started again 2 times")

    assert keeper.deployment(SIDECAR, FAST) is not first


def test_one_whose_sentinels_know_a_dead_one_is_not(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs a larger majority than a new one: the outcome of a fault would depend on the trial before."""
    first = keeper.deployment(SIDECAR, FAST)
    monkeypatch.setattr(
        "redis_resilience.trials.keeper.survey", lambda deployment: replace(survey(deployment), stale_sentinels=1)
    )

    assert keeper.deployment(SIDECAR, FAST) is not first


def test_one_whose_sentinels_have_different_epochs_is_not(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failover of the trial before is not known to all of them yet."""
    first = keeper.deployment(SIDECAR, FAST)
    monkeypatch.setattr(
        "redis_resilience.trials.keeper.survey",
        lambda deployment: replace(survey(deployment), epochs=frozenset({"1", "2"})),
    )

    assert keeper.deployment(SIDECAR, FAST) is not first


@pytest.mark.parametrize(("left_s", "taken_over"), [(0.0, True), (3.0, True), (3.5, False)])
def test_one_whose_sentinels_may_start_no_failover_is_not_unless_that_is_over_sooner_than_a_new_one_is_up(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, left_s: float, taken_over: Any
) -> None:
    """Seen: "I will not start a failover before ..." of one trial was the next trial's unexplained 1736 ms."""
    monkeypatch.setattr(
        MemoryDeployment, "start", lambda _: monkeypatch.setattr("redis_resilience.trials.keeper.HOST_CLOCK", At(3))
    )
    monkeypatch.setattr("redis_resilience.trials.keeper.HOST_CLOCK", At(0))
    first = keeper.deployment(SIDECAR, FAST)
    monkeypatch.setattr(
        "redis_resilience.trials.keeper.throttle", lambda *_: Throttle(left_s=left_s, text="redis-0 may not")
    )

    assert (keeper.deployment(SIDECAR, FAST) is first) is taken_over
