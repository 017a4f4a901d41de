"""A topology of the catalogue as the rules see it: what its data says, not how a cluster manages its pods."""

from __future__ import annotations

from redis_resilience.lint.setup import SECRET, Directives, Seen, Sentinel, Server, Setup
from redis_resilience.topologies.topology import Boot, Profile, System, Topology, Volume


def read_topology(topology: Topology, profile: Profile) -> Setup:
    """The settings that every backend gives it. Each pod is a workload of its own: a Sentinel goes with its server."""
    where = f"topology {topology.name}"
    return Setup(
        subject=f"{where}, profile {profile.name}",
        servers=tuple(
            Server(
                name=pod.name,
                settings=_redis(topology, pod.name, f"{where}, redis_config"),
                workload=pod.name,
                data=_data(topology, pod.name, where),
            )
            for pod in topology.pods
            if "redis" in pod.containers
        ),
        sentinels=tuple(
            Sentinel(
                name=pod.name,
                settings=_sentinel(topology, profile, where),
                workload=pod.name,
                state=Seen(value="lost", where=f"{where}, fresh_sentinels") if topology.fresh_sentinels else None,
            )
            for pod in topology.pods
            if "sentinel" in pod.containers
        ),
        boot=_boot(topology, where),
    )


def _data(topology: Topology, pod: str, where: str) -> Seen:
    volume = topology.volume_of(pod)
    return Seen(value="kept" if volume is Volume.CLAIM else str(volume), where=f"{where}, volume {volume}")


def _boot(topology: Topology, where: str) -> Seen:
    """One pod that is always master is one too many, whatever the others ask."""
    for pod in topology.pods:
        if "redis" in pod.containers and topology.boot_of(pod.name) is Boot.MASTER:
            return Seen(value="first", where=f"{where}, boot of {pod.name}")
    return Seen(value="asks", where=f"{where}, boot {topology.boot}")


def _redis(topology: Topology, pod: str, where: str) -> Directives:
    seen = {
        "protected-mode": Seen(value="yes" if topology.security.protected_mode else "no", where=where),
        "save": Seen(value="", where=where),
    }
    if topology.guarded:
        seen |= {name: Seen(value=SECRET, where=where) for name in ("masterauth", "requirepass")}
    if topology.system is System.CLUSTER:
        seen["cluster-enabled"] = Seen(value="yes", where=where)
        seen["cluster-announce-ip"] = Seen(value=pod if topology.fixed_addresses else "", where=where)
    points = [value for name, value in topology.redis_config if name == "save"]
    for name, value in topology.redis_config:
        told = " ".join(point for point in points if point != '""') if name == "save" else value
        seen[name] = Seen(value=told, where=f"{where}: {name}")
    return Directives(where=where, seen=seen)


def _sentinel(topology: Topology, profile: Profile, where: str) -> Directives:
    times = f"{where}, profile {profile.name}"
    seen = {
        "quorum": Seen(value=str(topology.quorum), where=f"{where}, quorum"),
        "down-after-milliseconds": Seen(value=str(profile.down_after_ms), where=f"{times}, down_after_ms"),
        "failover-timeout": Seen(value=str(profile.failover_timeout_ms), where=f"{times}, failover_timeout_ms"),
        "parallel-syncs": Seen(value=str(topology.parallel_syncs), where=f"{where}, parallel_syncs"),
        "ping-period": Seen(value=str(profile.ping_period_ms), where=f"{times}, ping_ms"),
    }
    if topology.guarded:
        seen["auth-pass"] = Seen(value=SECRET, where=where)
    seen |= {name: Seen(value=value, where=f"{where}, sentinel_config") for name, value in topology.sentinel_config}
    return Directives(where=where, seen=seen)
