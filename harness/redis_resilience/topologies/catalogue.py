"""The documented deployments, by name."""

from __future__ import annotations

import difflib
from dataclasses import replace

from redis_resilience.model.errors import UsageError
from redis_resilience.model.renamed import TOPOLOGIES
from redis_resilience.topologies.clusters import CLUSTERS
from redis_resilience.topologies.overlays import SEPARATOR, overlaid
from redis_resilience.topologies.own import is_own, load
from redis_resilience.topologies.topology import Boot, Controller, ControllerKind, Pod, Profile, Topology, Volume


def _stateful_set(name: str, replicas: int, *, introduced: bool = False) -> tuple[Pod, ...]:
    controller = Controller(kind=ControllerKind.STATEFUL_SET, name=name)
    return tuple(
        Pod(name=f"{name}-{number}", controller=controller, introduced=introduced) for number in range(replicas)
    )


_THREE_PODS = _stateful_set("redis", 3)

SIDECAR = Topology(
    name="sidecar",
    document="what today's charts deploy",
    summary="3 pods with redis and sentinel in each; a restarted pod asks the Sentinels; names, AOF, claims",
    promises="one master at a time; a planned failover when its pod is stopped, else a failover after D "
    "(manifests/README.md)",
    pods=_THREE_PODS,
    service="redis",
    master_name="mymaster",
    quorum=2,
    parallel_syncs=1,
    boot=Boot.ASK,
    volume=Volume.CLAIM,
    profiles=(
        Profile(name="documented", down_after_ms=5000, failover_timeout_ms=60000),
        Profile(name="fast", down_after_ms=1000, failover_timeout_ms=3000, hello_ms=100, ping_ms=240),
        Profile(name="rapid", down_after_ms=500, failover_timeout_ms=3000, hello_ms=100, ping_ms=240),
    ),
    redis_config=(
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("min-replicas-to-write", "1"),
        ("min-replicas-max-lag", "5"),
    ),
    sentinel_config=(("resolve-hostnames", "yes"), ("announce-hostnames", "yes")),
    planned_failover_ms=12_000,
    stays_away_ms=1500,
    weaknesses=(
        "one Sentinel dies with each pod: with the master's pod gone, 2 of 3 remain, exactly the majority",
        "a failed election is repeated only after twice the failover-timeout: 2 minutes as documented",
        "name resolution is synchronous in Sentinel's event loop: slow DNS delays its decisions",
        "appendfsync everysec: up to about one second of writes is lost with the machine, none with the process",
        "an isolated master accepts writes for 5 to 6 s, which are lost; then it refuses them",
        "min-replicas-to-write 1: with both replicas away there are no writes at all",
    ),
)

STATEFULSET = Topology(
    name="statefulset",
    document="000, 001 (Kubernetes: Up & Running, 1st edition)",
    summary="3 pods with redis and sentinel in each; redis-0 always starts as master; RDB on an emptyDir",
    pods=_THREE_PODS,
    service="redis",
    master_name="redis",
    quorum=2,
    parallel_syncs=1,
    boot=Boot.FIRST,
    volume=Volume.EMPTY_DIR,
    profiles=(
        Profile(name="documented", down_after_ms=10000, failover_timeout_ms=20000),
        Profile(name="fast", down_after_ms=1000, failover_timeout_ms=2000, hello_ms=100, ping_ms=240),
        Profile(name="rapid", down_after_ms=500, failover_timeout_ms=2000, hello_ms=100, ping_ms=240),
    ),
    # The documents have no save line; these are the points that were compiled into the Redis of their time.
    redis_config=(("save", "3600 1"), ("save", "300 100"), ("save", "60 10000")),
    weaknesses=(
        "redis-0 starts as master, and loses its data with the pod: recreated, it is an empty master",
        "replicas follow that name: if redis-0 is back before the failover, they resynchronise from an empty master",
        "recreated after a failover, redis-0 is a stale master that the Sentinels do not know",
        "each re-created pod brings a new Sentinel and leaves a dead one in the others' tables",
        "a promoted server that restarts follows redis-0 again: its configuration is static",
        "Sentinels keep addresses, replicas names: replicas are re-pointed to it after the failover-timeout",
    ),
)

