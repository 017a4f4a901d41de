"""Consecutive trials share a deployment while it is whole, and not worn."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.deployments.memory.deployment import MemoryDeployment
from harness.topologies.catalogue import topology
from harness.trials.keeper import Keeper
from harness.trials.settings import Settings

NODE = topology("node")
FAST = NODE.profile("fast")


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(Settings(results=tmp_path, backend="memory"))


def test_a_whole_deployment_is_taken_over(keeper: Keeper) -> None:
    assert keeper.deployment(NODE, FAST) is keeper.deployment(NODE, FAST)


def test_a_worn_one_is_not(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole as it is: a container that was started again has to wait longer the next time."""
    first = keeper.deployment(NODE, FAST)
    monkeypatch.setattr(MemoryDeployment, "worn", "redis-0/redis was started again 2 times")

    assert keeper.deployment(NODE, FAST) is not first
