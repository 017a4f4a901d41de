"""A node loses its power with all pods on it; heal switches it on again, and its pods come back where they were."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.faults.capabilities import CanStopNode
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.fault import able
from redis_resilience.faults.target import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStop:
    """Proof: the node's machine does not run. Nobody says goodbye: its peers see silence."""

    target: str
    lasts_s: float | None = None
    kind: str = "node-stop"
    silent: bool = True
    silences_sentinel: bool = True
    needs: tuple[type, ...] = (CanStopNode,)

    def inject(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanStopNode, self.kind).stop_node(place.pod)

    def heal(self, deployment: object, place: Place) -> Effect:
        return able(deployment, CanStopNode, self.kind).start_node(place.pod)


def stop_node(target: str, *, back_after_s: float | None = None) -> NodeStop:
    """Switch off the node that the target's pod is on; on again after so long, or at the heal phase."""
    return NodeStop(target=target, lasts_s=back_after_s)
