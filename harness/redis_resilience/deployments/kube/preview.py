"""What a deployment would create and need, found out without changing anything: `redis-resilience plan`, and the check
before a run begins.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from redis_resilience.deployments.kube.attached import Find
from redis_resilience.deployments.kube.attachment import Attachment, find
from redis_resilience.deployments.kube.context import ContextSite
from redis_resilience.deployments.kube.interface import Connect, KubeApi, Permission
from redis_resilience.deployments.kube.objects import config_maps, manifests
from redis_resilience.deployments.kube.objects.image import REPOSITORY, probe_tag
from redis_resilience.deployments.kube.objects.manifests import overlay_of
from redis_resilience.deployments.kube.permissions import asked
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.model.errors import ResilienceError
from redis_resilience.shipped import BUILD_CONTEXT, MANIFESTS
from redis_resilience.topologies.topology import Profile, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """pods: those that faults may hit. refusals: why it would not be done, in words; empty where it would."""

    objects: tuple[str, ...]
    pods: tuple[str, ...]
    permissions: tuple[tuple[Permission, bool], ...] = ()
    refusals: tuple[str, ...] = ()


def manifest(topology: Topology, profile: Profile, *, redis_image: str, probe_image: str) -> str:
    """All objects of a deployment as YAML. The images are only named: nothing is built, nothing loaded."""
    folder = MANIFESTS
    rendered = manifests.render(overlay_of(folder, topology, profile), {"redis": redis_image})
    objects = config_maps.put(rendered, topology, profile)
    return f"{objects}---\n{probe_manifest(probe_image)}"


def probe_manifest(image: str) -> str:
    return manifests.render(MANIFESTS / "probe", {REPOSITORY: image or probe_tag(BUILD_CONTEXT)})


def in_kind(objects: str, pods: Sequence[str]) -> Preview:
    """In a cluster of the run's own everything is allowed."""
    made = ("a kind cluster for the run, unless one is named", "Namespace for each deployment", *_named(objects))
    return Preview(objects=made, pods=tuple(pods))


def in_context(
    objects: str,
    site: ContextSite,
    connect: Connect,
    *,
    capabilities: Collection[type] = (),
    pods: Sequence[str] = (),
    find_it: Find | None = None,
) -> Preview:
    """Every check of the start, each reported instead of raised. pods: of the topology; else those found there.

    capabilities: those that the plan's faults need.
    """
    cluster = site.acquire()
    api = connect(cluster.kubeconfig, cluster.context, site.where.namespace)
    try:
        permissions = asked(api, site.permissions(objects, capabilities))
        refusals = [f"not allowed: {permission}" for permission, allowed in permissions if not allowed]
        refusals += _told(lambda: site.must_be_welcome(api))
        refusals += _told(lambda: site.must_be_free(objects))
        found = list(pods)
        if find_it is not None:
            where = site.where
            place = Place(kubeconfig=cluster.kubeconfig, context=where.context, namespace=where.namespace)
            refusals += _told(lambda: found.extend(_found(api, find_it(place))))
    finally:
        api.close()
    made = _named(objects)
    if not site.locked:
        made = (*made, "Pod node-helper-... (privileged, hostPID) on each node of these pods")
    return Preview(objects=made, pods=tuple(found), permissions=permissions, refusals=tuple(refusals))


def _named(objects: str) -> tuple[str, ...]:
    claims = ("PersistentVolumeClaims of the StatefulSets' templates",) if "volumeClaimTemplates:" in objects else ()
    return (*map(str, manifests.objects_in(objects)), *claims)


def _found(api: KubeApi, attachment: Attachment) -> tuple[str, ...]:
    return tuple(f"{pod.name} ({', '.join(pod.containers)})" for pod in find(api, attachment).parts())


def _told(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except ResilienceError as error:
        return [str(error)]
    return []
