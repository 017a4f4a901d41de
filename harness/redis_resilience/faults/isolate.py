"""A pod is cut off from every other pod, both ways, established connections too; clients still reach it."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.faults.capabilities import CanPartition
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.fault import able
from redis_resilience.faults.target import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolate:
    """Proof: a peer cannot connect."""

    target: str
    lasts_s: float | None = None
    kind: str = "isolate"
    silent: bool = True
    silences_sentinel: bool = True
    needs: tuple[type, ...] = (CanPartition,)

    def inject(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanPartition, self.kind).isolate(place.pod)

    def heal(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanPartition, self.kind).rejoin(place.pod)


def isolate(target: str, *, for_s: float | None = None) -> Isolate:
    """Cut the target's pod off from the other pods for so long, or until the heal phase."""
    return Isolate(target=target, lasts_s=for_s)
