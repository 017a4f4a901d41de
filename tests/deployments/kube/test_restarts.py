"""What a cluster does by itself, by the topology's own data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redis_resilience.deployments.kube.restarts import restart_policy_of
from redis_resilience.topologies.catalogue import topology


@pytest.mark.parametrize(("restarts", "most_ms"), [(0, 5_000), (1, 15_000), (2, 25_000), (3, 45_000), (12, 305_000)])
def test_the_kubelet_waits_twice_as_long_each_time_up_to_five_minutes(restarts, most_ms):
    policy = restart_policy_of(topology("sidecar"), "redis-0", restarts=restarts, co_located=())

    assert (policy.restarted.least_ms, policy.restarted.most_ms) == (0, most_ms)


def test_only_a_pod_with_a_name_or_an_address_that_it_keeps_is_found_again():
    addressed = topology("statefulset")
    kept = replace(addressed, fixed_addresses=True)

    assert restart_policy_of(topology("sidecar"), "redis-0", restarts=0, co_located=()).found_again
    assert restart_policy_of(kept, "redis-0", restarts=0, co_located=()).found_again
    assert not restart_policy_of(addressed, "redis-0", restarts=0, co_located=()).found_again


def test_the_printed_set_up_hands_nothing_over():
    policy = restart_policy_of(topology("statefulset"), "redis-0", restarts=0, co_located=("redis-1",))

    assert (policy.planned_failover_ms, policy.stays_away_ms, policy.co_located) == (0, 0, ("redis-1",))


@pytest.mark.parametrize(
    ("name", "pod", "apart"),
    [
        ("statefulset", "redis-0", True),
        ("statefulset", "redis-1", False),
        ("chart", "redis-master-0", True),
        ("chart", "redis-slave-0", False),
        ("statefulset-ask", "redis-0", False),
        ("sidecar", "redis-0", False),
        ("bootstrap", "redis-master", False),
        ("helm", "redis-master", False),
        ("cluster", "redis-0", False),
    ],
)
def test_only_a_pod_that_asks_nobody_and_is_known_by_its_address_is_master_apart_from_the_others(name, pod, apart):
    """A follower asks no other pod either, but is no master; the Sentinels of `helm` ask which master to monitor."""
    assert restart_policy_of(topology(name), pod, restarts=0, co_located=()).apart is apart
