"""What a deployment does not have, a role or a way in, is refused with one reason, which names what to take instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redis_resilience.faults.target import EVERY_SERVER, MASTER, MASTER_MAJORITY, REPLICA, SENTINEL, SENTINEL_MAJORITY
from redis_resilience.model.errors import Unavailable, UsageError
from redis_resilience.model.faults import grow, kill
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.topologies import catalogue
from redis_resilience.trials.trial import leaves_broken, misfit, must_make_sense


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


@pytest.mark.parametrize(
    ("topology", "backend", "target", "reason"),
    [
        ("cluster", "kind", "service/redis", "expected target master for clients of cluster, a Redis Cluster"),
        ("sidecar", "memory", "proxy:6380", "expected real servers for clients that go through proxy:6380"),
        (
            "sidecar",
            "local",
            "service/redis",
            "expected a backend on Kubernetes for clients that go through service/",
        ),
    ],
)
def test_a_way_in_that_no_client_can_take_is_a_reason_to_skip(
    topology: str, backend: str, target: str, reason: str
) -> None:
    plan = _plan(topology, backend, Load(writers=(Writers(target=target),)))

    with pytest.raises(Unavailable, match=reason):
        must_make_sense(plan, catalogue.topology(topology))


def test_a_cluster_grows_by_its_spare_nodes_alone() -> None:
    """It was found out in the middle of a trial, which was `unknown` then."""
    growing = catalogue.topology("cluster-growing")

    for target in ("redis-1", "master"):
        plan = replace(_plan(growing.name, "local", Load()), faults=(Scheduled(fault=grow(target)),))
        with pytest.raises(
            UsageError, match=rf"one of {', '.join(growing.standing_by)}; got grow {target} by 50 slots"
        ):
            must_make_sense(plan, growing)
    must_make_sense(replace(plan, faults=(Scheduled(fault=grow(growing.standing_by[0])),)), growing)


def test_what_stays_broken_is_not_done_to_a_redis_that_stays() -> None:
    plan = _plan("cluster", "context", Load())

    assert not leaves_broken(plan)
    assert "got s, which claims that it is not (heals=False)" in leaves_broken(
        replace(plan, expect=Expect(heals=False))
    )


def _plan(topology: str, backend: str, load: Load) -> Plan:
    return Plan(
        trial="t1", scenario="s", topology=topology, profile="fast", backend=backend, seed=1,
        load=load, faults=(), expect=Expect(), windows=Windows(),
    )  # fmt: skip
