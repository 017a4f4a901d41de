"""A container's process ends: at once (SIGKILL) or gracefully (SIGTERM); heal starts the container again."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.faults.capabilities import CanRestart, CanSignal
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.fault import able
from redis_resilience.faults.target import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """SIGKILL. Proof: the process is gone."""

    target: str
    lasts_s: float | None = None
    kind: str = "kill"
    silent: bool = False
    silences_sentinel: bool = False
    needs: tuple[type, ...] = (CanSignal, CanRestart)
    signal: str = "SIGKILL"

    def inject(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanSignal, self.kind).signal(place.pod, place.container, self.signal)

    def heal(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanRestart, self.kind).start_container(place.pod, place.container)


def kill(target: str, *, back_after_s: float | None = None) -> Kill:
    """SIGKILL the target's process; it is started again after `back_after_s`, or at the heal phase."""
    return Kill(target=target, lasts_s=back_after_s)


def stop(target: str, *, back_after_s: float | None = None) -> Kill:
    """SIGTERM the target's process, which may save and say goodbye; else as `kill`."""
    return Kill(target=target, lasts_s=back_after_s, kind="stop", signal="SIGTERM")
