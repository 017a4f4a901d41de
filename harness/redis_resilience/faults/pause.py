"""A container's process stands still (SIGSTOP): its connections live, nobody answers; heal lets it go on (SIGCONT)."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.faults.capabilities import CanSignal
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.fault import able
from redis_resilience.faults.target import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Proof: the kernel shows the process as stopped."""

    target: str
    lasts_s: float | None = None
    kind: str = "pause"
    silent: bool = True
    silences_sentinel: bool = False
    needs: tuple[type, ...] = (CanSignal,)

    def inject(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanSignal, self.kind).signal(place.pod, place.container, "SIGSTOP")

    def heal(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanSignal, self.kind).signal(place.pod, place.container, "SIGCONT")


def pause(target: str, *, for_s: float | None = None) -> Pause:
    """SIGSTOP the target's process for so long, or until the heal phase."""
    return Pause(target=target, lasts_s=for_s)
