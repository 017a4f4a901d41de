"""What is written into redis.conf and sentinel.conf. Pure: text in, text out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.deployments.certificates import Certificate
from redis_resilience.deployments.password import NO_PASSWORDS, Passwords
from redis_resilience.topologies.security import MONITORING_USER, PEER_USER, REPLICATION_USER, Encryption
from redis_resilience.topologies.topology import Profile, System, Topology

_OF_REPLICAS = "+psync +replconf +ping"
_OF_SENTINELS = (
    "allchannels +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname "
    "+client|kill +script|kill"
)
"""What Redis's documentation allows them (redis/redis-doc docs/management/security/acl.md)."""
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
    topology: Topology,
    profile: Profile,
    where: Where,
    volume: Path,
    *,
    master: str = "",
    passwords: Passwords = NO_PASSWORDS,
    certificate: Certificate | None = None,
) -> str:
    """master: the server to replicate; "" for a master, and for a cluster's node, which knows by itself.

    certificate: of this pod, where the topology has TLS.
    """
    lines = [
        *_door(topology, topology.port, where, certificate),
        ("dir", _quoted(volume)),
        *_passwords(topology, passwords),
    ]
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
        lines.append(("replicaof", f"{master} {topology.port}"))
    return _text(lines)


def sentinel_config(
    topology: Topology,
    profile: Profile,
    where: Where,
    directory: Path,
    *,
    master: str,
    names: bool,
    passwords: Passwords = NO_PASSWORDS,
    certificate: Certificate | None = None,
    known: Iterable[Peer] = (),
) -> str:
    """master: the name or address to monitor. names: whether names resolve where this Sentinel runs.

    certificate: of this pod, where the topology has TLS. known: Sentinels that it does not have to discover.
    """
    lines = [
        *_door(topology, topology.sentinel_port, where, certificate),
        ("dir", _quoted(directory)),
        *_sentinel_passwords(topology, passwords),
    ]
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
        ("sentinel", f"monitor {monitored} {master} {topology.port} {topology.quorum}"),
        ("sentinel", f"down-after-milliseconds {monitored} {profile.down_after_ms}"),
        ("sentinel", f"failover-timeout {monitored} {profile.failover_timeout_ms}"),
        ("sentinel", f"parallel-syncs {monitored} {topology.parallel_syncs}"),
    ]
    if topology.security.user:
        lines.append(("sentinel", f"auth-user {monitored} {MONITORING_USER}"))
    if passwords.monitoring:
        lines.append(("sentinel", f"auth-pass {monitored} {passwords.monitoring}"))
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


def _door(topology: Topology, port: int, where: Where, certificate: Certificate | None) -> list[tuple[str, str]]:
    """Where it listens, and who may connect."""
    lines = [("bind", where.bind), ("protected-mode", "yes" if topology.security.protected_mode else "no")]
    if certificate is None:
        return [("port", str(port)), *lines]
    return [
        ("port", "0"),
        ("tls-port", str(port)),
        *lines,
        ("tls-ca-cert-file", _quoted(certificate.ca)),
        ("tls-cert-file", _quoted(certificate.chain)),
        ("tls-key-file", _quoted(certificate.key)),
        ("tls-auth-clients", "yes" if topology.security.tls is Encryption.MUTUAL else "no"),
        ("tls-replication", "yes"),
        *([("tls-cluster", "yes")] if topology.system is System.CLUSTER else []),
    ]


def _passwords(topology: Topology, passwords: Passwords) -> list[tuple[str, str]]:
    if not topology.guarded:
        return []
    if not topology.security.user:
        return [("requirepass", passwords.servers), ("masterauth", passwords.replication)]
    return [
        ("user", "default off"),
        ("user", f"{topology.security.user} on >{passwords.servers} ~* &* +@all"),
        ("user", f"{REPLICATION_USER} on >{passwords.replication} {_OF_REPLICAS}"),
        ("user", f"{MONITORING_USER} on >{passwords.monitoring} {_OF_SENTINELS}"),
        ("masteruser", REPLICATION_USER),
        ("masterauth", passwords.replication),
    ]


def _sentinel_passwords(topology: Topology, passwords: Passwords) -> list[tuple[str, str]]:
    user = topology.security.sentinel_user
    if user:
        return [
            ("user", "default off"),
            ("user", f"{user} on >{passwords.sentinels} ~* &* +@all"),
            ("user", f"{PEER_USER} on >{passwords.peers} ~* &* +@all"),
            ("sentinel", f"sentinel-user {PEER_USER}"),
            ("sentinel", f"sentinel-pass {passwords.peers}"),
        ]
    return [("requirepass", passwords.sentinels)] if passwords.sentinels else []


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _text(lines: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{name} {value}\n" for name, value in lines)
