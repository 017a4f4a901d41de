"""A trial's own keys are deleted, and no other client's."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from typing import TYPE_CHECKING

import pytest

from redis_resilience.model.access import NO_LOGIN
from redis_resilience.model.operations import key_text
from redis_resilience.probe.sweep import sweep_server
from redis_resilience.probe.wire import NoReply, Wire

if TYPE_CHECKING:
    from tests.probe.conftest import StartRedis

pytestmark = pytest.mark.local


def sweep(endpoint):
    return asyncio.run(sweep_server(endpoint, trial="0000beef", login=NO_LOGIN))


def test_exactly_the_written_keys_go(redis: StartRedis) -> None:
    """Others stay: the user's, another trial's, and those under the prefix that this harness never writes."""
    server = redis()
    for number in range(3000):
        server.ask(f"SET {key_text('0000beef', number)} {number}") if number % 100 == 0 else None
    kept = ["user:1 x", "rr:0000cafe:000000000001 1", "rr:0000beef:note x", f"{key_text('0000beef', 7)} other"]
    for pair in kept:
        server.ask(f"SET {pair}")

    swept = sweep(server.endpoint)

    assert swept is not None
    assert (swept.deleted, swept.left) == (30, 2)
    assert server.ask("DBSIZE") == f":{len(kept)}"
    assert all(server.ask(f"EXISTS {pair.partition(' ')[0]}") == ":1" for pair in kept)


def test_a_node_of_a_cluster_gives_up_keys_of_many_slots(redis: StartRedis) -> None:
    """It refuses any command with keys of several slots."""
    with socket.socket() as bus:
        bus.bind(("127.0.0.1", 0))
        port = bus.getsockname()[1]
    server = redis("--cluster-enabled", "yes", "--cluster-port", str(port))
    assert server.ask("CLUSTER ADDSLOTSRANGE 0 16383") == "+OK"
    deadline = time.monotonic() + 30
    while server.ask(f"SET {key_text('0000beef', 0)} 0") != "+OK":
        assert time.monotonic() < deadline, "waited 30 s for a cluster of one node; it takes no key"
    for number in range(1, 20):
        server.ask(f"SET {key_text('0000beef', number)} {number}")
    server.ask(f"SET {key_text('0000beef', 7)} other")

    swept = sweep(server.endpoint)

    assert swept is not None
    assert (swept.deleted, swept.left) == (19, 1)
    assert server.ask("DBSIZE") == ":1"


def test_a_replica_is_left_to_its_master(redis: StartRedis) -> None:
    """It would refuse; what its master deletes, it deletes too."""
    master = redis()
    replica = redis("--replicaof", master.endpoint.host, str(master.endpoint.port))

    assert sweep(replica.endpoint) is None


def test_a_password_is_never_told() -> None:
    """The text of a missing reply ends up in histories, logs and messages."""

    async def call() -> None:
        wire = Wire()
        wire.write = lambda _: None
        await wire.call("AUTH", "open-sesame", within_s=0.01)

    with pytest.raises(NoReply) as told:
        asyncio.run(call())

    assert re.fullmatch("no reply to AUTH within 10 ms", str(told.value))
