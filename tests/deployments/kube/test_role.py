"""A Role allows every permission that it was made of, and none besides."""

from __future__ import annotations

from itertools import product

import yaml
from hypothesis import given
from hypothesis import strategies as some

from redis_resilience.deployments.kube.interface import Permission
from redis_resilience.deployments.kube.role import role

PERMISSIONS = some.builds(
    Permission,
    verb=some.sampled_from(["get", "list", "patch"]),
    group=some.sampled_from(["", "apps"]),
    resource=some.sampled_from(["pods", "statefulsets", "secrets"]),
    subresource=some.sampled_from(["", "scale"]),
    name=some.sampled_from(["", "redis", "other"]),
)


def allowed_by(made):
    for rule in made["rules"]:
        names = rule.get("resourceNames", [""])
        for group, place, verb, name in product(rule["apiGroups"], rule["resources"], rule["verbs"], names):
            resource, _, subresource = place.partition("/")
            yield Permission(verb=verb, group=group, resource=resource, subresource=subresource, name=name)


@given(some.lists(PERMISSIONS, max_size=12))
def test_exactly_these_are_allowed(permissions):
    made = yaml.safe_load(role(permissions, name="x", namespace="cache"))

    assert set(allowed_by(made)) == set(permissions)


def test_what_has_the_same_verbs_shares_a_rule():
    """So that it can be read: as a person would write it."""
    several = [Permission(verb=verb, resource=kind) for kind in ("pods", "services") for verb in ("get", "list")]

    assert role(several, name="x", namespace="cache") == (
        "apiVersion: rbac.authorization.k8s.io/v1\n"
        "kind: Role\n"
        "metadata: {name: x, namespace: cache}\n"
        "rules:\n"
        "- apiGroups: ['']\n"
        "  resources: [pods, services]\n"
        "  verbs: [get, list]\n"
    )
