"""A topology's Sentinels as they will be once everything is up: what a prediction needs before a deployment."""

from __future__ import annotations

from redis_resilience.model.environment import SentinelView
from redis_resilience.topologies.security import Encryption
from redis_resilience.topologies.topology import Profile, Topology


def expected_views(topology: Topology, profile: Profile) -> tuple[SentinelView, ...]:
    """Each knows all others and every replica, and monitors the topology's first master."""
    watching = [pod.name for pod in topology.pods if "sentinel" in pod.containers]
    servers = [pod.name for pod in topology.pods if "redis" in pod.containers]
    return tuple(
        SentinelView(
            name=name,
            address=f"{name}:{topology.sentinel_port}",
            run_id="",
            master_name=topology.master_name,
            master_address=f"{topology.first}:{topology.port}",
            down_after_ms=profile.down_after_ms,
            failover_timeout_ms=profile.failover_timeout_ms,
            quorum=topology.quorum,
            known_sentinels=len(watching),
            known_replicas=len(servers) - 1,
            ckquorum="",
            ping_period_ms=profile.ping_period_ms,
            tls=topology.security.tls is not Encryption.OFF,
        )
        for name in watching
    )
