"""Which pods make up a Redis that is there already, and which of their containers; asks, never changes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from redis_resilience.deployments.kube.interface import KubeApi, PodState
from redis_resilience.deployments.kube.keys import Keys
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import UsageError
from redis_resilience.topologies.topology import REDIS_PORT, SENTINEL_PORT, Controller, ControllerKind, Pod

_OPTIONS = {"redis": "--redis-container", "sentinel": "--redis-sentinel-container"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What the user named. selector: labels of the data pods. keys: what servers and Sentinels ask for.
    announced: by pod, the address by which others know it, where that is not its own: that of a Service for it alone.

    Empty: the data pods' selector, the containers with these ports, the only master that the Sentinels have.
    """

    selector: str
    sentinel_selector: str = ""
    container: str = ""
    sentinel_container: str = ""
    master_name: str = ""
    port: int = REDIS_PORT
    sentinel_port: int = SENTINEL_PORT
    keys: Keys = field(default_factory=Keys)
    announced: Mapping[str, str] = field(default_factory=dict)

    @property
    def ports(self) -> dict[str, int]:
        """By the role of a container."""
        return {"redis": self.port, "sentinel": self.sentinel_port}

    @property
    def containers(self) -> dict[str, str]:
        """By their role, the names that the user gave; "" for none."""
        return {"redis": self.container, "sentinel": self.sentinel_container}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """roles: by pod, the cluster's name of a container to the topology's. ports: by role.

    without_sentinels: why none was found, and what to try; "" where there are some. announced: as in `Attachment`.
    """

    pods: tuple[PodState, ...]
    roles: Mapping[str, Mapping[str, str]]
    ports: Mapping[str, int]
    without_sentinels: str = ""
    announced: Mapping[str, str] = field(default_factory=dict)

    def called(self, pod: PodState) -> PodState:
        """The pod with the topology's names for its containers, at the address that it announces."""
        roles = self.roles.get(pod.name, {})
        containers = tuple(
            replace(each, name=roles[each.name], real_name=each.name) if each.name in roles else each
            for each in pod.containers
        )
        if (address := self.announced.get(pod.name)) and pod.address:
            pod = replace(pod, address=address, real_address=pod.address)
        return replace(pod, containers=containers)

    def endpoints(self, role: str) -> dict[str, Endpoint]:
        return {
            pod.name: Endpoint(self.announced.get(pod.name, pod.address), self.ports[role])
            for pod in self.pods
            if role in self._roles_of(pod)
        }

    def parts(self) -> tuple[Pod, ...]:
        return tuple(
            Pod(
                name=pod.name,
                containers=tuple(role for role in self.ports if role in self._roles_of(pod)),
                controller=_controller(pod),
            )
            for pod in self.pods
        )

    def _roles_of(self, pod: PodState) -> Sequence[str]:
        return tuple(self.roles[pod.name].values())


def find(api: KubeApi, attachment: Attachment) -> Found:
    """The pods and the roles of their containers; raises UsageError where the selectors do not fit.

    A Redis Cluster has no Sentinels, so that none is there is no error yet, unless the user named one.
    """
    servers = _selected(api, attachment.selector, "--redis-attach")
    other = attachment.sentinel_selector
    sentinels = _selected(api, other, "--redis-sentinel-selector") if other else servers
    roles = {pod.name: {_only(pod, "redis", attachment): "redis"} for pod in servers}
    missing = ""
    if other or attachment.sentinel_container or any(_fitting(pod, "sentinel", attachment) for pod in sentinels):
        for pod in sentinels:
            roles.setdefault(pod.name, {})[_only(pod, "sentinel", attachment)] = "sentinel"
    else:
        missing = _misfit(servers[0], "sentinel", attachment)
    every = {pod.name: pod for pod in (*servers, *sentinels)}
    return Found(
        pods=tuple(every[name] for name in sorted(every)),
        roles=roles,
        ports=attachment.ports,
        without_sentinels=missing,
        announced=attachment.announced,
    )


def master_meant(named: Mapping[str, Sequence[str]], attachment: Attachment) -> str:
    """Of the names that Sentinels have. named: by Sentinel. Raises UsageError where it is not clear."""
    names = sorted({name for several in named.values() for name in several})
    wanted = attachment.master_name
    if wanted not in ("", *names) or (not wanted and len(names) != 1):
        raise UsageError(
            f"expected one master at the Sentinels of {', '.join(named)}, or {wanted or 'a name'!r} among several; "
            f"they have: {', '.join(names) or 'none'}; name it with --redis-master-name"
        )
    return wanted or names[0]


def _selected(api: KubeApi, selector: str, option: str) -> tuple[PodState, ...]:
    pods = tuple(pod for pod in api.pods(selector)[0] if pod.phase == "Running" and not pod.deleting)
    if not pods:
        raise UsageError(
            f"expected pods that run with the labels {selector!r} in namespace {api.namespace}; there are none; "
            f"`kubectl get pods --show-labels` shows what {option} may name"
        )
    return pods


def _only(pod: PodState, role: str, attachment: Attachment) -> str:
    """The name of the one container of this role."""
    found = _fitting(pod, role, attachment)
    if len(found) != 1:
        raise UsageError(_misfit(pod, role, attachment))
    return found[0]


def _fitting(pod: PodState, role: str, attachment: Attachment) -> list[str]:
    """By its name where the user gave that, else those with its port, else the one named after its role."""
    if named := attachment.containers[role]:
        return [each.name for each in pod.containers if each.name == named]
    port = attachment.ports[role]
    declared = [each.name for each in pod.containers if port in each.ports]
    return declared or [each.name for each in pod.containers if each.name == role]


def _misfit(pod: PodState, role: str, attachment: Attachment) -> str:
    named, port = attachment.containers[role], attachment.ports[role]
    known = ", ".join(f"{each.name} (ports {', '.join(map(str, each.ports)) or 'none'})" for each in pod.containers)
    return (
        f"expected one container in pod {pod.name} {f'named {named!r}' if named else f'with port {port}'} as its "
        f"{role}; it has: {known}; name it with {_OPTIONS[role]}"
    )


def _controller(pod: PodState) -> Controller | None:
    kind, name = pod.owner
    return Controller(kind=ControllerKind(kind), name=name) if kind in set(ControllerKind) else None
