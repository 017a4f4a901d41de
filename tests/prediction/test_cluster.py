"""What is predicted of a shard agrees with failovers that were measured, and with what a majority is.

Measured on Redis 7.0.15, three masters and three replicas, node timeout 1000 ms; times in ms after SIGKILL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from redis_resilience.model.environment import Prediction
from redis_resilience.model.faults import Fault, grow, isolate, kill, stop_node
from redis_resilience.model.plan import Load, Scheduled
from redis_resilience.prediction.cluster import ShardAtRisk, first_shard, predict_shard
from redis_resilience.topologies.clusters import CLUSTER, CLUSTER_GROWING

MASTERS = ("redis-1", "redis-2", "redis-3")
SHARD = ShardAtRisk(master="redis-1", replicas=("redis-4",), masters=MASTERS, node_timeout_ms=1000.0, replica="redis-4")
SECOND = replace(SHARD, master="redis-2", replicas=("redis-5",))
KILL = kill("master")
OFF = stop_node("master")


def foretell(faults: Sequence[Fault | Scheduled], shard: ShardAtRisk, *, load: Load | None = None) -> Prediction:
    planned = [fault if isinstance(fault, Scheduled) else Scheduled(fault=fault) for fault in faults]
    return predict_shard(planned, shard, load=load)


@pytest.mark.parametrize(
    ("pfail", "fail", "promoted", "switched"),
    [pytest.param(1201, 1399, 2121, 2121, id="first"), pytest.param(1134, 1526, 2598, 2598, id="second")],
)
def test_measured_failovers_are_within_the_bounds(pfail: int, fail: int, promoted: int, switched: int) -> None:
    bounds = {(bound.name, bound.origin): bound for bound in foretell([KILL], SHARD).bounds}
    for name, origin, ms in (
        ("sdown_at", "fault_at", pfail),
        ("odown_at", "sdown_at", fail - pfail),
        ("promoted_at", "odown_at", promoted - fail),
        ("first_switch_at", "promoted_at", switched - promoted),
        ("first_switch_at", "fault_at", switched),
    ):
        bound = bounds[name, origin]
        assert bound.lower_ms <= ms <= bound.upper_ms, bound


def test_the_master_is_that_of_the_first_shard() -> None:
    assert foretell([KILL], SHARD).failover is True
    assert foretell([KILL], SECOND) == Prediction(failover=False, because="no fault hits this shard's master")


def test_without_a_majority_of_masters_nobody_is_promoted() -> None:
    told = foretell([kill("master-majority")], SHARD)
    assert told.failover is False
    assert told.because == "only 1 of 3 masters are left to vote, no majority (2)"


def test_without_a_replica_nobody_is_promoted() -> None:
    told = foretell([kill("replica"), KILL], SHARD)
    assert (told.failover, told.because) == (False, "this shard has no replica left to promote")


def test_a_master_that_is_back_before_the_node_timeout_stays_master() -> None:
    told = foretell([kill("master", for_s=0.5)], SHARD)
    assert told.failover is False
    assert "before the node timeout of 1000 ms" in told.because


def test_a_master_that_is_back_after_it_may_or_may_not_be_replaced() -> None:
    assert foretell([kill("master", for_s=1.2)], SHARD).failover is None


def test_of_all_servers_gone_at_once_nothing_is_predicted() -> None:
    assert foretell([kill("every-server")], SHARD).failover is None
    packed = replace(SHARD, co_located={"redis-1": ("redis-2", "redis-3", "redis-4")})
    assert foretell([OFF], packed).failover is None


def test_with_its_node_a_pod_s_mates_go_whatever_their_shard() -> None:
    """redis-1 and redis-6 share a node: the shard of one fails over, that of the other has lost its replica."""
    pairs = {"redis-1": ("redis-6",), "redis-6": ("redis-1",)}
    third = replace(SHARD, master="redis-3", replicas=("redis-6",), co_located=pairs)
    assert foretell([OFF], replace(SHARD, co_located=pairs)).failover is True
    assert foretell([OFF], third) == Prediction(failover=False, because="no fault hits this shard's master")
    by_its_mate = stop_node("redis-6")
    assert foretell([by_its_mate], replace(SHARD, co_located=pairs)).failover is True
    assert foretell([kill("redis-6")], replace(SHARD, co_located=pairs)).failover is False


def test_the_replica_is_that_of_the_first_shard_and_takes_masters_of_others_along() -> None:
    off = stop_node("replica")
    assert foretell([off], replace(SECOND, co_located={"redis-4": ("redis-2",)})).failover is True
    assert foretell([kill("replica")], SECOND).failover is False


def test_a_node_with_two_masters_of_three_takes_the_majority_along() -> None:
    """Until it is powered on again: then the one that is back first votes for the replica of the other, as was seen."""
    told = foretell([OFF], replace(SHARD, co_located={"redis-1": ("redis-2",)}))
    assert told.failover is None
    assert told.because == (
        "only 1 of 3 masters are left to vote, no majority (2); once the node is back, some start before others, "
        "and may replace them"
    )


def test_a_node_with_master_and_replica_of_a_shard_leaves_nobody_to_promote() -> None:
    told = foretell([OFF], replace(SHARD, co_located={"redis-1": ("redis-4",)}))
    assert told.failover is None
    assert told.because.startswith("this shard has no replica left to promote; ")


def test_a_pod_by_name_is_hit_whatever_its_shard() -> None:
    assert foretell([kill("redis-2")], SECOND).failover is True


def test_each_replica_with_newer_data_costs_a_second_more() -> None:
    def latest_ms(shard: ShardAtRisk) -> float:
        return next(bound.upper_ms for bound in foretell([KILL], shard).bounds if bound.name == "promoted_at")

    assert latest_ms(replace(SHARD, replicas=("redis-4", "redis-7"))) - latest_ms(SHARD) == 1000


def test_clients_that_cannot_reach_their_master_are_bounded_and_those_of_an_isolated_one_are_not() -> None:
    isolated = isolate("master")
    assert "first_write_at" in {bound.name for bound in foretell([KILL], SHARD, load=Load()).bounds}
    assert "first_write_at" not in {bound.name for bound in foretell([isolated], SHARD, load=Load()).bounds}


def test_an_election_that_came_to_nothing_is_repeated_after_four_node_timeouts_and_four_seconds_at_least() -> None:
    assert foretell([KILL], SHARD).retry_ms == 4000
    assert foretell([KILL], replace(SHARD, node_timeout_ms=5000.0)).retry_ms == 20000


def test_nodes_that_stand_by_are_in_no_shard() -> None:
    growing, plain = (first_shard(topology, topology.profile("fast")) for topology in (CLUSTER_GROWING, CLUSTER))
    assert growing == plain


def test_growing_fells_nobody() -> None:
    found = foretell([grow("redis-7")], SHARD)
    assert (found.failover, found.because) == (False, "no fault hits this shard's master")


def test_masters_that_are_back_before_the_shard_s_is_lost_can_vote() -> None:
    two = (kill("redis-2", for_s=2.0), kill("redis-3", for_s=2.0))

    assert foretell((*two, Scheduled(fault=KILL, after_s=3.0)), SHARD).failover is True
    assert foretell((*two, KILL), SHARD).failover is None
    assert foretell((kill("redis-2"), kill("redis-3"), KILL), SHARD).failover is False


def test_what_is_lost_once_the_election_is_over_makes_no_difference() -> None:
    assert foretell((KILL, Scheduled(fault=kill("redis-4"), after_s=30.0)), SHARD).failover is True
    assert foretell((KILL, kill("redis-4")), SHARD).failover is False
