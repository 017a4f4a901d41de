"""A pod is deleted, gracefully or at once; heal waits until its controller has made it anew, or makes it."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.faults.capabilities import CanRecreate
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.fault import able
from redis_resilience.faults.target import Place
from redis_resilience.model.errors import UsageError

GRACE_S = 30.0
"""Kubernetes' own default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Proof: the server's process is gone. Its connections break with it, before its address is given up."""

    target: str
    grace_s: float = GRACE_S
    lasts_s: float | None = None
    silent: bool = False
    silences_sentinel: bool = True
    needs: tuple[type, ...] = (CanRecreate,)

    @property
    def kind(self) -> str:
        return "delete" if self.grace_s else "delete-now"

    def inject(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanRecreate, self.kind).delete_pod(place.pod, grace_s=self.grace_s)

    def heal(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanRecreate, self.kind).create_pod(place.pod)


def delete_pod(target: str, *, grace_s: float = GRACE_S, back_after_s: float | None = None) -> Delete:
    """Delete the target's pod; grace_s = 0 leaves it no time. Where nothing else makes it anew, heal does."""
    if grace_s < 0:
        raise UsageError(f"expected 0 s of grace or more; got {grace_s:g} s")
    return Delete(target=target, grace_s=grace_s, lasts_s=back_after_s)
