from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING

import hiredis
import numpy as np
import pytest
from redis import Redis

from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import Link, Role, ServerDown
from redis_resilience.model.records import NO_SERVER
from redis_resilience.probe.watchers import GIVE_UP_S, RoleTold, parse_role

if TYPE_CHECKING:
    from tests.probe.conftest import Bench, RedisProcess, StartRedis

MASTER = [b"master", 3129659, [[b"127.0.0.1", b"9001", b"3129242"], [b"127.0.0.1", b"9002", b"3129543"]]]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (MASTER, RoleTold(role=Role.MASTER, offset=3129659, replicas=2)),
        ([b"master", 0, []], RoleTold(role=Role.MASTER, offset=0)),
        (
            [b"slave", b"redis-0.redis", 6379, b"connected", 3167038],
            RoleTold(role=Role.REPLICA, offset=3167038, source=Endpoint("redis-0.redis", 6379), link=Link.CONNECTED),
        ),
        (
            [b"slave", b"10.0.0.1", 6379, b"handshake", -1],
            RoleTold(role=Role.REPLICA, offset=-1, source=Endpoint("10.0.0.1", 6379), link=Link.CONNECTING),
        ),
        ([b"sentinel", [b"mymaster"]], RoleTold(role=Role.OTHER)),
        (hiredis.ReplyError("LOADING Redis is loading"), RoleTold(role=Role.LOADING)),
        (hiredis.ReplyError("NOAUTH Authentication required."), RoleTold(role=Role.OTHER)),
        (None, RoleTold(role=Role.OTHER)),
    ],
)
def test_a_role_is_read_from_the_raw_reply(reply: object, told: RoleTold) -> None:
    assert parse_role(reply) == told


def watch(
    bench: Bench, servers: Mapping[str, RedisProcess], sentinels: Mapping[str, RedisProcess] | None = None
) -> None:
    bench.probe.watch(
        servers={name: server.endpoint for name, server in servers.items()},
        sentinels={name: server.endpoint for name, server in (sentinels or {}).items()},
        master_name="mymaster",
    )


@pytest.mark.local
def test_a_restart_shows_as_down_and_up_with_another_run_id(bench: Bench, redis: StartRedis) -> None:
    server = redis()
    watch(bench, {"redis-0": server})
    bench.eventually(lambda: bench.heard("server-up"), "the server is reached")
    server.kill()
    bench.eventually(lambda: bench.heard("server-down"), "the server is lost")
    server.launch()
    bench.eventually(lambda: bench.probe.events()[-1].label == "server-up", "the server is reached again")

    up, down, again = bench.probe.events()
    assert up.run_id != again.run_id
    assert up.at_ns <= down.since_ns < down.at_ns <= again.since_ns < again.at_ns


def unreachable_s(bench: Bench) -> float:
    samples = bench.records("samples")
    away = samples["return_ns"][samples["role"] == Role.UNREACHABLE]
    return float(np.ptp(away)) / 1e9 if len(away) else 0.0


def connected_clients(server: RedisProcess) -> set[str]:
    """Numbers of the connections, without the one that asks."""
    with Redis(server.endpoint.host, server.endpoint.port) as client:
        own = str(client.client_id())
        return {str(each["id"]) for each in client.client_list()} - {own}


@pytest.mark.local
def test_a_hung_server_is_unreachable_interval_by_interval_on_one_connection(bench: Bench, redis: StartRedis) -> None:
    """For longer than a connection without a sign of the server's kernel is kept."""
    server = redis()
    watch(bench, {"redis-0": server})
    bench.probe.open(bench.folder, "t")
    bench.eventually(lambda: bench.heard("server-up"), "the server is reached")
    connections = connected_clients(server)
    server.signal(signal.SIGSTOP)
    bench.eventually(lambda: bench.heard("server-down"), "the server is found hanging")
    bench.eventually(lambda: unreachable_s(bench) > GIVE_UP_S + 0.1, "it stays unreachable")
    server.signal(signal.SIGCONT)
    bench.eventually(lambda: bench.probe.events()[-1].label == "server-up", "the server answers again")
    assert connected_clients(server) == connections != set()
    bench.probe.close()

    samples = bench.records("samples")
    away = samples[samples["role"] == Role.UNREACHABLE]
    assert np.diff(away["return_ns"]).max() < 0.5e9
    down = next(event for event in bench.probe.events() if isinstance(event, ServerDown))
    assert down.cause.startswith("no reply for ")


@pytest.mark.local
def test_samples_tell_whom_a_replica_follows_and_how_far_it_is(bench: Bench, redis: StartRedis) -> None:
    master = redis("--repl-diskless-sync-delay", "0")
    replica = redis("--replicaof", master.endpoint.host, str(master.endpoint.port))
    watch(bench, {"redis-0": replica, "redis-1": master})
    bench.probe.open(bench.folder, "t")
    bench.eventually(lambda: any(bench.records("samples")["link"] == Link.CONNECTED), "the replica's link is up")
    bench.eventually(lambda: any(bench.records("samples")["replicas"] == 1), "the master counts it")
    bench.probe.close()

    samples = bench.records("samples")
    linked = samples[samples["link"] == Link.CONNECTED]
    assert set(linked["server"].tolist()) == {0}
    assert set(linked["source"].tolist()) == {1}
    assert (linked["offset"] >= 0).all()
    masters = samples[samples["role"] == Role.MASTER]
    assert set(masters["source"].tolist()) == {NO_SERVER}
    assert (samples["call_ns"] < samples["return_ns"]).all()


@pytest.mark.local
def test_a_role_change_is_bracketed_by_two_samples(bench: Bench, redis: StartRedis) -> None:
    server, other = redis(), redis()
    watch(bench, {"redis-0": server})
    bench.eventually(lambda: bench.heard("server-up"), "the server is reached")
    server.ask(f"REPLICAOF {other.endpoint.host} {other.endpoint.port}")
    bench.eventually(lambda: bench.heard("role", before=Role.MASTER, role=Role.REPLICA), "the role changes")

    event = bench.probe.events()[-1]
    assert 0 < event.since_ns < event.at_ns


@pytest.mark.local
def test_a_sentinel_is_heard_and_its_end_is_told(bench: Bench, redis: StartRedis) -> None:
    server = redis()
    sentinel = redis(sentinel_of=server.endpoint)
    watch(bench, {}, {"redis-0": sentinel})
    bench.eventually(lambda: bench.heard("sentinel-up", sentinel="redis-0"), "the Sentinel is reached")
    sentinel.ask("SENTINEL SET mymaster quorum 2")
    bench.eventually(lambda: bench.heard("+set"), "the Sentinel tells of its new setting")
    sentinel.kill()
    bench.eventually(lambda: bench.heard("sentinel-down", sentinel="redis-0"), "the Sentinel is lost")

    told = next(event for event in bench.probe.events() if event.label == "+set")
    assert told.source == "sentinel:redis-0"
    assert told.words.endswith("quorum 2")


@pytest.mark.local
def test_a_history_begins_with_who_is_up(bench: Bench, redis: StartRedis) -> None:
    watch(bench, {"redis-0": redis()})
    bench.eventually(lambda: bench.heard("server-up"), "the server is reached")
    bench.probe.open(bench.folder, "t")
    bench.eventually(lambda: bench.heard("server-up"), "it is told again")

    assert b'"server-up"' in (bench.folder / "events.jsonl").read_bytes()
