"""Which pods a selector chooses, and what a Service leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import Budget, Service, Workload

Labels = Mapping[str, Mapping[str, str]]
"""Of the pods of each workload."""

_OWN_PORT = {"redis": 6379, "sentinel": 26379}


def service_of(each: Tree, labels: Labels, workloads: Sequence[Workload]) -> Service:
    spec = each.at("spec")
    name = each.at("metadata", "name").text()
    wanted = spec.at("selector").texts()
    selects = tuple(own for own, has in labels.items() if wanted and wanted.items() <= has.items())
    chosen = [workload for workload in workloads if workload.name in selects]
    return Service(
        name=name,
        where=f"Service {name}",
        headless=spec.at("clusterIP").text() == "None",
        publishes_not_ready=spec.at("publishNotReadyAddresses").text() == "true",
        ports=tuple(_leads_to(port, chosen) for port in spec.at("ports").each()),
        selects=selects,
    )


def budget_of(each: Tree, labels: Labels) -> Budget:
    spec = each.at("spec")
    selector = spec.at("selector")
    return Budget(
        where=f"PodDisruptionBudget {each.at('metadata', 'name').text()}",
        selects=tuple(own for own, has in labels.items() if selector and chooses(selector, has)),
        max_unavailable=_whole(spec.at("maxUnavailable")),
        min_available=_whole(spec.at("minAvailable")),
    )


def chooses(selector: Tree, labels: Mapping[str, str]) -> bool:
    """A label selector: matchLabels and matchExpressions, all of them."""
    if not selector.at("matchLabels").texts().items() <= labels.items():
        return False
    return all(_holds(each, labels) for each in selector.at("matchExpressions").each())


def _holds(expression: Tree, labels: Mapping[str, str]) -> bool:
    key, operator = expression.at("key").text(), expression.at("operator").text()
    values = [value.text() for value in expression.at("values").each()]
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":
        return labels.get(key) not in values
    return (key in labels) == (operator == "Exists")


def _leads_to(port: Tree, chosen: Sequence[Workload]) -> int:
    """The port in the pods; a server's or a Sentinel's own by the number that it usually has."""
    target = port.at("targetPort")
    named, number = target.text(), target.number(0) or (port.at("port").number(0) if not target.text() else 0)
    for workload in chosen:
        for container in workload.containers:
            for name, own in container.ports:
                if number == own or (not number and named == name):
                    return _OWN_PORT.get(container.role, own if own not in _OWN_PORT.values() else 0)
    return number or port.at("port").number(0)


def _whole(value: Tree) -> int | None:
    return number if (number := value.number(-1)) >= 0 else None
