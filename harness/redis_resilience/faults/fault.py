"""What every fault is: a plan in words, an injection that proves itself, and the undoing that it brings along."""

from __future__ import annotations

from typing import Protocol, TypeVar

from redis_resilience.faults.capabilities import Limited
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.target import Place
from redis_resilience.model.errors import Unavailable

C = TypeVar("C")


class Fault(Protocol):
    """silent: whether peers see silence (True) or their connections break at once (False)."""

    @property
    def kind(self) -> str: ...

    @property
    def target(self) -> str: ...

    @property
    def lasts_s(self) -> float | None:
        """Healed so long after it took effect; None: in the heal phase."""

    @property
    def silent(self) -> bool: ...

    @property
    def needs(self) -> tuple[type, ...]:
        """The capabilities that it takes, asked for before anything is measured."""

    @property
    def silences_sentinel(self) -> bool:
        """Whether the Sentinel in the target's pod is out, too."""

    def inject(self, deployment: object, place: Place) -> Effect: ...

    def heal(self, deployment: object, place: Place) -> Effect: ...


def able(deployment: object, capability: type[C], kind: str) -> C:
    """`deployment` as one that has the capability; raises Unavailable, the reason for a skip, where it has not."""
    if not isinstance(deployment, capability):
        backend = getattr(deployment, "backend", type(deployment).__name__)
        raise Unavailable(f"fault {kind} needs {capability.__name__}; backend {backend} cannot do that")
    if isinstance(deployment, Limited) and (reason := deployment.lacks(capability)):
        raise Unavailable(f"fault {kind} needs {capability.__name__}; {reason}")
    return deployment
