"""What a Redis that is there already is, as its Sentinels or its nodes report it; asks, never changes anything.

The result is a topology like the documented ones: names of the cluster, times of the live settings.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from redis_resilience.deployments.kube.attachment import Attachment, Found, master_meant
from redis_resilience.deployments.kube.refusals import advice, in_short
from redis_resilience.deployments.nodes import ClusterLook, look_at
from redis_resilience.deployments.probe import Probe
from redis_resilience.deployments.replies import fields, pairs
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, UsageError
from redis_resilience.probe.protocol import Answer, Value
from redis_resilience.topologies.topology import ATTACHED, Boot, Pod, Profile, System, Topology, Volume

_DOCUMENT = "none: it was there already"
_NODE_TIMEOUT = "cluster-node-timeout"


def describe(probe: Probe, found: Found, attachment: Attachment) -> tuple[Topology, Profile]:
    """The probe has to know the passwords already.

    Raises DeploymentError, with what to try, where a server or a Sentinel does not let the probe in; UsageError where
    these pods are neither one Redis with Sentinels nor the nodes of one Redis Cluster.
    """
    servers = found.endpoints("redis")
    for name, endpoint in servers.items():
        _must_be_let_in(name, endpoint, probe.query(endpoint, "INFO", "server"))
    clustered = [name for name, endpoint in servers.items() if _is_clustered(probe, endpoint)]
    if clustered and len(clustered) < len(servers):
        others = ", ".join(name for name in servers if name not in clustered)
        raise UsageError(
            f"expected the nodes of one Redis Cluster with the labels {attachment.selector!r}; got {others}, whose "
            "cluster-enabled is no, too; choose labels of the nodes alone with --redis-attach"
        )
    if clustered:
        return _cluster(probe, found, attachment)
    if found.without_sentinels:
        raise UsageError(
            f"{found.without_sentinels}, or the Sentinels' own pods with --redis-sentinel-selector (its server is no "
            "node of a Redis Cluster either)"
        )
    return _monitored(probe, found, attachment)


def _monitored(probe: Probe, found: Found, attachment: Attachment) -> tuple[Topology, Profile]:
    """As its Sentinels know it. Raises UsageError for several masters, or none of the name that the user gave."""
    masters = {name: _masters(probe, name, endpoint) for name, endpoint in found.endpoints("sentinel").items()}
    name = master_meant({pod: [facts["name"] for facts in each] for pod, each in masters.items()}, attachment)
    facts = next(facts for each in masters.values() for facts in each if facts["name"] == name)
    down_after_ms = int(facts["down-after-milliseconds"])
    profile = Profile(
        name=f"{ATTACHED}, D {down_after_ms} ms",
        down_after_ms=down_after_ms,
        failover_timeout_ms=int(facts["failover-timeout"]),
        ping_ms=_ping_ms(probe, next(iter(found.endpoints("sentinel").values()))),
    )
    topology = Topology(
        name=ATTACHED,
        document=_DOCUMENT,
        summary=f"{len(found.endpoints('redis'))} servers, {len(masters)} Sentinels of {attachment.selector}",
        pods=found.parts(),
        service="",
        master_name=name,
        port=attachment.port,
        sentinel_port=attachment.sentinel_port,
        quorum=int(facts["quorum"]),
        parallel_syncs=int(facts["parallel-syncs"]),
        boot=Boot.ASK,
        volume=Volume.CLAIM,
        profiles=(profile,),
        sentinel_config=() if _is_address(facts["ip"]) else (("resolve-hostnames", "yes"),),
        fixed_addresses=bool(found.announced),
    )
    return topology, profile


def _cluster(probe: Probe, found: Found, attachment: Attachment) -> tuple[Topology, Profile]:
    """As its nodes know it. Raises UsageError for one that has no hash slots, or of which only a part was chosen."""
    servers = found.endpoints("redis")
    look = look_at(probe, servers)
    _must_be_complete(look, servers, attachment)
    first = next(iter(servers.values()))
    told = probe.query(first, "CONFIG", "GET", _NODE_TIMEOUT)
    timeout_ms = int(pairs(told.value).get(_NODE_TIMEOUT, "0"))
    if not timeout_ms:
        raise DeploymentError(
            f"expected {first} to report its {_NODE_TIMEOUT}; got: {told.error or told.unreachable or told.value!r}; "
            "allow CONFIG GET to the probe's user (--redis-user)"
        )
    profile = Profile(name=f"{ATTACHED}, node timeout {timeout_ms} ms", node_timeout_ms=timeout_ms)
    topology = Topology(
        name=ATTACHED,
        document=_DOCUMENT,
        summary=f"{len(servers)} nodes of a Redis Cluster with {len(look.shards)} shards, of {attachment.selector}",
        system=System.CLUSTER,
        shards=len(look.shards),
        pods=_masters_first(found.parts(), look),
        service="",
        port=attachment.port,
        boot=Boot.MASTER,
        volume=Volume.CLAIM,
        profiles=(profile,),
        fixed_addresses=bool(found.announced),
    )
    return topology, profile


def _must_be_complete(look: ClusterLook, servers: Mapping[str, Endpoint], attachment: Attachment) -> None:
    if not look.shards:
        raise UsageError(
            f"expected a Redis Cluster whose nodes have hash slots; {', '.join(servers)} have none; wait until it "
            "is formed (`redis-cli --cluster create`) and try again"
        )
    nodes = {node.id: node for table in look.tables.values() for node in table}
    unknown = [f"{node.address} ({','.join(node.flags)})" for node in nodes.values() if node.id not in look.ids]
    if unknown:
        raise UsageError(
            f"expected every node of the Redis Cluster in a pod with the labels {attachment.selector!r}; in none of "
            f"them: {', '.join(unknown)}; choose labels of all its pods with --redis-attach; a node that is gone for "
            "good is forgotten by CLUSTER FORGET"
        )
    strangers = [
        f"{one} and {other}"
        for one, table in look.tables.items()
        for other in look.tables
        if one < other and other not in {look.ids[node.id] for node in table}
    ]
    if strangers:
        raise UsageError(
            f"expected the nodes of one Redis Cluster with the labels {attachment.selector!r}; {strangers[0]} do not "
            "know each other; choose labels of one cluster's nodes with --redis-attach"
        )


def _masters_first(pods: tuple[Pod, ...], look: ClusterLook) -> tuple[Pod, ...]:
    """The shards' masters, then their replicas, then what has no slots and no master."""
    order = [shard.master for shard in look.shards] + [name for shard in look.shards for name in shard.replicas]
    return tuple(sorted(pods, key=lambda pod: order.index(pod.name) if pod.name in order else len(order)))