STATEFULSET_ASK = replace(
    STATEFULSET,
    name="statefulset-ask",
    document="000, 001, with the usual repair",
    summary="as statefulset, but a pod that starts asks the other pods' Sentinels first; known by name",
    boot=Boot.ASK,
    sentinel_config=(("resolve-hostnames", "yes"), ("announce-hostnames", "yes")),
    weaknesses=(
        "a pod that is back before the Sentinels have switched is given its own name: an empty master that all follow",
        "or it is master again beside the one that they are about to elect: two masters until they demote it",
        "its data is deleted with the pod: writes that no other server has by then are lost",
        "each re-created pod brings a new Sentinel and leaves a dead one in the others' tables",
        "a Sentinel resolves names one after the other: with slow DNS it begins in TILT and decides nothing for 30 s",
    ),
)

CHART = Topology(
    name="chart",
    document="001, second half (Bitnami chart redis 10.7, with Sentinel)",
    summary="a master's and a replicas' StatefulSet, 4 pods with a Sentinel in each; password, AOF, claims, metrics",
    promises="a Sentinel logs +switch-master once the master's set is at 0, and the announced address is then another "
    "pod's; no time is given",
    pods=(*_stateful_set("redis-master", 1, introduced=True), *_stateful_set("redis-slave", 3)),
    service="redis-headless",
    services=("redis",),
    master_name="mymaster",
    quorum=2,
    parallel_syncs=1,
    boot=Boot.FIRST,
    volume=Volume.CLAIM,
    password=True,
    profiles=(
        Profile(name="documented", down_after_ms=60000, failover_timeout_ms=18000),
        Profile(name="fast", down_after_ms=1000, failover_timeout_ms=2000, hello_ms=100, ping_ms=240),
        Profile(name="rapid", down_after_ms=500, failover_timeout_ms=2000, hello_ms=100, ping_ms=240),
    ),
    redis_config=(
        ("appendonly", "yes"),
        ("save", '""'),
        ("rename-command", 'FLUSHDB ""'),
        ("rename-command", 'FLUSHALL ""'),
    ),
    weaknesses=(
        "four Sentinels: the majority is 3, so no more of them may be gone than with three",
        "redis-master-0 always starts as master: scaled back, it is a second one until its own Sentinel has demoted it",
        "the Service redis leads to any pod: writes meet READONLY, or a second master that loses them",
        "a pod of redis-slave that starts while the master's set is at 0 finds no master, and its Sentinel no name",
        "readiness asks only whether the server answers: a replica without its master's data is ready, too",
    ),
)


def _controlled(controller: Controller, container: str, *names: str) -> tuple[Pod, ...]:
    """Pods of random names: `names` are the places that they take."""
    return tuple(Pod(name=name, containers=(container,), controller=controller) for name in names)


def _replication_controller(name: str) -> Controller:
    return Controller(kind=ControllerKind.REPLICATION_CONTROLLER, name=name)


# The settings of the image that documents 002 and 004 share, and its times.
_OF_THE_IMAGE = (
    ("appendonly", "yes"),
    ("appendfsync", "everysec"),
    ("save", "900 1"),
    ("save", "300 10"),
    ("save", "60 10000"),
    ("replica-priority", "100"),
    ("repl-diskless-sync", "no"),
    ("tcp-keepalive", "60"),
)
_TIMES_OF_THE_IMAGE = (
    Profile(name="documented", down_after_ms=60000, failover_timeout_ms=180000),
    Profile(name="fast", down_after_ms=1000, failover_timeout_ms=3000, hello_ms=100, ping_ms=240),
    Profile(name="rapid", down_after_ms=500, failover_timeout_ms=3000, hello_ms=100, ping_ms=240),
)

