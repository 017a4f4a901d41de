"""What the API must allow, checked before anything is created: one message that lists all that is missing.

By SelfSubjectAccessReview, as `kubectl auth can-i` does; asking changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from redis_resilience.deployments.kube.interface import KubeApi, Permission
from redis_resilience.deployments.kube.objects.manifests import Object
from redis_resilience.faults.capabilities import CanScale, CanUpgrade
from redis_resilience.model.errors import Unavailable
from redis_resilience.topologies.topology import ControllerKind

_ALWAYS = (
    *(Permission(verb=verb, resource="pods") for verb in ("get", "list", "watch", "create", "delete")),
    # Through a websocket: a GET until 1.34, as a POST counted after that.
    *(Permission(verb=verb, resource="pods", subresource="exec") for verb in ("get", "create")),
    Permission(verb="get", resource="pods", subresource="log"),
    Permission(verb="list", resource="events"),
)
_STATEFUL_SETS = ("apps", "statefulsets")
_UPGRADING = tuple(Permission(verb=verb, group="apps", resource="statefulsets") for verb in ("get", "patch"))
_DISCOVERING = tuple(Permission(verb="list", resource=resource) for resource in ("services", "configmaps"))
_CLAIMS = tuple(Permission(verb=verb, resource="persistentvolumeclaims") for verb in ("get", "list", "watch", "delete"))
_MAKING = ("get", "list", "watch", "create", "delete")


def needed(
    objects: Iterable[Object],
    *,
    capabilities: Collection[type] = (),
    secrets: Sequence[str] = (),
    namespace: str = "",
    discovers: bool = False,
) -> tuple[Permission, ...]:
    """For making and deleting these objects, and for faults that take these capabilities.

    secrets: those that have to be read. namespace: one whose labels have to be read. discovers: the Redis is found by
    what runs in the namespace.
    """
    found = [*_ALWAYS]
    own = [each for each in objects if each.kind != "Pod"]
    for each in own:
        found += [Permission(verb=verb, group=each.group, resource=each.resource) for verb in _MAKING]
    found += _CLAIMS if own else ()
    found += _scaling(own) if CanScale in capabilities else ()
    found += _UPGRADING if CanUpgrade in capabilities else ()
    found += _DISCOVERING if discovers else ()
    found += [Permission(verb="get", resource="secrets", name=secret) for secret in secrets]
    if namespace:
        found.append(Permission(verb="get", resource="namespaces", name=namespace))
    return tuple(dict.fromkeys(found))


def _scaling(own: Iterable[Object]) -> Iterator[Permission]:
    """Of what keeps the pods; where nothing is made, of StatefulSets."""
    kept = dict.fromkeys((each.group, each.resource) for each in own if each.kind in tuple(ControllerKind))
    for group, resource in kept or (_STATEFUL_SETS,):
        for verb in ("get", "patch"):
            yield Permission(verb=verb, group=group, resource=resource, subresource="scale")


def asked(api: KubeApi, permissions: Sequence[Permission]) -> tuple[tuple[Permission, bool], ...]:
    """Each with the cluster's answer."""
    return tuple((permission, api.allowed(permission)) for permission in permissions)


def must_be_allowed(api: KubeApi, permissions: Sequence[Permission]) -> None:
    """Raises Unavailable with every permission that is missing."""
    missing = [str(permission) for permission, allowed in asked(api, permissions) if not allowed]
    if missing:
        raise Unavailable(
            f"expected to be allowed all that this needs in namespace {api.namespace}; not allowed: "
            f"{', '.join(missing)}; bind a role with these to the user of this context, or take another context"
        )
