"""The passwords of a deployment: drawn for it alone, given to its servers and its probe, kept nowhere else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

from redis_resilience.topologies.security import SentinelPassword
from redis_resilience.topologies.topology import Topology

_BYTES = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """Of clients at servers, of replicas and Sentinels at servers, of clients and of Sentinels at Sentinels."""

    servers: str = field(default="", repr=False)
    replication: str = field(default="", repr=False)
    monitoring: str = field(default="", repr=False)
    sentinels: str = field(default="", repr=False)
    peers: str = field(default="", repr=False)


NO_PASSWORDS = Passwords()


def draw_passwords(topology: Topology) -> Passwords:
    """New ones, of letters without a meaning in a configuration file; "" where the topology has none.

    Users have passwords of their own; where there is only the default user, it is the same everywhere.
    """
    security = topology.security
    same = _draw() if topology.guarded else ""
    drawn = Passwords(servers=same, replication=same, monitoring=same)
    if security.user:
        drawn = replace(drawn, replication=_draw(), monitoring=_draw())
    other = security.sentinel_user or security.sentinel_password is SentinelPassword.OTHER
    sentinels = _draw() if other else "" if security.sentinel_password is SentinelPassword.NONE else same
    return replace(drawn, sentinels=sentinels, peers=_draw() if security.sentinel_user else sentinels)


def _draw() -> str:
    return secrets.token_urlsafe(_BYTES)
