"""The password of a deployment: drawn for it alone, given to its servers and its probe, kept nowhere else."""

from __future__ import annotations

import secrets

from redis_resilience.topologies.topology import Topology

_BYTES = 18


def draw_password(topology: Topology) -> str:
    """A new one, of letters without a meaning in a configuration file; "" where the topology has none."""
    return secrets.token_urlsafe(_BYTES) if topology.password else ""
