"""The documented deployments of Redis Cluster: no Sentinel, several masters, each with its share of the slots."""

from __future__ import annotations

from dataclasses import replace

from redis_resilience.topologies.topology import (
    Boot,
    Controller,
    ControllerKind,
    Pod,
    Profile,
    System,
    Topology,
    Volume,
)


def _nodes(first: int, last: int) -> tuple[Pod, ...]:
    return tuple(
        Pod(
            name=f"redis-{number}",
            containers=("redis",),
            controller=Controller(kind=ControllerKind.REPLICA_SET, name=f"redis-{number}"),
        )
        for number in range(first, last + 1)
    )


CLUSTER = Topology(
    name="cluster",
    document="003 (Redis Cluster on Kubernetes, RedisConf 2016)",
    summary="3 masters and 3 replicas of a Redis Cluster; a ReplicaSet, a Service and a disk for each; AOF",
    system=System.CLUSTER,
    shards=3,
    pods=_nodes(1, 6),
    service="redis",
    boot=Boot.MASTER,
    volume=Volume.CLAIM,
    profiles=(
        Profile(name="documented", node_timeout_ms=5000),
        Profile(name="fast", node_timeout_ms=1000),
    ),
    redis_config=(("appendonly", "yes"),),
    promises="detects failures, recovers by itself, scales easily; a node that moves keeps its Service's address; no "
    "time is given",
    weaknesses=(
        "nodes keep pod addresses: if all are recreated at once, none finds another, and the cluster stays down",
        "a pod with a new address is found only because it connects to the others, whose addresses are unchanged",
        "by default all shards refuse requests while one shard has no master",
        "a majority of masters must be alive to replace one: with 2 of 3 lost at once no replica takes over",
        "an isolated master accepts writes for about the node timeout; they are lost afterwards",
        "one replica a shard: until the dead server is back, the next failure of that shard has no successor",
        "Kubernetes spreads pods, not roles: after a failover two masters of three may share a host, and fail with it",
    ),
)

CLUSTER_ANNOUNCED = replace(
    CLUSTER,
    name="cluster-announced",
    document="003, with cluster-announce-ip",
    summary="as cluster, but each node announces the fixed address of its Service",
    fixed_addresses=True,
    weaknesses=CLUSTER.weaknesses[2:],
)

CLUSTER_GROWING = replace(
    CLUSTER,
    name="cluster-growing",
    summary="as cluster, with two spare nodes that can join",
    pods=_nodes(1, 8),
    spares=2,
)

CLUSTERS = (CLUSTER, CLUSTER_ANNOUNCED, CLUSTER_GROWING)
