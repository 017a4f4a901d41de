"""What keeps a pod is scaled to 0, and all of its pods go; heal scales it back."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.faults.capabilities import CanScale
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.fault import able
from redis_resilience.faults.target import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleToZero:
    """Proof: the servers' processes are gone."""

    target: str
    lasts_s: float | None = None
    kind: str = "scale-to-zero"
    silent: bool = False
    silences_sentinel: bool = True
    needs: tuple[type, ...] = (CanScale,)

    def inject(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanScale, self.kind).scale_to_zero(place.pod)

    def heal(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanScale, self.kind).scale_back(place.pod)


def scale_to_zero(target: str, *, back_after_s: float | None = None) -> ScaleToZero:
    """Scale what keeps the target's pod, a StatefulSet or the like; back after so long, or at the heal phase."""
    return ScaleToZero(target=target, lasts_s=back_after_s)
