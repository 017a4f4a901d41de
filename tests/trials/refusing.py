"""A simulated deployment in which one pod does not start with another version."""

from __future__ import annotations

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.effect import Effect
from redis_resilience.model.errors import DeploymentError

REASON = "Can't handle RDB format version 12"


class Refusing(MemoryDeployment):
    """redis-2 does not start with another version."""

    def renew(self, pod: str) -> Effect:
        if pod == "redis-2":
            raise DeploymentError("expected redis-2 to run; it ended with exit status 1 by itself")
        return super().renew(pod)

    def refusal(self, pod: str) -> str:
        return REASON if pod == "redis-2" else ""