def _is_clustered(probe: Probe, endpoint: Endpoint) -> bool:
    return fields(probe.query(endpoint, "INFO", "cluster").value).get("cluster_enabled") == "1"


def _masters(probe: Probe, pod: str, endpoint: Endpoint) -> list[dict[str, str]]:
    answer = probe.query(endpoint, "SENTINEL", "MASTERS")
    _must_be_let_in(pod, endpoint, answer, sentinel=True)
    return [pairs(each) for each in answer.value] if isinstance(answer.value, list) else []


def _must_be_let_in(pod: str, endpoint: Endpoint, answer: Answer, *, sentinel: bool = False) -> None:
    """Raises DeploymentError with what to try, where there is no reply, or one that is an error."""
    seen = answer.error or answer.unreachable
    if seen:
        what = (
            f"the Sentinel of {pod} at {endpoint} to name its masters" if sentinel else f"{pod} to answer at {endpoint}"
        )
        raise DeploymentError(f"expected {what}; got: {in_short(seen)}; {advice(seen, sentinel=sentinel)}")


def _ping_ms(probe: Probe, endpoint: Endpoint) -> int:
    """The period of its PINGs where it reports that (Redis 7.0 and up); 0 for the engine's own."""
    told: Value = probe.query(endpoint, "SENTINEL", "DEBUG").value
    return int(pairs(told).get("PING-PERIOD", "0"))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
