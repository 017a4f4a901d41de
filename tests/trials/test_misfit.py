"""A fault for a role that a deployment does not have is refused with one reason, which names what to take instead."""

from __future__ import annotations

import pytest

from redis_resilience.faults.target import EVERY_SERVER, MASTER, MASTER_MAJORITY, REPLICA, SENTINEL, SENTINEL_MAJORITY
from redis_resilience.model.faults import kill
from redis_resilience.trials.trial import misfit


@pytest.mark.parametrize("target", [SENTINEL, SENTINEL_MAJORITY, "db-0/sentinel"])
def test_a_cluster_has_no_sentinels(target: str) -> None:
    told = misfit(kill(target), clustered=True, name="attached")
    assert told.startswith(
        f"expected a topology with Sentinels, as fault kill is for {target}; got attached, a Redis C"
    )
    assert not misfit(kill(target), clustered=False, name="attached")


def test_sentinels_watch_one_master() -> None:
    told = misfit(kill(MASTER_MAJORITY), clustered=False, name="attached")
    assert told.endswith("use --redis-topology cluster, or attach to a Redis Cluster")


@pytest.mark.parametrize("target", [MASTER, REPLICA, EVERY_SERVER, MASTER_MAJORITY, "sentinel-db-0"])
def test_what_a_cluster_has_fits(target: str) -> None:
    """A pod's name means its server, whatever it is called."""
    assert not misfit(kill(target), clustered=True, name="attached")
