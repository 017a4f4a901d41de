"""How each fault is injected and healed, by the capabilities of a deployment; both prove themselves."""

from __future__ import annotations

from typing import TypeVar, assert_never

from redis_resilience.faults.capabilities import (
    CanGrow,
    CanPartition,
    CanRecreate,
    CanRestart,
    CanScale,
    CanSignal,
    CanStopNode,
    CanUpgrade,
    Limited,
)
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.target import Place
from redis_resilience.model.errors import Unavailable
from redis_resilience.model.faults import (
    DeletePod,
    Fault,
    Grow,
    Isolate,
    Kill,
    Pause,
    RollingUpgrade,
    ScaleToZero,
    Stop,
    StopNode,
)

C = TypeVar("C")


def needs(fault: Fault) -> tuple[type, ...]:  # noqa: PLR0911 - one return a fault
    """The capabilities that it takes, asked for before anything is measured."""
    match fault:
        case Kill() | Stop():
            return (CanSignal, CanRestart)
        case Pause():
            return (CanSignal,)
        case Isolate():
            return (CanPartition,)
        case DeletePod():
            return (CanRecreate,)
        case ScaleToZero():
            return (CanScale,)
        case StopNode():
            return (CanStopNode,)
        case Grow():
            return (CanGrow,)
        case RollingUpgrade():
            return (CanUpgrade,)
        case _:
            assert_never(fault)


def inject(fault: Fault, deployment: object, place: Place) -> Effect:  # noqa: PLR0911 - one return a fault
    """Break `place`. Raises Unavailable where the deployment cannot do that, DeploymentError where it did not work."""
    match fault:
        case Kill():
            return able(deployment, CanSignal, fault.kind).signal(place.pod, place.container, "SIGKILL")
        case Stop():
            return able(deployment, CanSignal, fault.kind).signal(place.pod, place.container, "SIGTERM")
        case Pause():
            return able(deployment, CanSignal, fault.kind).signal(place.pod, place.container, "SIGSTOP")
        case Isolate():
            return able(deployment, CanPartition, fault.kind).isolate(place.pod, fault)
        case DeletePod(grace_s=grace_s):
            return able(deployment, CanRecreate, fault.kind).delete_pod(place.pod, grace_s=grace_s)
        case ScaleToZero():
            return able(deployment, CanScale, fault.kind).scale_to_zero(place.pod)
        case StopNode():
            return able(deployment, CanStopNode, fault.kind).stop_node(place.pod)
        case Grow(slots=slots):
            return able(deployment, CanGrow, fault.kind).grow(place.pod, slots=slots)
        case RollingUpgrade(to=to):
            return able(deployment, CanUpgrade, fault.kind).retire(place.pod, to=to)
        case _:
            assert_never(fault)


def heal(fault: Fault, deployment: object, place: Place) -> Effect:  # noqa: PLR0911 - one return a fault
    """Undo it; raises as `inject`."""
    match fault:
        case Kill() | Stop():
            return able(deployment, CanRestart, fault.kind).start_container(place.pod, place.container)
        case Pause():
            return able(deployment, CanSignal, fault.kind).signal(place.pod, place.container, "SIGCONT")
        case Isolate():
            return able(deployment, CanPartition, fault.kind).rejoin(place.pod)
        case DeletePod():
            return able(deployment, CanRecreate, fault.kind).create_pod(place.pod)
        case ScaleToZero():
            return able(deployment, CanScale, fault.kind).scale_back(place.pod)
        case StopNode():
            return able(deployment, CanStopNode, fault.kind).start_node(place.pod)
        case Grow():
            return able(deployment, CanGrow, fault.kind).shrink(place.pod)
        case RollingUpgrade():
            return able(deployment, CanUpgrade, fault.kind).renew(place.pod)
        case _:
            assert_never(fault)


def able(deployment: object, capability: type[C], kind: str) -> C:
    """`deployment` as one that has the capability; raises Unavailable, the reason for a skip, where it does not."""
    if not isinstance(deployment, capability):
        backend = getattr(deployment, "backend", type(deployment).__name__)
        raise Unavailable(f"fault {kind} needs {capability.__name__}; backend {backend} cannot do that")
    if isinstance(deployment, Limited) and (reason := deployment.lacks(capability)):
        raise Unavailable(f"fault {kind} needs {capability.__name__}; {reason}")
    return deployment