BOOTSTRAP = Topology(
    name="bootstrap",
    document="002 (Kubernetes' own example)",
    summary="a bootstrap pod with master and Sentinel, to be deleted; 2 replicas, 3 more Sentinels, by address",
    promises="once the bootstrap pod is deleted, a new server, a new Sentinel and a new master by election; no "
    "time is given",
    pods=(
        Pod(
            name="redis-master",
            boot=Boot.MASTER,
            volume=Volume.EMPTY_DIR,
            controller=_replication_controller("redis"),
            adopted=True,
        ),
        *_controlled(_replication_controller("redis"), "redis", "redis-a", "redis-b"),
        *_controlled(_replication_controller("redis-sentinel"), "sentinel", "sentinel-a", "sentinel-b", "sentinel-c"),
    ),
    service="redis-sentinel",
    master_name="mymaster",
    quorum=2,
    parallel_syncs=1,
    boot=Boot.ASK_OR_WAIT,
    volume=Volume.CONTAINER,
    profiles=_TIMES_OF_THE_IMAGE,
    fresh_sentinels=True,
    redis_config=_OF_THE_IMAGE,
    weaknesses=(
        "4 Sentinels before the bootstrap pod is deleted, 3 of 4 known ones after it: exactly the majority",
        "no Sentinel takes the bootstrap pod's place: one controller has adopted it, the other never lost it",
        "each new Sentinel leaves a stale entry in the others' tables, until no majority of those known is left",
        "a new Sentinel waits for a master that answers: one more lost together with the master, and none is elected",
        "all servers gone at once: no server starts as master again",
        "a failed election is repeated only after twice the failover-timeout: 6 minutes as documented",
        "the shell is PID 1 and passes no signal on: a deleted master serves through 30 s of grace",
        "replicas write to their container's own file system: a restarted one comes back empty",
    ),
)

HELM = Topology(
    name="helm",
    document="004 (a Helm chart, incubator/redis-cluster)",
    summary="a Deployment of one master with Sentinel, a StatefulSet of 3 replicas, 2 more Sentinels; a claim each",
    promises="a server, a Sentinel or the master's pod that dies is recreated and joins; the Sentinels elect a "
    "replica; no time is given",
    pods=(
        Pod(
            name="redis-master",
            boot=Boot.MASTER,
            volume=Volume.CLAIM,
            controller=Controller(kind=ControllerKind.DEPLOYMENT, name="redis-cluster-master"),
        ),
        *(replace(pod, containers=("redis",)) for pod in _stateful_set("redis-cluster", 3)),
        *_controlled(_replication_controller("redis-cluster-sentinel"), "sentinel", "sentinel-a", "sentinel-b"),
    ),
    service="redis-sentinel",
    master_name="mymaster",
    quorum=2,
    parallel_syncs=1,
    boot=Boot.ASK_OR_WAIT,
    volume=Volume.CONTAINER,
    profiles=_TIMES_OF_THE_IMAGE,
    fresh_sentinels=True,
    redis_config=_OF_THE_IMAGE,
    weaknesses=(
        "the Deployment makes a master again, even if another exists: a stale master with old data",
        "its new Sentinel may monitor that stale master",
        "the master's pod has a Sentinel too: 2 of 3 remain, exactly the majority",
        "each new Sentinel leaves a stale entry in the others' tables, until no majority of those known is left",
        "the replicas' claims are mounted and never written to: a replica's data goes with its container",
        "the master's claim goes with `helm uninstall`, the replicas' empty ones stay",
        "a replica that finds no master at its start loses a minute for each attempt",
        "a failed election is repeated only after twice the failover-timeout: 6 minutes as documented",
    ),
)

_KNOWN = {
    topology.name: topology for topology in (SIDECAR, STATEFULSET, STATEFULSET_ASK, CHART, BOOTSTRAP, HELM, *CLUSTERS)
}


def names() -> tuple[str, ...]:
    return tuple(_KNOWN)


def topology(name: str) -> Topology:
    """The topology of that name, with overlays (sidecar+tls), or in that file.

    Raises UsageError that lists the known ones and the nearest. A name of an earlier release is understood, too.
    """
    if is_own(name):
        return load(name)
    base, *overlays = name.split(SEPARATOR)
    found = _KNOWN.get(TOPOLOGIES.get(base, base))
    if found is None:
        near = difflib.get_close_matches(base.lower(), _KNOWN, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(
            f"expected a topology of {', '.join(_KNOWN)}, or a file (mine.yaml, mine.py:NAME); got {base!r}{hint}"
        )
    return overlaid(found, overlays)
