"""Three habits of redis-py that spoil a measurement, each shown on a real connection, and the probe without them.

They serve applications well; a client that measures must not have them. Named C1 to C3 in the notes on correctness.
"""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING
from unittest.mock import Mock

import hiredis
import pytest
import redis as redis_py
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.operations import Cause, key_text
from redis_resilience.model.plan import Load, Writers

if TYPE_CHECKING:
    from tests.probe.conftest import Bench, StartRedis

pytestmark = pytest.mark.local

ONCE = Retry(NoBackoff(), 0)


class Swallower(socketserver.ThreadingTCPServer):
    """Takes every SET and closes the connection without a reply: each client is left not knowing."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Swallow)
        self.taken: Counter[bytes] = Counter()


class _Swallow(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Swallower)
        reader = hiredis.Reader(notEnoughData=())
        while data := self.request.recv(4096):
            reader.feed(data)
            while command := reader.gets():
                if command[0] == b"SET":
                    self.server.taken[command[1]] += 1
                    return
                self.request.sendall(b"+OK\r\n")


@pytest.fixture
def swallower() -> Iterator[Swallower]:
    with Swallower() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def load(bench: Bench, target: str, servers: dict[str, Endpoint]) -> None:
    bench.probe.watch(servers=servers, sentinels={}, master_name="mymaster")
    bench.probe.open(bench.folder, "t")
    bench.probe.start_load(Load(writers=(Writers(target=target, count=1, rate=100),)))


def test_c1_redis_py_sends_an_ambiguous_write_again(swallower: Swallower, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call of set() is carried out many times over; the pauses in between are left out here."""
    monkeypatch.setattr("redis.retry.sleep", Mock())
    client = redis_py.Redis("127.0.0.1", swallower.server_address[1], protocol=2)

    with pytest.raises(redis_py.ConnectionError):
        client.set("key", "value")
    client.close()

    assert swallower.taken[b"key"] > 1


def test_c1_the_probe_sends_each_write_once(bench: Bench, swallower: Swallower) -> None:
    load(bench, "redis-0", {"redis-0": Endpoint("127.0.0.1", swallower.server_address[1])})
    bench.eventually(lambda: bench.probe.status().info >= 20, "writes are left unanswered")
    bench.probe.stop_load()
    bench.probe.close()

    closed = bench.records()[bench.records()["cause"] == Cause.CLOSED]
    sent = [key_text("t", key).encode() for key in closed["key"].tolist()]
    assert swallower.taken == Counter(sent)
    assert len(set(closed["client"].tolist())) == len(closed)


def test_c1_the_probe_does_not_hide_a_dead_port(bench: Bench, redis: StartRedis) -> None:
    """Every operation that was due while nothing listened is in the history, refused within its own instant."""
    server = redis()
    server.kill()
    load(bench, "redis-0", {"redis-0": server.endpoint})
    bench.eventually(lambda: bench.probe.status().failed >= 20, "operations are refused")
    bench.probe.stop_load()
    bench.probe.close()

    assert bench.causes().keys() == {Cause.REFUSED}


def test_c2_redis_py_calls_a_read_only_reply_a_broken_connection(bench: Bench, redis: StartRedis) -> None:
    """The same replica answers READONLY to both: ambiguous and retried there, a definite failure here."""
    master = redis()
    replica = redis("--replicaof", master.endpoint.host, str(master.endpoint.port))
    sentinel = redis(sentinel_of=replica.endpoint)
    asking = Sentinel([(sentinel.endpoint.host, sentinel.endpoint.port)])
    client = asking.master_for("mymaster", retry=ONCE)
    with pytest.raises(redis_py.ConnectionError, match="The previous master is now a slave") as raised:
        client.set("key", "value")
    assert not isinstance(raised.value, redis_py.ReadOnlyError)
    client.close()
    for one in asking.sentinels:
        one.close()

    load(bench, "redis-1", {"redis-0": master.endpoint, "redis-1": replica.endpoint})
    bench.eventually(lambda: bench.probe.status().failed >= 10, "writes are refused")
    bench.probe.stop_load()
    bench.probe.close()

    assert bench.causes().keys() == {Cause.READONLY}
    assert bench.probe.status().info == 0


def test_c3_redis_py_reads_from_the_master_where_no_replica_is_left(bench: Bench, redis: StartRedis) -> None:
    """Asked for a replica, it returns the master; the probe reads from the server it names, or says that it did not."""
    master, replica = redis(), redis()
    replica.kill()
    sentinel = redis(sentinel_of=master.endpoint)
    asking = Sentinel([(sentinel.endpoint.host, sentinel.endpoint.port)])
    client = asking.slave_for("mymaster", retry=ONCE, protocol=2)
    assert client.execute_command("ROLE")[0] in (b"master", "master")
    client.close()
    for one in asking.sentinels:
        one.close()

    load(bench, "redis-1", {"redis-0": master.endpoint, "redis-1": replica.endpoint})
    bench.eventually(lambda: bench.probe.status().failed >= 10, "operations are refused")
    bench.probe.stop_load()
    bench.probe.read_back()
    bench.probe.close()

    assert bench.causes().keys() == {Cause.REFUSED}
    assert [file.name for file in sorted((bench.folder / "finals").iterdir())] == ["redis-0.json", "redis-0.npy"]
    assert bench.heard("unread", server="redis-1")
