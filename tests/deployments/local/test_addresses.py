"""An address is given once, a block of loopback addresses to one deployment at a time."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from redis_resilience.deployments.local import addresses
from redis_resilience.deployments.local.addresses import Addresses, claim_loopback_block, namespace_addresses
from redis_resilience.model.errors import DeploymentError


@pytest.fixture(autouse=True)
def out_of_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that no deployment of another test uses at this moment."""
    monkeypatch.setattr(addresses, "_LOOPBACK_BASE", IPv4Address("127.99.0.0"))


def test_no_address_is_given_twice() -> None:
    given = namespace_addresses()
    taken = [given.take() for _ in range(1000)]
    assert len(set(taken)) == 1000
    assert given.gateway not in taken


def test_a_block_that_is_used_up_says_so() -> None:
    block = Addresses(IPv4Address("127.99.0.0"), first=1, last=1)
    assert block.take() == "127.99.0.1"
    with pytest.raises(DeploymentError, match=r"all up to 127\.99\.0\.1 were given to pods already"):
        block.take()


def test_two_deployments_get_different_blocks(tmp_path: Path) -> None:
    one, other = claim_loopback_block(3, tmp_path), claim_loopback_block(3, tmp_path)
    assert one.take().rpartition(".")[0] != other.take().rpartition(".")[0]
    one.release()
    other.release()


def test_a_released_block_is_given_again(tmp_path: Path) -> None:
    block = claim_loopback_block(3, tmp_path)
    first = block.take()
    block.release()
    block.release()
    again = claim_loopback_block(3, tmp_path)
    assert again.take() == first
    again.release()


def test_a_block_with_a_port_in_use_is_passed_over(tmp_path: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.99.0.2", 26379))
        squatter.listen()
        block = claim_loopback_block(3, tmp_path)
        assert block.take() == "127.99.1.1"
        block.release()


def test_when_nothing_is_free_the_first_and_last_reasons_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_LOOPBACK_BLOCKS", 2)
    held = claim_loopback_block(3, tmp_path)
    with socket.socket() as squatter:
        squatter.bind(("127.99.1.1", 6379))
        squatter.listen()
        with pytest.raises(DeploymentError) as caught:
            claim_loopback_block(3, tmp_path)
    held.release()
    assert "all 2 are taken; first: 127.99.0.0: locked" in str(caught.value)
    assert "last: 127.99.1.1:6379 is EADDRINUSE" in str(caught.value)
