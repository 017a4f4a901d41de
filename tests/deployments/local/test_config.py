"""The files that a server is started with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from redis_resilience.deployments.local.config import Where, hosts, names_resolve, redis_config, sentinel_config
from redis_resilience.topologies.catalogue import SIDECAR, STATEFULSET

FAST = SIDECAR.profile("fast")
PLAIN = Where(bind="10.77.0.10")
SHARED = Where(bind="127.77.0.1", announce="127.77.0.1", source="127.77.0.1")


def test_a_master_listens_where_it_is_told_and_replicates_nobody() -> None:
    lines = redis_config(SIDECAR, FAST, PLAIN, Path("/data")).splitlines()
    assert {"port 6379", "bind 10.77.0.10", "protected-mode no", 'dir "/data"'} <= set(lines)
    assert not [line for line in lines if line.startswith(("replicaof", "replica-announce-ip", "bind-source-addr"))]


def test_a_replica_names_its_master() -> None:
    assert "replicaof redis-0.redis 6379\n" in redis_config(SIDECAR, FAST, PLAIN, Path("/data"), master="redis-0.redis")


def test_nothing_is_saved_unless_the_topology_says_so() -> None:
    assert 'save ""\n' in redis_config(SIDECAR, FAST, PLAIN, Path("/data"))
    text = redis_config(STATEFULSET, FAST, PLAIN, Path("/data"))
    assert [line for line in text.splitlines() if line.startswith("save")] == [
        "save 3600 1",
        "save 300 100",
        "save 60 10000",
    ]


def test_a_server_that_shares_a_network_speaks_and_is_known_from_its_own_address() -> None:
    lines = redis_config(SIDECAR, FAST, SHARED, Path("/data")).splitlines()
    assert {"bind-source-addr 127.77.0.1", "replica-announce-ip 127.77.0.1"} <= set(lines)
    text = sentinel_config(SIDECAR, FAST, SHARED, Path("/s"), master="127.77.0.1", names=False)
    assert "sentinel announce-ip 127.77.0.1\n" in text


def test_a_directory_with_blanks_and_quotes_stays_one_word() -> None:
    assert 'dir "/a b/\\"c\\""\n' in redis_config(SIDECAR, FAST, PLAIN, Path('/a b/"c"'))


def test_a_sentinel_monitors_with_the_profile_s_times() -> None:
    text = sentinel_config(SIDECAR, FAST, PLAIN, Path("/s"), master="redis-0.redis", names=True)
    assert "sentinel monitor mymaster redis-0.redis 6379 2\n" in text
    assert "sentinel down-after-milliseconds mymaster 1000\n" in text
    assert "sentinel failover-timeout mymaster 3000\n" in text
    assert "sentinel parallel-syncs mymaster 1\n" in text
    assert "sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n" in text


def test_where_names_do_not_resolve_a_sentinel_is_not_told_to_use_them() -> None:
    assert "hostnames" not in sentinel_config(SIDECAR, FAST, PLAIN, Path("/s"), master="127.77.0.1", names=False)


def test_names_are_used_only_where_the_topology_asks_for_it() -> None:
    assert names_resolve(SIDECAR)
    assert not names_resolve(STATEFULSET)
    assert not names_resolve(replace(SIDECAR, sentinel_config=(("resolve-hostnames", "no"),)))


def test_hosts_know_a_pod_by_its_name_and_under_its_service() -> None:
    text = hosts(SIDECAR, [("redis-0", "10.77.0.10"), ("redis-1", "10.77.0.13")])
    assert (
        text == "127.0.0.1 localhost\n10.77.0.10 redis-0.redis redis-0 redis\n10.77.0.13 redis-1.redis redis-1 redis\n"
    )
