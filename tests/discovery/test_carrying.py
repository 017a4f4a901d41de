"""What was found becomes a topology that processes can run; what cannot be carried over is reported, or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from redis_resilience.discovery.carrying import Carried, carried
from redis_resilience.discovery.instances import instances
from redis_resilience.discovery.system import Answer, Monitored, System
from redis_resilience.discovery.systems import systems
from redis_resilience.model.cluster import parse_nodes
from redis_resilience.model.errors import UsageError
from redis_resilience.topologies.security import Encryption, SentinelPassword
from redis_resilience.topologies.topology import Boot, ControllerKind, Volume
from tests.discovery.objects import SENTINEL, Object, container, pod, trees

SETTINGS = {"dir": "/data", "appendonly": "yes", "save": "900 1 300 10", "repl-diskless-sync-delay": "5"}
CLAIM: Sequence[Object] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
ASKS = """
    master=$(redis-cli -p 26379 sentinel get-master-addr-by-name m | head -1)
    if [ -n "$master" ]; then exec redis-server --replicaof "$master" 6379; fi
"""


def _server(*command: str) -> Object:
    return container("redis", *(command or ("redis-server",)), volumeMounts=[{"name": "data", "mountPath": "/data"}])


def _pods(*names: str, server: Object | None = None, volumes: Sequence[Object] = CLAIM) -> list[Object]:
    return [pod(name, [server or _server(), SENTINEL], volumes=volumes) for name in names]


def _watching(**told: Any) -> Answer:
    master = Monitored(
        **{
            "name": "shop",
            "address": "10.0.0.1:6379",
            "quorum": 2,
            "down_after_ms": 5000,
            "failover_timeout_ms": 60000,
            "parallel_syncs": 1,
            "servers": ("r0", "r1", "r2"),
            "sentinels": ("s1", "s2"),
            **told,
        }
    )
    return Answer(run_id="s", role="sentinel", monitored=(master,), settings={"resolve-hostnames": "yes"})


def _answers(master: str, *replicas: str, sentinel: Answer | None = None, **same: Any) -> dict[str, Answer]:
    servers = {name: Answer(run_id=name, role="slave", version="Redis 8.0.2") for name in replicas}
    servers[master] = Answer(run_id=master, role="master", version="Redis 8.0.2")
    told = {f"{name}/redis": replace(answer, **{"settings": SETTINGS, **same}) for name, answer in servers.items()}
    return told | {f"{name}/sentinel": sentinel or _watching() for name in servers}


def _found(objects: Sequence[Object], answers: Mapping[str, Answer]) -> System:
    known = trees(*objects)
    (found,) = systems(known, instances(known), answers)
    return found


def _carried(objects: Sequence[Object], answers: Mapping[str, Answer], **asked: str) -> Carried:
    return carried(_found(objects, answers), name="mine", document="d", **asked)


NAMES = ("cache-0", "cache-1", "cache-10", "cache-2")


def test_roles_and_settings_are_those_that_were_found() -> None:
    """Pods by their numbers; the times of the Sentinels as `documented`, short ones as `fast`."""
    made = _carried(_pods(*NAMES), _answers("cache-1", "cache-0", "cache-2", "cache-10")).topology

    assert [each.name for each in made.pods] == ["cache-0", "cache-1", "cache-2", "cache-10"]
    assert made.pods[0].containers == ("redis", "sentinel")
    assert (made.master_name, made.quorum, made.parallel_syncs, made.volume) == ("shop", 2, 1, Volume.CLAIM)
    documented, fast = made.profiles
    assert (documented.name, documented.down_after_ms, documented.failover_timeout_ms) == ("documented", 5000, 60000)
    assert (documented.ping_ms, fast.name, fast.down_after_ms) == (0, "fast", 1000)
    assert made.sentinel_config == (("resolve-hostnames", "yes"),)
    assert [pair for pair in made.redis_config if pair[0] == "save"] == [("save", "900 1"), ("save", "300 10")]
    assert ("repl-diskless-sync-delay", "5") in made.redis_config


def test_a_server_that_writes_no_snapshots_says_so() -> None:
    made = _carried(_pods(*NAMES[:2]), _answers(*NAMES[:2], settings={"save": ""})).topology
    assert made.redis_config == (("save", '""'),)


@pytest.mark.parametrize(
    ("volumes", "folder", "kept"),
    [
        (CLAIM, "/data/redis", Volume.CLAIM),
        ([{"name": "data", "emptyDir": {}}], "/data", Volume.EMPTY_DIR),
        (CLAIM, "/database", Volume.CONTAINER),
    ],
)
def test_data_are_kept_where_the_server_says_it_writes(volumes: Sequence[Object], folder: str, kept: Volume) -> None:
    made = _carried(_pods("cache-0", volumes=volumes), _answers("cache-0", settings={"dir": folder})).topology
    assert made.volume is kept


def test_the_boot_rule_is_that_of_the_start_script() -> None:
    """Where there is no nearer one, how it differs is reported."""
    answers = _answers("cache-0", "cache-1")
    asks = _pods("cache-0", "cache-1", server=_server("sh", "-c", ASKS))
    first = _pods("cache-0", "cache-1", server=_server("redis-server", "--replicaof", "cache-0.cache", "6379"))
    master = _carried(_pods("cache-0", "cache-1"), answers)

    assert _carried(asks, answers).topology.boot is Boot.ASK
    assert _carried(first, answers).topology.boot is Boot.FIRST
    assert master.topology.boot is Boot.MASTER


def test_the_masters_controller_comes_first_and_a_deployment_by_its_name() -> None:
    """A new deployment begins with its first pod as master; a ReplicaSet is one generation of a Deployment."""
    objects = [
        pod("a-0", [_server()], labels={"release": "x"}, owner=("StatefulSet", "a"), volumes=CLAIM),
        pod(
            "m-5f-1",
            [_server(), SENTINEL],
            labels={"release": "x", "pod-template-hash": "5f"},
            owner=("ReplicaSet", "m-5f"),
            volumes=[{"name": "data", "emptyDir": {}}],
        ),
    ]
    answers = _answers("m-5f-1", "a-0")
    made = _carried(objects, answers).topology

    assert [each.name for each in made.pods] == ["m-5f-1", "a-0"]
    controller = made.pods[0].controller
    assert controller is not None
    assert (controller.kind, controller.name) == (ControllerKind.DEPLOYMENT, "m")
    assert (made.volume, made.pods[0].volume, made.pods[1].volume) == (Volume.CLAIM, Volume.EMPTY_DIR, None)


def test_what_guards_it_is_carried_over_without_a_password() -> None:
    """By what servers and Sentinels took; users get passwords of their own here."""
    guarded = {"guarded": True, "settings": {**SETTINGS, "protected-mode": "yes"}, "users": ("default", "app")}
    answers = _answers("cache-0", "cache-1", **guarded)
    objects = _pods("cache-0", "cache-1")

    made = _carried(objects, answers).topology
    assert (made.password, made.security.sentinel_password) == (True, SentinelPassword.NONE)
    assert made.security.protected_mode
    of_users = _carried(objects, answers, user="app")
    assert (of_users.topology.password, of_users.topology.security.user) == (False, "app")
    assert "ACL users and their rights: app" in of_users.left_out


def test_tls_with_or_without_certificates_of_clients() -> None:
    server = _server("redis-server", "--port", "0", "--tls-port", "6379")
    sentinel = container("sentinel", "redis-sentinel", "/s.conf", "--port", "0", "--tls-port", "26379")
    for told, encryption in (("yes", Encryption.MUTUAL), ("optional", Encryption.SERVER)):
        answers = _answers("cache-0", settings={"tls-auth-clients": told})
        made = _carried([pod("cache-0", [server, sentinel])], answers).topology
        assert made.security.tls is encryption


def test_what_differs_or_cannot_be_had_is_reported() -> None:
    """Replicas of different priority, a stale Sentinel, another master, modules, probes, Services."""
    other = replace(_watching(sentinels=("s1", "s2", "gone")), ping_period_ms=0)
    both = replace(other, monitored=(*other.monitored, replace(other.monitored[0], name="other")))
    answers = _answers("cache-0", "cache-1", "cache-2", sentinel=both, modules=("search",))
    odd = {**SETTINGS, "replica-priority": "1"}
    answers["cache-1/redis"] = replace(answers["cache-1/redis"], settings=odd)
    answers["cache-0/redis"] = replace(answers["cache-0/redis"], settings={**odd, "replica-priority": "100"})

    told = _carried(_pods("cache-0", "cache-1", "cache-2"), answers, master_name="shop").left_out

    assert "the engine: Redis 8.0.2 there; here the program of --redis-server" in told
    assert "replica-priority differs: cache-0 100, cache-1 1; here all have the first one's" in told
    assert "other masters that the same Sentinels monitor: other" in told
    assert "stale entries: its Sentinels count 4, and 3 run" in told
    assert "modules: search" in told


def test_a_cluster_has_its_masters_first_and_their_replicas_in_turn() -> None:
    """That is how one is formed here; other slots than an even share are reported."""
    names = [f"node-{number}" for number in range(6)]
    server = _server("redis-server", "--cluster-enabled", "yes")
    objects = [pod(name, [server], owner=("StatefulSet", "node"), volumes=CLAIM) for name in names]
    lines = [
        "i1 10.0.0.1:6379@16379 FLAG1master - 0 0 1 connected 0-5460",
        "i3 10.0.0.3:6379@16379 FLAG3master - 0 0 2 connected 5461-10922",
        "i5 10.0.0.5:6379@16379 FLAG5master - 0 0 3 connected 10923-16383",
        "i0 10.0.0.0:6379@16379 FLAG0slave i5 0 0 3 connected",
        "i2 10.0.0.2:6379@16379 FLAG2slave i1 0 0 1 connected",
        "i4 10.0.0.4:6379@16379 FLAG4slave i3 0 0 2 connected",
    ]

    def answer(number: int) -> Answer:
        table = "\n".join(lines)
        for each in range(6):
            table = table.replace(f"FLAG{each}", "myself," if each == number else "")
        return Answer(
            run_id=f"r{number}", role="master", clustered=True, table=parse_nodes(table), state="ok",
            node_timeout_ms=5000, settings={**SETTINGS, "cluster-require-full-coverage": "no"},
        )  # fmt: skip

    made = _carried(objects, {f"node-{number}/redis": answer(number) for number in range(6)})

    assert [each.name for each in made.topology.pods] == ["node-1", "node-3", "node-5", "node-2", "node-4", "node-0"]
    assert (made.topology.shards, made.topology.boot) == (3, Boot.MASTER)
    assert [each.node_timeout_ms for each in made.topology.profiles] == [5000, 1000]
    assert ("cluster-require-full-coverage", "no") in made.topology.redis_config
    assert not any("hash slots" in each for each in made.left_out)


def test_what_no_topology_can_express_is_refused() -> None:
    """Each with what was found and what a topology has."""
    alone = [pod("cache-0", [_server()], volumes=CLAIM)]
    twice = [pod("cache-0", [_server(), {**_server(), "name": "two"}, SENTINEL], volumes=CLAIM)]
    ports = [*_pods("cache-0"), *_pods("cache-1", server=_server("redis-server", "--port", "7000"))]
    half = [pod("cache-0", [_server("redis-server", "--port", "0", "--tls-port", "6379"), SENTINEL])]
    answers = _answers("cache-0", "cache-1")
    for objects, answered, told in (
        (alone, answers, "cache: Redis without Sentinel; a topology has Sentinels, or is a Redis Cluster"),
        (twice, {**answers, "cache-0/two": answers["cache-0/redis"]}, "whose pod cache-0 has several servers"),
        (ports, answers, "whose servers listen on the ports 6379, 7000; a topology has one for all"),
        (half, answers, "of which only a part has TLS"),
        (_pods("cache-0"), _answers("cache-0", refused="NOAUTH x"), "got from cache-0/redis: NOAUTH x; name who may"),
        (_pods("cache-0"), _answers("cache-0", sentinel=Answer(run_id="s")), "they have: none; name it with"),
    ):
        with pytest.raises(UsageError) as refused:
            _carried(objects, answered)
        assert told in str(refused.value)
