"""Which pods make up a Redis that is there already, and what its Sentinels report; asks, never changes anything.

The result is a topology like the documented ones: names of the cluster, times of the live Sentinels.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from redis_resilience.deployments.kube.interface import ContainerState, KubeApi, PodState
from redis_resilience.deployments.kube.keys import Keys
from redis_resilience.deployments.kube.refusals import advice
from redis_resilience.deployments.probe import Probe
from redis_resilience.deployments.replies import pairs
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, UsageError
from redis_resilience.probe.protocol import Answer, Value
from redis_resilience.topologies.topology import (
    REDIS_PORT,
    SENTINEL_PORT,
    Boot,
    Controller,
    ControllerKind,
    Pod,
    Profile,
    Topology,
    Volume,
)

NAME = "attached"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """roles: by pod, the cluster's name of a container to the topology's. ports: by role.

    announced: as in `Attachment`.
    """

    pods: tuple[PodState, ...]
    roles: Mapping[str, Mapping[str, str]]
    ports: Mapping[str, int]
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
    """The pods and the roles of their containers; raises UsageError where the selectors do not fit."""
    servers = _selected(api, attachment.selector, "--redis-attach")
    other = attachment.sentinel_selector
    sentinels = _selected(api, other, "--redis-sentinel-selector") if other else servers
    roles: dict[str, dict[str, str]] = {}
    for pods, role, named in (
        (servers, "redis", attachment.container),
        (sentinels, "sentinel", attachment.sentinel_container),
    ):
        for pod in pods:
            roles.setdefault(pod.name, {})[_container(pod, role, named, attachment.ports[role]).name] = role
    every = {pod.name: pod for pod in (*servers, *sentinels)}
    return Found(
        pods=tuple(every[name] for name in sorted(every)),
        roles=roles,
        ports=attachment.ports,
        announced=attachment.announced,
    )


def describe(probe: Probe, found: Found, attachment: Attachment) -> tuple[Topology, Profile]:
    """As its Sentinels know it; the probe has to know the passwords already.

    Raises DeploymentError, with what to try, where a server or a Sentinel does not let the probe in; UsageError where
    the Sentinels do not monitor exactly one master, or none of the name that the user gave.
    """
    for name, endpoint in found.endpoints("redis").items():
        _must_be_let_in(name, endpoint, probe.query(endpoint, "INFO", "server"))
    masters = {name: _masters(probe, name, endpoint) for name, endpoint in found.endpoints("sentinel").items()}
    named = sorted({facts["name"] for each in masters.values() for facts in each})
    if attachment.master_name not in ("", *named) or (not attachment.master_name and len(named) != 1):
        raise UsageError(
            f"expected one master at the Sentinels of {', '.join(masters)}, or {attachment.master_name or 'a name'!r} "
            f"among several; they have: {', '.join(named) or 'none'}; name it with --redis-master-name"
        )
    name = attachment.master_name or named[0]
    facts = next(facts for each in masters.values() for facts in each if facts["name"] == name)
    down_after_ms = int(facts["down-after-milliseconds"])
    profile = Profile(
        name=f"{NAME}, D {down_after_ms} ms",
        down_after_ms=down_after_ms,
        failover_timeout_ms=int(facts["failover-timeout"]),
        ping_ms=_ping_ms(probe, next(iter(found.endpoints("sentinel").values()))),
    )
    topology = Topology(
        name=NAME,
        document="none: it was there already",
        summary=f"{len(found.endpoints('redis'))} servers, {len(masters)} Sentinels of {attachment.selector}",
        pods=found.parts(),
        service="",
        master_name=name,
        port=attachment.port,
        sentinel_port=attachment.sentinel_port,
        quorum=int(facts["quorum"]),
        parallel_syncs=int(facts["parallel-syncs"]),
        boot=Boot.ASK,
        volume=Volume.CLAIM,
        profiles=(profile,),
        sentinel_config=() if _is_address(facts["ip"]) else (("resolve-hostnames", "yes"),),
    )
    return topology, profile


def _selected(api: KubeApi, selector: str, option: str) -> tuple[PodState, ...]:
    pods = tuple(pod for pod in api.pods(selector)[0] if pod.phase == "Running" and not pod.deleting)
    if not pods:
        raise UsageError(
            f"expected pods that run with the labels {selector!r} in namespace {api.namespace}; there are none; "
            f"`kubectl get pods --show-labels` shows what {option} may name"
        )
    return pods


def _container(pod: PodState, role: str, named: str, port: int) -> ContainerState:
    """By its name where the user gave that, else the one with this port, else the one named after its role."""
    fits: Callable[[ContainerState], bool] = lambda each: each.name == named  # noqa: E731 - one of three
    if not named:
        declared = any(port in each.ports for each in pod.containers)
        fits = lambda each: port in each.ports if declared else each.name == role  # noqa: E731 - one of three
    found = [each for each in pod.containers if fits(each)]
    if len(found) != 1:
        known = ", ".join(f"{each.name} (ports {', '.join(map(str, each.ports)) or 'none'})" for each in pod.containers)
        raise UsageError(
            f"expected one container in pod {pod.name} {f'named {named!r}' if named else f'with port {port}'} "
            f"as its {role}; it has: {known}; name it with {_OPTIONS[role]}"
        )
    return found[0]


def _masters(probe: Probe, pod: str, endpoint: Endpoint) -> list[dict[str, str]]:
    answer = probe.query(endpoint, "SENTINEL", "MASTERS")
    _must_be_let_in(pod, endpoint, answer, sentinel=True)
    return [pairs(each) for each in answer.value] if isinstance(answer.value, list) else []


def _must_be_let_in(pod: str, endpoint: Endpoint, answer: Answer, *, sentinel: bool = False) -> None:
    """Raises DeploymentError with what to try, where there is no reply, or one that is an error."""
    seen = answer.error or answer.unreachable
    if seen:
        what = (
            f"the Sentinel of {pod} at {endpoint} to name its masters" if sentinel else f"{pod} to answer at {endpoint}"
        )
        raise DeploymentError(f"expected {what}; got: {seen}; {advice(seen, sentinel=sentinel)}")


def _ping_ms(probe: Probe, endpoint: Endpoint) -> int:
    """The period of its PINGs where it reports that (Redis 7.0 and up); 0 for the engine's own."""
    told: Value = probe.query(endpoint, "SENTINEL", "DEBUG").value
    return int(pairs(told).get("PING-PERIOD", "0"))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _controller(pod: PodState) -> Controller | None:
    kind, name = pod.owner
    return Controller(kind=ControllerKind(kind), name=name) if kind in set(ControllerKind) else None
