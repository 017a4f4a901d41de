"""Permissions as a Role of Kubernetes: the fewest rules that allow them, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from redis_resilience.deployments.kube.interface import Permission

API_VERSION = "rbac.authorization.k8s.io/v1"


def role(permissions: Iterable[Permission], *, name: str, namespace: str) -> str:
    """As YAML. What differs by nothing but its verb, then by nothing but its resource, shares a rule."""
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for each in permissions:
        resource = f"{each.resource}/{each.subresource}" if each.subresource else each.resource
        verbs.setdefault((each.group, resource, each.name), []).append(each.verb)
    resources: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (group, resource, only), allowed in verbs.items():
        resources.setdefault((group, only, tuple(dict.fromkeys(allowed))), []).append(resource)
    rules = [
        {"apiGroups": [group], "resources": several, **({"resourceNames": [only]} if only else {}), "verbs": [*allowed]}
        for (group, only, allowed), several in resources.items()
    ]
    metadata = {"name": name, "namespace": namespace}
    made = {"apiVersion": API_VERSION, "kind": "Role", "metadata": metadata, "rules": rules}
    return yaml.safe_dump(made, sort_keys=False, default_flow_style=None, width=120)
