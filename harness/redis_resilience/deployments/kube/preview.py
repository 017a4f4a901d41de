"""What a deployment would create and need, found out without changing anything: `redis-resilience plan`, and the check
before a run begins.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from redis_resilience.deployments.kube.attached import Find
from redis_resilience.deployments.kube.attachment import Attachment, Found, find
from redis_resilience.deployments.kube.context import ContextSite
from redis_resilience.deployments.kube.interface import Connect, KubeApi, Permission
from redis_resilience.deployments.kube.objects import config_maps, manifests
from redis_resilience.deployments.kube.objects.image import REPOSITORY, probe_tag
from redis_resilience.deployments.kube.objects.manifests import overlay_of
from redis_resilience.deployments.kube.permissions import asked
from redis_resilience.deployments.kube.tools import Place, must_have, must_have_docker, must_have_image
from redis_resilience.model.access import Access
from redis_resilience.model.errors import ResilienceError, UsageError
from redis_resilience.shipped import BUILD_CONTEXT, MANIFESTS
from redis_resilience.topologies.topology import Profile, Topology

Examine = Callable[[Place, Attachment, Found, Access], Sequence[str]]
"""Why what was found there would not do, asked of it with these keys."""


def unexamined(place: Place, attachment: Attachment, found: Found, access: Access) -> Sequence[str]:
    """Nothing is asked: a run finds it out itself."""
    del place, attachment, found, access
    return ()


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


def in_kind(objects: str, pods: Sequence[str], *, probe_image: str = "") -> Preview:
    """In a cluster of the run's own everything is allowed. Images have to be here; the probe's own can be built."""
    made = ("a kind cluster for the run, unless one is named", "Namespace for each deployment", *_named(objects))
    refusals = _told(lambda: must_have("kind", "kubectl")) or _told(must_have_docker)
    if not refusals:
        built = () if probe_image else (probe_tag(BUILD_CONTEXT),)
        for image in manifests.images_in(objects):
            refusals += [] if image in built else _told(partial(must_have_image, image))
    return Preview(objects=made, pods=tuple(pods), refusals=tuple(refusals))


def in_context(
    objects: str,
    site: ContextSite,
    connect: Connect,
    *,
    probe_image: str,
    capabilities: Collection[type] = (),
    pods: Sequence[str] = (),
    find_it: Find | None = None,
    examine: Examine = unexamined,
) -> Preview:
    """Every check of the start, each reported instead of raised. pods: of the topology; else those found there.

    capabilities: those that the plan's faults need. examine: says why what was found there would not do.
    """
    cluster = site.acquire()
    api = connect(cluster.kubeconfig, cluster.context, site.where.namespace)
    try:
        permissions = asked(api, site.permissions(objects, capabilities))
        refusals = [f"not allowed: {permission}" for permission, allowed in permissions if not allowed]
        refusals += _told(lambda: site.must_be_welcome(api))
        refusals += _told(lambda: site.must_be_free(objects))
        refusals += _told(lambda: site.probe_image(probe_image))
        where = site.where
        place = Place(kubeconfig=cluster.kubeconfig, context=where.context, namespace=where.namespace)
        if not refusals:
            refusals += _told(lambda: manifests.must_be_admitted(objects, place))
        found = list(pods)
        if find_it is not None:
            checks = unexamined if refusals else examine
            refusals += _objections(lambda: _attached(api, place, find_it, checks, found))
    finally:
        api.close()
    made = _named(objects)
    if not site.locked:
        made = (*made, "Pod node-helper-... (privileged, hostPID) on each node of these pods")
    return Preview(objects=made, pods=tuple(found), permissions=permissions, refusals=tuple(refusals))


def _named(objects: str) -> tuple[str, ...]:
    claims = ("PersistentVolumeClaims of the StatefulSets' templates",) if "volumeClaimTemplates:" in objects else ()
    return (*map(str, manifests.objects_in(objects)), *claims)


def _attached(api: KubeApi, place: Place, find_it: Find, examine: Examine, names: list[str]) -> Sequence[str]:
    """What stands against it; adds the pods to `names`. Raises UsageError while pods of these labels come or go."""
    attachment = find_it(place)
    unfinished = [
        f"{pod.name} is {'being deleted' if pod.deleting else pod.phase}"
        for pod in api.pods(attachment.selector)[0]
        if pod.deleting or pod.phase == "Pending"
    ]
    if unfinished:
        raise UsageError(
            f"expected the pods with the labels {attachment.selector!r} to run; {'; '.join(unfinished)}; wait for the "
            "end of the roll-out (`kubectl rollout status`) and try again"
        )
    found = find(api, attachment)
    names += [f"{pod.name} ({', '.join(pod.containers)})" for pod in found.parts()]
    access = attachment.keys.read(api.secret, sentinel_ports=(attachment.sentinel_port,))
    return examine(place, attachment, found, access)


def _told(check: Callable[[], object]) -> list[str]:
    def checked() -> Sequence[str]:
        check()
        return ()

    return _objections(checked)


def _objections(check: Callable[[], Sequence[str]]) -> list[str]:
    try:
        return [*check()]
    except ResilienceError as error:
        return [str(error)]
