"""What changed between two looks at a pod, as events on the harness's clock; pure.

`at_ns` is when the harness learned of it. The look before it is the lower bound, and for a container's start the
kubelet's own timestamp: whole seconds, on the same clock where the node is a container of this host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from redis_resilience.deployments.kube.interface import ContainerState, PodState, Trouble
from redis_resilience.model.events import (
    ContainerEnded,
    ContainerStarted,
    ContainerWaiting,
    PodAddress,
    PodCreated,
    PodDeleted,
    PodDeleting,
    PodEvent,
    PodReady,
    PodRelabelled,
    PodUnready,
    PodWarned,
)


class _OfPod(TypedDict):
    """What all events of a pod have in common."""

    at_ns: int
    source: str
    pod: str
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """One moment at which the harness learned of a pod. wall_ns: the wall clock at `at_ns`."""

    pod: PodState
    at_ns: int
    wall_ns: int

    @property
    def of_pod(self) -> _OfPod:
        name = self.pod.name
        return {"at_ns": self.at_ns, "source": f"kubernetes:{name}", "pod": name, "uid": self.pod.uid}

    def on_clock(self, stamp: str) -> int:
        """The kubelet's timestamp on the monotonic clock; `at_ns` where it has none."""
        if not stamp:
            return self.at_ns
        moment = datetime.fromisoformat(stamp).astimezone(UTC)
        return min(int(moment.timestamp()) * 1_000_000_000 - self.wall_ns + self.at_ns, self.at_ns)


def changes(before: PodState | None, after: PodState | None, *, at_ns: int, wall_ns: int) -> tuple[PodEvent, ...]:
    """What happened to the pod of one name, between these two looks at it. wall_ns: the wall clock at `at_ns`."""
    found: list[PodEvent] = []
    if before and (after is None or before.uid != after.uid):
        told = _Told(pod=before, at_ns=at_ns, wall_ns=wall_ns)
        found.append(PodDeleted(**told.of_pod))
        before = None
    if after is None:
        return tuple(found)
    told = _Told(pod=after, at_ns=at_ns, wall_ns=wall_ns)
    was = before or PodState(name=after.name, uid="")
    if before is None:
        found.append(PodCreated(**told.of_pod))
    if after.address not in ("", was.address):
        found.append(PodAddress(address=after.address, **told.of_pod))
    for container in after.containers:
        found += _of_container(told, was.container(container.name) or ContainerState(name=container.name), container)
    if before and after.labels != was.labels:
        found.append(PodRelabelled(labels=_relabelled(was.labels, after.labels), by=after.labelled_by, **told.of_pod))
    if after.deleting and not was.deleting:
        found.append(PodDeleting(**told.of_pod))
    if after.ready != was.ready:
        found.append(PodReady(**told.of_pod) if after.ready else PodUnready(**told.of_pod))
    return tuple(found)


def _of_container(told: _Told, was: ContainerState, now: ContainerState) -> list[PodEvent]:
    found: list[PodEvent] = []
    if was.state == "running" and (now.state != "running" or now.id != was.id):
        found.append(ContainerEnded(container=now.name, id=was.id, reason=_end(now), **told.of_pod))
    if now.state == "running" and (was.state != "running" or now.id != was.id):
        since_ns = told.on_clock(now.started)
        found.append(
            ContainerStarted(container=now.name, id=now.id, restarts=now.restarts, since_ns=since_ns, **told.of_pod)
        )
    if now.state == "waiting" and now.reason not in ("", was.reason):
        reason = f"{now.reason} {now.message}".strip()
        found.append(ContainerWaiting(container=now.name, reason=reason, **told.of_pod))
    return found


def warning(pod: str, told: Trouble, *, at_ns: int, wall_ns: int) -> PodWarned:
    """pod: the topology's name. at_ns, wall_ns: now, by which the cluster's timestamp is put on the harness's clock."""
    second = datetime.fromisoformat(told.last).astimezone(UTC)
    since_ns = int(second.timestamp()) * 1_000_000_000 - wall_ns + at_ns
    return PodWarned(
        at_ns=min(since_ns + 1_000_000_000, at_ns),
        since_ns=min(since_ns, at_ns),
        source=f"kubernetes:{pod}",
        pod=pod,
        uid=told.uid,
        reason=told.reason,
        message=told.message,
    )


def _relabelled(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """As kubectl takes them: "role=master,old-"."""
    changed = [f"{name}={value}" for name, value in sorted(after.items()) if before.get(name) != value]
    return ",".join((*changed, *(f"{name}-" for name in sorted(before.keys() - after.keys()))))


def describe(pod: PodState) -> str:
    """A pod's state with every reason that the cluster gives for it."""
    parts = [f"{pod.name} {'is being deleted' if pod.deleting else 'ready' if pod.ready else pod.phase}"]
    for container in (*pod.init_containers, *pod.containers):
        if container.state != "running" and not (container.state == "terminated" and container.exit_code == 0):
            parts.append(f"{container.name} {container.state}: {container.reason} {container.message}".strip())
        elif container.state == "running" and not container.ready and container in pod.containers:
            parts.append(f"{container.name} runs, not ready")
    if not pod.containers:
        parts += pod.waiting_for
    return ", ".join(parts)


def _end(container: ContainerState) -> str:
    if container.state == "terminated":
        return f"{container.reason}, exit status {container.exit_code}"
    return "another one runs" if container.state == "running" else container.reason or container.state
