"""What becomes of operations on real servers that are killed, stopped, read-only or silent."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import Event, Lookup
from redis_resilience.model.operations import ABSENT, KEY_DIGITS, Cause, Kind, Result, key_text
from redis_resilience.model.plan import Load, Writers
from redis_resilience.probe import writers
from redis_resilience.probe.directory import Directory
from redis_resilience.probe.recorder import Recorder
from redis_resilience.probe.routing import Fixed, Unrouted
from redis_resilience.probe.wire import pack

if TYPE_CHECKING:
    from tests.probe.conftest import Bench, RedisProcess, StartRedis

pytestmark = pytest.mark.local


@pytest.mark.parametrize("trial", ["t", "100 %d done", "ü"])
@pytest.mark.parametrize("key", [0, 9, 10, 1_234_567, 10**KEY_DIGITS - 1])
def test_commands_are_those_that_hiredis_packs(tmp_path: Path, trial: str, key: int) -> None:
    book = writers.Shared(Recorder(tmp_path, trial, pytest.fail), Directory(), pytest.fail)
    name = key_text(trial, key)

    assert book.set_command(key) == pack(("SET", name, str(key), "NX"))
    assert book.get_command(key) == pack(("GET", name))


def begin(bench: Bench, servers: Mapping[str, RedisProcess], *groups: Writers) -> None:
    bench.probe.watch(
        servers={name: server.endpoint for name, server in servers.items()},
        sentinels={},
        master_name="mymaster",
    )
    bench.probe.open(bench.folder, "t")
    bench.probe.start_load(Load(writers=groups))


def acknowledged(bench: Bench, count: int) -> None:
    bench.eventually(lambda: bench.probe.status().acknowledged >= count, f"{count} writes are acknowledged")


def test_every_operation_has_one_record_with_unique_key_and_ordered_stamps(bench: Bench, redis: StartRedis) -> None:
    begin(bench, {"redis-0": redis()}, Writers(target="redis-0", count=3, rate=500))
    acknowledged(bench, 100)
    status = bench.probe.stop_load()
    bench.probe.close()

    records = bench.records()
    assert len(records) == status.issued
    assert np.unique(records["key"]).tolist() == list(range(len(records)))
    sent = records[records["outcome"] == Result.OK]
    assert (sent["due_ns"] <= sent["call_ns"]).all()
    assert (sent["call_ns"] < sent["return_ns"]).all()
    assert set(sent["client"].tolist()) == {1, 2, 3}
    assert set(sent["server"].tolist()) == {0}
    assert bench.heard("connected", server="redis-0", connection=3)


def test_as_fast_as_replies_come_each_client_has_one_request_in_flight(bench: Bench, redis: StartRedis) -> None:
    begin(bench, {"redis-0": redis()}, Writers(target="redis-0", count=2, rate=0))
    acknowledged(bench, 2000)
    bench.probe.stop_load()
    bench.probe.close()

    records = bench.records()
    for client in (1, 2):
        own = np.sort(records[records["client"] == client], order="call_ns")
        assert (own["call_ns"][1:] >= own["return_ns"][:-1]).all()


class Named(Fixed):
    """A place named by a source that can be doubted."""

    doubts = 0
    named: Endpoint | None = None

    async def find(self) -> Endpoint:
        return self.named or await super().find()

    def doubted(self) -> None:
        self.doubts += 1


def lonely(target: str, told: list[Event]) -> tuple[writers.Writer, Named]:
    """A writer of which nothing is recorded, on its way to a server that is not watched."""
    recorder = SimpleNamespace(operation=lambda **_: None, trial="t")
    book = writers.Shared(recorder, Directory(), told.append)  # type: ignore[arg-type]  # nothing of it is recorded
    habits = writers.Habits(timeout_ms=100, reconnect_ms=10, member=2, members=4, closed=False)
    route = Named(target, book.directory)
    return writers.Writer(book, route, habits), route


def test_a_long_wait_for_the_resolver_is_told_with_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Lookup] = []
    monkeypatch.setattr(writers, "SLOW_LOOKUP_NS", -1)  # any is long
    writer, _ = lonely("no-such-name.invalid", told)

    with pytest.raises(Unrouted, match=r"no-such-name\.invalid was not resolved"):
        asyncio.run(writer._reach())

    (lookup,) = told
    assert (lookup.client, lookup.name) == (3, "no-such-name.invalid")
    assert 0 < lookup.since_ns < lookup.at_ns


def test_whoever_named_a_place_that_cannot_be_reached_is_doubted() -> None:
    """Seen: a recreated node sent clients to its own old address, and each of them believed it for good."""
    writer, route = lonely("no-such-name.invalid", [])

    with pytest.raises(Unrouted):
        asyncio.run(writer._reach())

    assert route.doubts == 1


def stop_with_requests_in_flight(bench: Bench, server: RedisProcess) -> None:
    """Some turns of every client later each has one; a client that was busy for a moment before does not count."""
    before = bench.probe.status().failed
    server.signal(signal.SIGSTOP)
    bench.eventually(lambda: bench.probe.status().failed >= before + 8, "the clients are busy")


@pytest.mark.parametrize(("known", "server"), [(("redis-0", "redis-1"), "redis-0"), (("redis-1",), "redis-1")])
def test_a_connection_is_to_the_server_at_its_address_whoever_was_meant(
    redis: StartRedis, known: tuple[str, ...], server: str
) -> None:
    """Seen: a node that did not know where redis-1 is sent its clients to itself. The id names an unknown address."""
    there = redis().endpoint
    writer, route = lonely("", [])
    directory = writer._book.directory
    directory.replace({name: there if name == "redis-0" else replace(there, port=1) for name in known})
    directory.learn_id("b", "redis-1")
    route.node_id, route.named = "b", there

    async def reached() -> int:
        line = await writer._reach()
        line.give_up()
        return line.server

    assert directory.name(asyncio.run(reached())) == server


def test_a_killed_server_leaves_info_in_flight_then_refused_and_a_new_identity(bench: Bench, redis: StartRedis) -> None:
    """The server is stopped first, so that every client has a request in flight when it dies."""
    server = redis()
    begin(bench, {"redis-0": server}, Writers(target="redis-0", count=2, rate=200))
    acknowledged(bench, 20)
    stop_with_requests_in_flight(bench, server)
    server.kill()
    bench.eventually(lambda: bench.heard("server-down"), "the watcher lost the server")
    failed = bench.probe.status().failed
    bench.eventually(lambda: bench.probe.status().failed > failed + 5, "operations are refused")
    before = bench.probe.status().acknowledged
    server.launch()
    acknowledged(bench, before + 20)
    bench.probe.stop_load()
    bench.probe.close()

    records = bench.records()
    closed = records[records["cause"] == Cause.CLOSED]
    assert sorted(closed["client"].tolist()) == [1, 2]
    assert (closed["return_ns"] == 0).all()
    refused = records[records["cause"] == Cause.REFUSED]
    assert (refused["call_ns"] == refused["return_ns"]).all()
    assert (refused["connection"] == 0).all()
    last_ok = records[records["outcome"] == Result.OK][-2:]
    assert set(last_ok["client"].tolist()) == {3, 4}


def test_a_stopped_server_costs_one_time_out_a_client_and_the_connection(bench: Bench, redis: StartRedis) -> None:
    server = redis()
    begin(bench, {"redis-0": server}, Writers(target="redis-0", count=2, rate=200, timeout_ms=100))
    acknowledged(bench, 20)
    server.signal(signal.SIGSTOP)
    bench.eventually(lambda: bench.probe.status().info >= 2, "operations time out")
    server.signal(signal.SIGCONT)
    before = bench.probe.status().acknowledged
    acknowledged(bench, before + 20)
    bench.probe.stop_load()
    bench.probe.close()

    records = bench.records()
    timed_out = records[records["cause"] == Cause.TIMEOUT]
    assert len(set(timed_out["connection"].tolist())) == len(timed_out)
    assert len(set(timed_out["client"].tolist())) == len(timed_out)
    after = records[(records["outcome"] == Result.OK) & (records["call_ns"] > timed_out["call_ns"].max())]
    assert not set(after["connection"].tolist()) & set(timed_out["connection"].tolist())


def test_operations_due_while_one_is_in_flight_are_busy_not_queued(bench: Bench, redis: StartRedis) -> None:
    server = redis()
    begin(bench, {"redis-0": server}, Writers(target="redis-0", count=1, rate=200, timeout_ms=5000))
    acknowledged(bench, 10)
    server.signal(signal.SIGSTOP)
    bench.eventually(lambda: bench.probe.status().failed >= 20, "operations find the client busy")
    server.signal(signal.SIGCONT)
    acknowledged(bench, bench.probe.status().acknowledged + 10)
    bench.probe.stop_load()
    bench.probe.close()

    records = bench.records()
    busy = records[records["cause"] == Cause.WAITING]
    assert len(busy) >= 20
    assert (busy["call_ns"] == busy["return_ns"]).all()
    assert bench.causes().keys() == {Cause.NONE}


def test_stop_load_waits_for_what_is_in_flight(bench: Bench, redis: StartRedis) -> None:
    server = redis()
    begin(bench, {"redis-0": server}, Writers(target="redis-0", count=1, rate=100, timeout_ms=1000))
    acknowledged(bench, 5)
    stop_with_requests_in_flight(bench, server)
    status = bench.probe.stop_load()
    bench.probe.close()

    assert status.info == 1
    assert bench.causes()[Cause.TIMEOUT] == 1


def test_closing_the_history_under_a_load_leaves_its_operations_unfinished(bench: Bench, redis: StartRedis) -> None:
    server = redis()
    begin(bench, {"redis-0": server}, Writers(target="redis-0", count=1, rate=100, timeout_ms=60_000))
    acknowledged(bench, 5)
    stop_with_requests_in_flight(bench, server)
    bench.probe.close()

    assert bench.causes()[Cause.UNFINISHED] == 1


def test_a_replica_pinned_by_name_refuses_every_write_on_one_connection(bench: Bench, redis: StartRedis) -> None:
    master = redis()
    replica = redis("--replicaof", master.endpoint.host, str(master.endpoint.port))
    begin(bench, {"redis-0": master, "redis-1": replica}, Writers(target="redis-1", count=1, rate=200))
    bench.eventually(lambda: bench.probe.status().failed >= 20, "writes are refused")
    bench.probe.stop_load()
    bench.probe.close()

    assert bench.causes().keys() == {Cause.READONLY}
    assert set(bench.records()["connection"].tolist()) == {1}
    assert not bench.probe.status().acknowledged


def test_a_key_that_exists_shows_as_taken(bench: Bench, redis: StartRedis) -> None:
    server = redis()
    server.ask("SET rr:t:000000000000 foreign")
    begin(bench, {"redis-0": server}, Writers(target="redis-0", count=1, rate=100))
    acknowledged(bench, 5)
    bench.probe.stop_load()
    bench.probe.close()

    assert bench.causes()[Cause.TAKEN] == 1


def test_a_pinned_client_follows_its_server_to_a_new_endpoint(bench: Bench, redis: StartRedis) -> None:
    first, second = redis(), redis()
    begin(bench, {"redis-0": first}, Writers(target="redis-0", count=1, rate=100))
    acknowledged(bench, 5)
    bench.probe.watch(servers={"redis-0": second.endpoint}, sentinels={}, master_name="mymaster")
    first.kill()
    bench.eventually(lambda: bench.heard("connected", address=str(second.endpoint)), "the client moved")


def test_a_full_server_is_a_definite_failure(bench: Bench, redis: StartRedis) -> None:
    begin(bench, {"redis-0": redis("--maxmemory", "1")}, Writers(target="redis-0", count=1, rate=100))
    bench.eventually(lambda: bench.probe.status().failed >= 5, "writes are refused")
    bench.probe.stop_load()
    bench.probe.close()

    assert bench.causes().keys() == {Cause.OOM}


@pytest.mark.local
def test_readers_record_what_each_key_held(bench: Bench, redis: StartRedis) -> None:
    """Only keys that were written, except the first; of a write that was acknowledged before, its own number."""
    readers = Writers(target="redis-0", count=2, rate=300, kind="read")
    begin(bench, {"redis-0": redis()}, Writers(target="redis-0", count=2, rate=300), readers)
    acknowledged(bench, 100)
    bench.probe.stop_load()
    bench.probe.close()

    rows = bench.records()
    writes, reads = rows[rows["kind"] == Kind.WRITE], rows[(rows["kind"] == Kind.READ) & (rows["outcome"] == Result.OK)]
    told = dict(zip(writes["key"].tolist(), writes["return_ns"].tolist(), strict=True))
    after = reads[[told[key] < call for key, call in reads[["key", "call_ns"]].tolist()]]
    assert len(after) > 30
    assert (after["value"].astype(np.uint64) == after["key"]).all()
    assert (writes["value"].astype(np.uint64) == writes["key"]).all()
    assert set(reads["client"].tolist()) == {3, 4}
    assert set(reads["value"].tolist()) <= {ABSENT, *reads["key"].tolist()}
    assert bench.probe.status().issued == len(writes)


def test_a_client_that_waits_for_replicas_has_acknowledged_what_they_have(bench: Bench, redis: StartRedis) -> None:
    """While there is one; once it is gone, the master has the writes and no result is known."""
    master = redis("--repl-diskless-sync-delay", "0")
    replica = redis("--replicaof", "127.0.0.1", str(master.endpoint.port))
    begin(bench, {"redis-0": master}, Writers(target="redis-0", count=1, rate=50, timeout_ms=400, wait=1))
    acknowledged(bench, 20)
    replica.kill()
    bench.eventually(lambda: bench.probe.status().info >= 3, "writes without a replica are info")
    bench.probe.stop_load()
    bench.probe.close()

    rows = bench.records()
    without = rows[rows["cause"] == Cause.UNREPLICATED]
    assert len(without) >= 3
    assert set(without["outcome"].tolist()) == {Result.INFO}
    assert (without["return_ns"] - without["call_ns"] >= 190_000_000).all(), "WAIT is given half of the time-out"
    assert (rows["return_ns"] >= rows["call_ns"]).all()


def test_a_refused_write_is_not_waited_for(bench: Bench, redis: StartRedis) -> None:
    begin(bench, {"redis-0": redis("--maxmemory", "1")}, Writers(target="redis-0", count=1, rate=100, wait=1))
    bench.eventually(lambda: bench.probe.status().failed >= 5, "writes are refused")
    bench.probe.stop_load()
    bench.probe.close()

    assert bench.causes().keys() == {Cause.OOM}


def test_a_client_of_an_entrance_leaves_a_replica_and_connects_again(bench: Bench, redis: StartRedis) -> None:
    """As behind a Service that leads to whichever pod; who is behind it is known before anything is written."""
    master = redis()
    replica = redis("--replicaof", master.endpoint.host, str(master.endpoint.port))
    begin(bench, {"redis-0": master, "redis-1": replica}, Writers(target=str(replica.endpoint), count=1, rate=200))
    bench.eventually(lambda: bench.probe.status().failed >= 20, "writes are refused")
    replica.ask("REPLICAOF NO ONE")
    acknowledged(bench, 20)
    bench.probe.stop_load()
    bench.probe.close()

    records = bench.records()
    refused = records[records["cause"] == Cause.READONLY]
    assert len(set(refused["connection"].tolist())) == len(refused) >= 3
    assert set(records[records["cause"] == Cause.NONE]["server"].tolist()) == {1}


def test_an_entrance_to_a_server_that_is_not_watched_takes_no_write(bench: Bench, redis: StartRedis) -> None:
    """What it acknowledged could not be accounted for."""
    server, stranger = redis(), redis()
    begin(bench, {"redis-0": server}, Writers(target=str(stranger.endpoint), count=1, rate=100))
    bench.eventually(lambda: bench.probe.status().failed >= 20, "writes are not sent")
    bench.probe.stop_load()
    bench.probe.close()

    assert bench.causes().keys() <= {Cause.REFUSED, Cause.NO_MASTER}
    assert stranger.ask("DBSIZE") == ":0"
