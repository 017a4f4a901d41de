"""How long a new master refuses writes because fewer replicas are linked to it than its settings ask for.

`min-replicas-to-write`: it replies NOREPLICAS until so many follow it. The leader tells them, parallel-syncs at a time,
once it has seen the promotion; each connects, and is counted, within two runs of replicationCron.
"""

from __future__ import annotations

import math

from redis_resilience.model.environment import Server
from redis_resilience.model.periods import INFO_MS
from redis_resilience.prediction.away import SERVER, Out

CRON_MS = 1000.0
"""replicationCron runs once a second: a replica connects, and a master counts its replicas."""


def linked_ms(servers: tuple[Server, ...], away: tuple[Out, ...], lost: Out) -> float:
    """After the announcement of the new master; 0 where it needs no replica, or its settings are not known.

    Infinite where too few are left: then it depends on when another server is back.
    """
    replicas = [server for server in servers if server.name != lost.pod]
    needed = max((_needed(server) for server in replicas), default=0)
    if not needed:
        return 0.0
    missing = {out.pod for out in away if out.container == SERVER and out.most_ms > lost.from_ms}
    if sum(server.name not in missing for server in replicas) - 1 < needed:
        return math.inf
    return needed * (INFO_MS + 2 * CRON_MS)


def _needed(server: Server) -> int:
    value = server.config.get("min-replicas-to-write", "0")
    lag = server.config.get("min-replicas-max-lag", "10")
    return int(value) if value.isdigit() and lag != "0" else 0
