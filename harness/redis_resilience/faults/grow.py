"""A Redis Cluster is made larger under load, by a master and its replicas; heal makes it as small as before."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.faults.capabilities import CanGrow
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.fault import able
from redis_resilience.faults.target import Place
from redis_resilience.model.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Grow:
    """Nothing fails here. Proof: every node's table says who has which slots."""

    target: str
    slots: int
    lasts_s: float | None = None
    kind: str = "grow"
    silent: bool = False
    silences_sentinel: bool = False
    needs: tuple[type, ...] = (CanGrow,)

    def inject(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanGrow, self.kind).grow(place.pod, slots=self.slots)

    def heal(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanGrow, self.kind).shrink(place.pod)


def grow(pod: str, *, slots: int = 50, back_after_s: float | None = None) -> Grow:
    """Take `pod`, which stands by, in as a master of the last `slots` slots of each shard, with their keys.

    It gives them back after so long, or at the heal phase. Raises UsageError for less than one slot.
    """
    if slots < 1:
        raise UsageError(f"expected 1 slot or more of each shard; got {slots}")
    return Grow(target=pod, slots=slots, lasts_s=back_after_s)
