"""Roles become containers of pods at the moment of the fault."""

from __future__ import annotations

import pytest

from redis_resilience.faults.target import MASTER, REPLICA, SENTINEL, SENTINEL_MAJORITY, View, places
from redis_resilience.model.errors import UsageError

PODS = ("redis-0", "redis-1", "redis-2")
VIEW = View(master="redis-1", replicas=("redis-2", "redis-0"), sentinels=PODS, members=PODS)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (MASTER, ["redis-1/redis"]),
        (REPLICA, ["redis-0/redis"]),
        (SENTINEL, ["redis-0/sentinel"]),
        (SENTINEL_MAJORITY, ["redis-0/sentinel", "redis-2/sentinel"]),
        ("redis-2", ["redis-2/redis"]),
        ("redis-1/sentinel", ["redis-1/sentinel"]),
    ],
)
def test_targets(target, expected):
    """A Sentinel is chosen away from the master's pod while there is another; a majority of four is three."""
    assert [str(place) for place in places(target, VIEW)] == expected


def test_a_majority_of_four_is_three():
    """Half is no majority."""
    view = View(master="a", replicas=(), sentinels=("a", "b", "c", "d"))

    assert len(places(SENTINEL_MAJORITY, view)) == 3


@pytest.mark.parametrize("target", ["redis-9", "nobody/redis", ""])
def test_a_target_that_is_nobody_is_said_with_who_there_is(target):
    """The message lists what could have been meant."""
    with pytest.raises(
        UsageError, match=r"expected a target of master, .*; got .* while master is redis-1, replicas redis-2"
    ):
        places(target, VIEW)


def test_without_a_master_nobody_is_hit():
    """A fault on a role that no pod has is an error, not a silent success."""
    with pytest.raises(UsageError, match="while master is unknown"):
        places(MASTER, View(master="", replicas=("redis-0",), sentinels=()))


@pytest.mark.parametrize("target", PODS)
def test_a_pod_is_hit_by_its_name_whatever_it_is(target):
    """One of two masters, or silent, its Sentinel dead: a pod that exists can be broken further."""
    of_two_masters = View(master="", replicas=(), sentinels=("redis-0",), members=PODS)

    assert [str(place) for place in places(target, of_two_masters)] == [f"{target}/redis"]


def test_a_pod_that_has_no_server_means_its_sentinel():
    view = View(master="a", replicas=("b",), sentinels=("a", "w"), members=("a", "b"), watching=("w",))

    assert [str(place) for pod in ("a", "w", "w/redis") for place in places(pod, view)] == [
        "a/redis", "w/sentinel", "w/redis",
    ]  # fmt: skip
