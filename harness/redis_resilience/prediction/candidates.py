"""Which replicas a Sentinel could promote, by the plan's faults and the servers' live settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from redis_resilience.model.environment import Server
from redis_resilience.prediction.away import SERVER, Out


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """none: why there will be none; doubt: why that cannot be predicted. Both "" where one is there all the time."""

    none: str = ""
    doubt: str = ""

    @classmethod
    def of(
        cls, servers: tuple[Server, ...], master: str, away: tuple[Out, ...], lost: Out, *, decided_ms: float
    ) -> Self:
        """servers: () where they are not known, which raises no doubt. decided_ms: a leader is elected by then."""
        replicas = [server for server in servers if server.name != master]
        if not replicas:
            return cls()
        eligible = {server.name for server in replicas if server.config.get("replica-priority") != "0"}
        if not eligible:
            return cls(none="replica-priority is 0 on every replica: none may be promoted")
        missing: dict[str, float] = {}
        for out in away:
            in_time = out.from_ms < lost.from_ms + decided_ms and out.most_ms > lost.from_ms
            if out.container == SERVER and out.pod in eligible and in_time:
                missing[out.pod] = max(out.most_ms, missing.get(out.pod, 0.0))
        if eligible - missing.keys():
            return cls()
        if all(math.isinf(back_ms) for back_ms in missing.values()):
            return cls(none="every replica that could be promoted is away with the master")
        return cls(
            doubt="every replica that could be promoted is away with the master, and whichever server is back first "
            "decides"
        )
