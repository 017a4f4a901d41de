"""What happened to the pods, as the cluster's API reports it."""

from __future__ import annotations

from redis_resilience.model.events.event import Event


class PodEvent(Event, frozen=True, kw_only=True):
    """Of one pod; a pod that replaces it has another uid."""

    pod: str
    uid: str


class PodCreated(PodEvent, frozen=True, kw_only=True): ...


class PodAddress(PodEvent, frozen=True, kw_only=True):
    """It has an address."""

    address: str


class PodDeleting(PodEvent, frozen=True, kw_only=True):
    """Its deletion was requested."""


class PodDeleted(PodEvent, frozen=True, kw_only=True):
    """It is gone."""


class PodReady(PodEvent, frozen=True, kw_only=True): ...


class PodUnready(PodEvent, frozen=True, kw_only=True): ...


class ContainerStarted(PodEvent, frozen=True, kw_only=True):
    """restarts: how often before."""

    container: str
    id: str
    restarts: int


class ContainerEnded(PodEvent, frozen=True, kw_only=True):
    """reason: the cluster's, with the exit status."""

    container: str
    id: str
    reason: str


class ContainerWaiting(PodEvent, frozen=True, kw_only=True):
    """It could not be started yet."""

    container: str
    reason: str


class PodRelabelled(PodEvent, frozen=True, kw_only=True):
    """labels: those that changed, as they are now. by: the client that set labels last; "" where it gave no name."""

    labels: str
    by: str


class PodWarned(PodEvent, frozen=True, kw_only=True):
    """The cluster warned of it, within the second from since_ns; asked for at the end of the trial."""

    reason: str
    message: str
