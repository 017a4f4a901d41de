"""Kubernetes objects to deployments, one for each namespace: which workload runs what, which Service leads where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from redis_resilience.lint.manifests.boots import Boot, boot_of, resolve
from redis_resilience.lint.manifests.containers import container_of, role_of, serves
from redis_resilience.lint.manifests.mounts import ConfigMaps
from redis_resilience.lint.manifests.program import read_program
from redis_resilience.lint.manifests.selectors import budget_of, service_of
from redis_resilience.lint.manifests.sentinels import sentinels_of
from redis_resilience.lint.manifests.servers import servers_of
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import Container, Sentinel, Server, Setup, Workload

_WITH_TEMPLATE = ("DaemonSet", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet")
_RESOLVER_S, _RESOLVER_ATTEMPTS = 5, 2
"""The C library's own, where a pod sets no others."""


@dataclass(slots=True)
class Gathered:
    servers: list[Server] = field(default_factory=list)
    sentinels: list[Sentinel] = field(default_factory=list)
    workloads: list[Workload] = field(default_factory=list)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    boots: list[Boot] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Pods:
    """The controllers that create pods, and how many."""

    kind: str
    own: str
    count: int
    owner: Tree

    @property
    def name(self) -> str:
        return f"{self.kind} {self.own}"

    @property
    def template(self) -> Tree:
        return self.owner if self.owner.at("kind").text() == "Pod" else self.owner.at("spec", "template")


def read_namespaces(objects: Iterable[Tree], subject: str) -> tuple[Setup, ...]:
    """The deployments with Redis in them; the subject of each names its namespace, where there are several."""
    by_namespace: dict[str, list[Tree]] = {}
    for each in objects:
        by_namespace.setdefault(each.at("metadata", "namespace").text(), []).append(each)
    named = [namespace for namespace in by_namespace if namespace]
    if len(named) == 1:  # what names none goes where it is applied
        by_namespace = {named[0]: [each for held in by_namespace.values() for each in held]}
    setups = {name: read_objects(held, subject) for name, held in by_namespace.items()}
    found = {name: setup for name, setup in setups.items() if setup.workloads}
    if len(found) < 2:
        return tuple(found.values())
    return tuple(
        replace(setup, subject=f"{subject}, namespace {name or '(not named)'}") for name, setup in found.items()
    )


def read_objects(objects: Iterable[Tree], subject: str) -> Setup:
    """What the objects of one namespace say about Redis. Objects that have nothing to do with it are left out."""
    known = tuple(objects)
    config_maps = {_name(each): each.at("data").texts() for each in known if each.at("kind").text() == "ConfigMap"}
    gathered = Gathered()
    for pods in _pods(known):
        _gather(gathered, pods, config_maps)
    services = tuple(
        service_of(each, gathered.labels, gathered.workloads) for each in known if each.at("kind").text() == "Service"
    )
    return Setup(
        subject=subject,
        servers=tuple(gathered.servers),
        sentinels=tuple(gathered.sentinels),
        pods=bool(gathered.workloads),
        workloads=tuple(gathered.workloads),
        services=services,
        budgets=tuple(
            budget_of(each, gathered.labels) for each in known if each.at("kind").text() == "PodDisruptionBudget"
        ),
        boot=resolve(gathered.boots, services, sentinels=bool(gathered.sentinels)),
    )


def _pods(known: Sequence[Tree]) -> Iterable[_Pods]:
    """A pod that an object here owns is no second one; those of an owner that is not here count under its name."""
    here = {(each.at("kind").text(), _name(each)) for each in known}
    orphans: dict[tuple[str, str], list[Tree]] = {}
    for each in known:
        kind = each.at("kind").text()
        owners = [(owner.at("kind").text(), owner.at("name").text()) for owner in _owners(each)]
        if here & set(owners) or _is_test(each):
            continue
        if kind == "Pod" and owners:
            if owners[0][0] not in ("Job", "Node"):
                orphans.setdefault(owners[0], []).append(each)
        elif kind == "Pod":
            yield _Pods(kind, _name(each), 1, each)
        elif kind in _WITH_TEMPLATE and (count := each.at("spec", "replicas").number(1)):
            yield _Pods(kind, _name(each), count, each)
    for (kind, name), pods in orphans.items():
        yield _Pods(kind, name, len(pods), pods[0])


def _gather(gathered: Gathered, pods: _Pods, config_maps: ConfigMaps) -> None:
    name, spec = pods.name, pods.template.at("spec")
    containers: list[Container] = []
    sidecars = [each for each in spec.at("initContainers").each() if each.at("restartPolicy").text() == "Always"]
    for each in (*sidecars, *spec.at("containers").each()):
        where = f"{name}, container {each.at('name').text()}"
        containers.append(gather_container(gathered, each, spec, config_maps, where, workload=name, count=pods.count))
    if any(container.role != "other" for container in containers):
        gathered.labels[name] = pods.template.at("metadata", "labels").texts()
        gathered.workloads.append(
            Workload(
                name=name,
                where=name,
                kind=pods.kind,
                count=pods.count,
                containers=tuple(containers),
                service=pods.owner.at("spec", "serviceName").text(),
                spread=bool(spec.at("topologySpreadConstraints") or spec.at("affinity", "podAntiAffinity")),
                grace_s=spec.at("terminationGracePeriodSeconds").number(30),
                resolver_ms=_resolver_ms(spec),
            )
        )


def gather_container(
    gathered: Gathered, each: Tree, spec: Tree, config_maps: ConfigMaps, where: str, *, workload: str, count: int
) -> Container:
    """Read one container, and add the server or the Sentinels that it is."""
    program = read_program(each, spec, config_maps, where)
    name = each.at("name").text()
    others = (other for other in spec.at("containers").each() if other.at("name").text() != name)
    role = role_of(each, program, beside_server=any(serves(other) for other in others))
    if role == "sentinel":
        gathered.sentinels += sentinels_of(each, program, where, workload=workload, count=count)
    elif role == "redis":
        found = list(servers_of(each, program, where, workload=workload, count=count))
        # Several ways to start are still the same pods: they are counted once.
        found[0] = replace(found[0], count=count)
        gathered.servers += found
        gathered.boots.append(boot_of(program, found, where, workload=workload, count=count))
    return container_of(each, program, role, where)


def _resolver_ms(spec: Tree) -> int:
    options = {option.at("name").text(): option.at("value").text() for option in spec.at("dnsConfig", "options").each()}
    try:
        wait_s = int(options.get("timeout", _RESOLVER_S))
        attempts = int(options.get("attempts", _RESOLVER_ATTEMPTS))
    except ValueError:
        wait_s, attempts = _RESOLVER_S, _RESOLVER_ATTEMPTS
    return wait_s * attempts * 1000


def _owners(each: Tree) -> tuple[Tree, ...]:
    return each.at("metadata", "ownerReferences").each()


def _is_test(each: Tree) -> bool:
    return "test" in each.at("metadata", "annotations", "helm.sh/hook").text()


def _name(each: Tree) -> str:
    return each.at("metadata", "name").text()
