"""Consecutive trials share a deployment while it is whole, and not worn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.keeper import Keeper
from redis_resilience.trials.settings import Settings
from redis_resilience.trials.survey import survey

NODE = topology("node")
FAST = NODE.profile("fast")


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(Settings(results=tmp_path, backend="memory"))


def test_a_whole_deployment_is_taken_over(keeper: Keeper) -> None:
    assert keeper.deployment(NODE, FAST) is keeper.deployment(NODE, FAST)


def test_one_that_must_be_fresh_is_made_anew_however_whole_the_last_is(keeper: Keeper) -> None:
    assert keeper.deployment(NODE, FAST) is not keeper.deployment(NODE, FAST, fresh=True)


def test_a_worn_one_is_not(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole as it is: a container that was started again has to wait longer the next time."""
    first = keeper.deployment(NODE, FAST)
    monkeypatch.setattr(MemoryDeployment, "worn", "redis-0/redis was started again 2 times")

    assert keeper.deployment(NODE, FAST) is not first


def test_one_whose_sentinels_know_a_dead_one_is_not(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs a larger majority than a new one: what comes of a fault would depend on the trial before."""
    first = keeper.deployment(NODE, FAST)
    monkeypatch.setattr(
        "redis_resilience.trials.keeper.survey", lambda deployment: replace(survey(deployment), ghosts=1)
    )

    assert keeper.deployment(NODE, FAST) is not first
