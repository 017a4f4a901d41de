"""The rules of a partition as text, and the program that loads them."""

from __future__ import annotations

import shutil

import pytest

from redis_resilience.deployments.local.partition import find_nft, ruleset
from redis_resilience.model.errors import Unavailable

ADDRESSES = {"redis-0": "10.77.0.10", "redis-1": "10.77.0.11", "redis-2": "10.77.0.12"}


def drops(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.endswith("drop")]


def test_a_cut_pair_is_dropped_both_ways_and_nobody_else() -> None:
    assert drops(ruleset([("redis-0", "redis-2"), ("redis-2", "redis-0")], ADDRESSES, (6379, 16379, 26379))) == [
        "ip saddr 10.77.0.10 ip daddr 10.77.0.12 drop",
        "ip saddr 10.77.0.12 ip daddr 10.77.0.10 drop",
    ]


def test_one_way_drops_the_connections_that_one_side_opens() -> None:
    """Requests and replies; what the other side opens has other ports."""
    assert drops(ruleset([("redis-0", "redis-2")], ADDRESSES, (6379, 16379, 26379))) == [
        "ip saddr 10.77.0.10 ip daddr 10.77.0.12 tcp dport { 6379, 16379, 26379 } drop",
        "ip saddr 10.77.0.12 ip daddr 10.77.0.10 tcp sport { 6379, 16379, 26379 } drop",
    ]


def test_without_a_cut_the_table_is_empty() -> None:
    assert drops(ruleset([], ADDRESSES, (6379, 16379, 26379))) == []


def test_a_pod_that_does_not_exist_has_no_rules() -> None:
    assert drops(ruleset([("redis-0", "gone"), ("gone", "redis-0")], ADDRESSES, (6379, 16379, 26379))) == []


def test_the_old_table_goes_in_the_same_transaction() -> None:
    """nft refuses to delete a table that is not there: naming it first makes it exist."""
    assert ruleset([], ADDRESSES, (6379, 16379, 26379)).startswith(
        "table bridge redis_resilience\ndelete table bridge redis_resilience\n"
    )


def test_without_nft_only_partitions_are_unavailable_and_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(Unavailable, match=r"expected the program nft for partitions; .* install the package nftables"):
        find_nft()


def test_the_rules_of_ipv6_addresses_are_ip6() -> None:
    rules = ruleset([("a", "b")], {"a": "fd77::a", "b": "fd77::b"}, (7379,))
    assert "ip6 saddr fd77::a ip6 daddr fd77::b tcp dport { 7379 } drop" in rules
    assert " ip saddr" not in rules
