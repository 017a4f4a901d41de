"""Operators' resources, translated to what the operator makes of them, as far as the resource and its version say.

Read from spotahome/redis-operator 1.3.0 (api/redisfailover/v1/defaults.go, operator/redisfailover/service/generator.go)
and OT-CONTAINER-KIT/redis-operator 0.26 (api/*/v1beta2). What an operator or its images decide is not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from redis_resilience.lint.manifests.directives import Found, of_words, split
from redis_resilience.lint.manifests.scripts import of_sentinel
from redis_resilience.lint.manifests.settings import settings_of
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import Directives, Seen, Sentinel, Server, Setup

_SPOTAHOME = "databases.spotahome.com/"
_OT = "redis.redis.opstreelabs.in/"
_SPOTAHOME_SENTINEL = ("down-after-milliseconds 1000", "failover-timeout 3000", "parallel-syncs 2")
_SPOTAHOME_OWN_SENTINEL = ("down-after-milliseconds 5000", "failover-timeout 10000")
_SPOTAHOME_SERVER = ("save 900 1", "save 300 10")
_OT_SENTINEL = {
    "quorum": ("quorum", "2"),
    "parallelSyncs": ("parallel-syncs", "1"),
    "failoverTimeout": ("failover-timeout", "180000"),
    "downAfterMilliseconds": ("down-after-milliseconds", "30000"),
    "resolveHostnames": ("resolve-hostnames", "no"),
    "announceHostnames": ("announce-hostnames", "no"),
}
"""Keys of redisSentinelConfig to directives, with the API's defaults."""


def is_operators(tree: Tree) -> bool:
    group, kind = tree.at("apiVersion").text(), tree.at("kind").text()
    if group.startswith(_SPOTAHOME):
        return kind == "RedisFailover"
    return group.startswith(_OT) and kind in ("Redis", "RedisCluster", "RedisReplication", "RedisSentinel")


def read_resources(resources: Iterable[Tree], config_maps: Mapping[str, Mapping[str, str]], subject: str) -> Setup:
    servers: list[Server] = []
    sentinels: list[Sentinel] = []
    for each in resources:
        where = f"{each.at('kind').text()} {each.at('metadata', 'name').text()}"
        if each.at("apiVersion").text().startswith(_SPOTAHOME):
            servers.append(_failover_server(each.at("spec"), where))
            sentinels.append(_failover_sentinel(each.at("spec"), where))
        elif each.at("kind").text() == "RedisSentinel":
            sentinels.append(_ot_sentinel(each.at("spec"), where))
        else:
            servers += _ot_servers(each, config_maps, where)
    return Setup(subject=subject, servers=tuple(servers), sentinels=tuple(sentinels))


def _failover_server(spec: Tree, where: str) -> Server:
    """Its configuration follows 127.0.0.1 until the operator says who is master; a custom one comes after it."""
    own = [line.text() for line in spec.at("redis", "customConfig").each()]
    found = [
        *_said(_SPOTAHOME_SERVER, f"{where}, the operator's template"),
        *_said(own, f"{where}, redis.customConfig"),
    ]
    found += [
        (each, f"{where}, redis.customCommandRenames")
        for renamed in spec.at("redis", "customCommandRenames").each()
        for each in of_words("rename-command", (renamed.at("from").text(), renamed.at("to").text()))
    ]
    secret = spec.at("auth", "secretPath").text()
    found += [
        (each, f"{where}, auth.secretPath")
        for name in ("requirepass", "masterauth")
        for each in of_words(name, (secret,))
    ]
    storage = spec.at("redis", "storage")
    kept = bool(storage.at("persistentVolumeClaim"))
    return Server(
        name=where,
        settings=settings_of(found, where, complete=True, image=spec.at("redis", "image").text() or "redis"),
        count=spec.at("redis", "replicas").number(3),
        workload=f"{where}, redis",
        data=Seen(value="kept" if kept else "emptyDir", where=f"{where}, redis.storage"),
    )


def _failover_sentinel(spec: Tree, where: str) -> Sentinel:
    own = tuple(line.text() for line in spec.at("sentinel", "customConfig").each())
    said = (*_SPOTAHOME_SENTINEL, *(own or _SPOTAHOME_OWN_SENTINEL))
    place = f"{where}, sentinel.customConfig" if own else f"{where}, the operator's defaults"
    latest = {split(line)[0]: line for line in said if split(line)}
    text = "\n".join(f"sentinel {line.split()[0]} mymaster {' '.join(line.split()[1:])}" for line in latest.values())
    found = [(each, place) for each in of_sentinel(text, {})]
    found.append((Found(name="quorum", value="2"), f"{where}, the operator's template"))
    if spec.at("auth", "secretPath").text():
        found += [(each, f"{where}, auth.secretPath") for each in of_words("auth-pass", ("set",))]
    return Sentinel(
        name=f"{where}, sentinel",
        settings=settings_of(found, where, complete=True),
        count=spec.at("sentinel", "replicas").number(3),
        workload=f"{where}, sentinel",
        state=Seen(value="lost", where=f"{where}, a Deployment with an emptyDir"),
    )


def _said(lines: Iterable[str], where: str) -> list[tuple[Found, str]]:
    return [(each, where) for line in lines if (said := split(line)) for each in of_words(said[0].lower(), said[1:])]


def _ot_sentinel(spec: Tree, where: str) -> Sentinel:
    given = spec.at("redisSentinelConfig")
    seen = {
        directive: Seen(value=given.at(key).text() or default, where=f"{where}, redisSentinelConfig.{key}")
        for key, (directive, default) in _OT_SENTINEL.items()
    }
    return Sentinel(
        name=where,
        settings=Directives(where=where, seen=seen, complete=False),
        count=spec.at("clusterSize").number(3),
        workload=where,
    )


def _ot_servers(each: Tree, config_maps: Mapping[str, Mapping[str, str]], where: str) -> Iterator[Server]:
    """Its images write the configuration; what `additionalRedisConfig` names is included last, and wins."""
    spec, kind = each.at("spec"), each.at("kind").text()
    found: list[tuple[Found, str]] = []
    parts = ("redisLeader", "redisFollower") if kind == "RedisCluster" else ("",)
    if kind == "RedisCluster":
        found.append((Found(name="cluster-enabled", value="yes"), where))
    if spec.at("kubernetesConfig", "redisSecret"):
        found += [
            (each, f"{where}, redisSecret")
            for name in ("requirepass", "masterauth")
            for each in of_words(name, ("set",))
        ]
    for part in parts:
        own = spec.at(part) if part else spec
        config = own.at("redisConfig", "additionalRedisConfig").text()
        more = [
            (directive, f"ConfigMap {config}, {name}")
            for name, text in config_maps.get(config, {}).items()
            for line in text.splitlines()
            if (words := split(line))
            for directive in of_words(words[0].lower(), words[1:])
        ]
        place = f"{where}, {part}" if part else where
        kept = bool(spec.at("storage", "volumeClaimTemplate"))
        size = spec.at("clusterSize").number(3) if kind != "Redis" else 1
        yield Server(
            name=place,
            settings=settings_of([*found, *more], place, complete=False),
            count=own.at("replicas").number(size) if part else size,
            workload=place,
            data=Seen(value="kept" if kept else "container", where=f"{where}, storage"),
        )
