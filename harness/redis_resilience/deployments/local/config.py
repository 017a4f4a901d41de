"""What is written into redis.conf and sentinel.conf. Pure: text in, text out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.topologies.topology import REDIS_PORT, SENTINEL_PORT, Profile, System, Topology

_NAME_OPTIONS = frozenset({"resolve-hostnames", "announce-hostnames"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """How a server is reached. bind: the address to listen on. announce: what it announces, "" for what others see.

    source: the address that its own connections come from, "" where there is only one.
    """

    bind: str
    announce: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A Sentinel as another one knows it."""

    host: str
    port: int
    run_id: str


def names_resolve(topology: Topology) -> bool:
    """Whether the topology's Sentinels are configured to work with names."""
    return ("resolve-hostnames", "yes") in topology.sentinel_config


def redis_config(
    topology: Topology, profile: Profile, where: Where, volume: Path, *, master: str = "", password: str = ""
) -> str:
    """master: the server to replicate; "" for a master, and for a cluster's node, which knows by itself.

    password: required from clients, and sent to the master; "" for none.
    """
    lines = [
        ("port", str(REDIS_PORT)),
        ("bind", where.bind),
        ("protected-mode", "no"),
        ("dir", _quoted(volume)),
    ]
    if password:
        lines += [("requirepass", password), ("masterauth", password)]
    own = {name for name, _ in topology.redis_config}
    # Nothing on disk unless the topology says so; and no repl-diskless-sync-delay (default 5 s) before the first sync
    defaults = (("save", '""'), ("repl-diskless-sync-delay", "0"))
    lines += [pair for pair in defaults if pair[0] not in own]
    if where.source:
        lines.append(("bind-source-addr", where.source))
    if where.announce:
        lines.append(("replica-announce-ip", where.announce))
    if topology.system is System.CLUSTER:
        lines += [("cluster-enabled", "yes"), ("cluster-node-timeout", str(profile.node_timeout_ms))]
        if topology.fixed_addresses:
            lines.append(("cluster-announce-ip", where.bind))
    lines += topology.redis_config
    if master:
        lines.append(("replicaof", f"{master} {REDIS_PORT}"))
    return _text(lines)


def sentinel_config(
    topology: Topology,
    profile: Profile,
    where: Where,
    directory: Path,
    *,
    master: str,
    names: bool,
    password: str = "",
    known: Iterable[Peer] = (),
) -> str:
    """master: the name or address to monitor. names: whether names resolve where this Sentinel runs.

    password: of servers and Sentinels, "" for none. known: Sentinels that it does not have to discover.
    """
    lines = [
        ("port", str(SENTINEL_PORT)),
        ("bind", where.bind),
        ("protected-mode", "no"),
        ("dir", _quoted(directory)),
    ]
    if password:
        lines.append(("requirepass", password))
    if where.source:
        lines.append(("bind-source-addr", where.source))
    if where.announce:
        lines.append(("sentinel", f"announce-ip {where.announce}"))
    lines += [
        ("sentinel", f"{name} {value}")
        for name, value in topology.sentinel_config
        if names or name not in _NAME_OPTIONS
    ]
    monitored = topology.master_name
    lines += [
        ("sentinel", f"monitor {monitored} {master} {REDIS_PORT} {topology.quorum}"),
        ("sentinel", f"down-after-milliseconds {monitored} {profile.down_after_ms}"),
        ("sentinel", f"failover-timeout {monitored} {profile.failover_timeout_ms}"),
        ("sentinel", f"parallel-syncs {monitored} {topology.parallel_syncs}"),
    ]
    if password:
        lines.append(("sentinel", f"auth-pass {monitored} {password}"))
    lines += [("sentinel", f"known-sentinel {monitored} {peer.host} {peer.port} {peer.run_id}") for peer in known]
    return _text(lines)


def hosts(topology: Topology, addresses: Iterable[tuple[str, str]]) -> str:
    """The deployment's /etc/hosts: each pod by its own name and under its Service, as headless DNS resolves them.

    A Service's own name leads to every pod. Where it is not headless, Kubernetes would choose one for each connection.
    """
    services = " ".join((topology.service, *topology.services))
    lines = ["127.0.0.1 localhost"]
    lines += [f"{address} {pod}.{topology.service} {pod} {services}" for pod, address in addresses]
    return "".join(f"{line}\n" for line in lines)


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(lines: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{name} {value}\n" for name, value in lines)
