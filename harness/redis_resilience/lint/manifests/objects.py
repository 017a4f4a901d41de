"""Kubernetes objects to one `Setup`: who holds what, who leads where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from redis_resilience.lint.manifests.containers import container_of, role_of
from redis_resilience.lint.manifests.program import ConfigMaps, read_program
from redis_resilience.lint.manifests.servers import boot_of, sentinel_of, servers_of
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import Budget, Container, Seen, Sentinel, Server, Service, Setup, Workload

_WITH_TEMPLATE = ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet")
_RESOLVER_S, _RESOLVER_ATTEMPTS = 5, 2
"""The C library's own, where a pod sets no others."""


@dataclass(slots=True)
class _Gathered:
    servers: list[Server] = field(default_factory=list)
    sentinels: list[Sentinel] = field(default_factory=list)
    workloads: list[Workload] = field(default_factory=list)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    boots: list[Seen] = field(default_factory=list)


def read_objects(objects: Iterable[Tree], subject: str) -> Setup:
    """What these objects make of Redis. Objects that have nothing to do with it are looked at and left out."""
    known = tuple(objects)
    config_maps = {_name(each): each.at("data").texts() for each in known if each.at("kind").text() == "ConfigMap"}
    gathered = _Gathered()
    for each in known:
        kind = each.at("kind").text()
        if kind == "Pod":
            _gather(gathered, each, each, config_maps)
        elif kind in _WITH_TEMPLATE:
            _gather(gathered, each, each.at("spec", "template"), config_maps)
    return Setup(
        subject=subject,
        servers=tuple(gathered.servers),
        sentinels=tuple(gathered.sentinels),
        pods=bool(gathered.workloads),
        workloads=tuple(gathered.workloads),
        services=tuple(_service(each, gathered.labels) for each in known if each.at("kind").text() == "Service"),
        budgets=tuple(
            _budget(each, gathered.labels) for each in known if each.at("kind").text() == "PodDisruptionBudget"
        ),
        # One pod that is always master is one too many, whatever the others ask.
        boot=next((boot for boot in gathered.boots if boot.value == "first"), next(iter(gathered.boots), None)),
    )


def _gather(gathered: _Gathered, owner: Tree, pod: Tree, config_maps: ConfigMaps) -> None:
    kind, spec = owner.at("kind").text(), pod.at("spec")
    name = f"{kind} {_name(owner)}"
    count = 1 if kind == "Pod" else owner.at("spec", "replicas").number(1)
    containers: list[Container] = []
    holds_redis = False
    for each in spec.at("containers").each():
        where = f"{name}, container {each.at('name').text()}"
        program = read_program(each, spec, config_maps, where)
        role = role_of(each, program)
        containers.append(container_of(each, program, role, where))
        if role == "sentinel":
            gathered.sentinels.append(sentinel_of(each, program, where, workload=name, count=count))
        elif role == "redis":
            found = list(servers_of(each, program, where, workload=name, count=count))
            # Several ways to start are still the same pods: they are counted once.
            gathered.servers += [replace(found[0], count=count), *found[1:]]
            if boot := boot_of(program, where):
                gathered.boots.append(boot)
        holds_redis = holds_redis or role != "other"
    if holds_redis and count:
        gathered.labels[name] = pod.at("metadata", "labels").texts()
        gathered.workloads.append(
            Workload(
                name=name,
                where=name,
                kind=kind,
                count=count,
                containers=tuple(containers),
                service=owner.at("spec", "serviceName").text(),
                spread=bool(spec.at("topologySpreadConstraints") or spec.at("affinity", "podAntiAffinity")),
                grace_s=spec.at("terminationGracePeriodSeconds").number(30),
                resolver_ms=_resolver_ms(spec),
            )
        )


def _resolver_ms(spec: Tree) -> int:
    options = {option.at("name").text(): option.at("value").text() for option in spec.at("dnsConfig", "options").each()}
    try:
        wait_s = int(options.get("timeout", _RESOLVER_S))
        attempts = int(options.get("attempts", _RESOLVER_ATTEMPTS))
    except ValueError:
        wait_s, attempts = _RESOLVER_S, _RESOLVER_ATTEMPTS
    return wait_s * attempts * 1000


def _service(each: Tree, labels: Mapping[str, Mapping[str, str]]) -> Service:
    spec = each.at("spec")
    return Service(
        name=_name(each),
        where=f"Service {_name(each)}",
        headless=spec.at("clusterIP").text() == "None",
        publishes_not_ready=spec.at("publishNotReadyAddresses").text() == "true",
        ports=tuple(port.at("port").number(0) for port in spec.at("ports").each()),
        selects=_selected(spec.at("selector").texts(), labels),
    )


def _budget(each: Tree, labels: Mapping[str, Mapping[str, str]]) -> Budget:
    spec = each.at("spec")
    return Budget(
        where=f"PodDisruptionBudget {_name(each)}",
        selects=_selected(spec.at("selector", "matchLabels").texts(), labels),
        max_unavailable=_whole(spec.at("maxUnavailable")),
        min_available=_whole(spec.at("minAvailable")),
    )


def _whole(value: Tree) -> int | None:
    return number if (number := value.number(-1)) >= 0 else None


def _selected(selector: Mapping[str, str], labels: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    if not selector:
        return ()
    return tuple(name for name, own in labels.items() if selector.items() <= own.items())


def _name(each: Tree) -> str:
    return each.at("metadata", "name").text()
