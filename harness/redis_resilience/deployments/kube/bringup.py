"""From nothing to pods that are ready and a probe that answers; each step registers how to undo itself."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from redis_resilience.deployments.forming import form_cluster, members
from redis_resilience.deployments.journal import Journal, undo_left
from redis_resilience.deployments.kube.interface import RUN_LABEL, Connect, KubeApi, KubeError, PodState
from redis_resilience.deployments.kube.nodes.firewall import Firewall
from redis_resilience.deployments.kube.nodes.node import NodeShell
from redis_resilience.deployments.kube.nodes.power import NodePower
from redis_resilience.deployments.kube.objects import config_maps, manifests
from redis_resilience.deployments.kube.objects.image import REPOSITORY
from redis_resilience.deployments.kube.pods.clients import Clients, clients
from redis_resilience.deployments.kube.pods.growth import first_pods, grow, later_controllers, wait_until_adopted
from redis_resilience.deployments.kube.pods.logs import Logs
from redis_resilience.deployments.kube.pods.places import Places
from redis_resilience.deployments.kube.pods.pods import Pods
from redis_resilience.deployments.kube.pods.probe import POD as PROBE_POD
from redis_resilience.deployments.kube.pods.probe import KubeProbe
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.deployments.kube.site import Cluster, Site
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.deployments.kube.undoing import Undoer, ask_namespace_to_go, remove_objects
from redis_resilience.deployments.probe import Probe
from redis_resilience.deployments.steps import Steps, Tell, untold
from redis_resilience.deployments.undo import DeleteCluster, DeleteKeys, DeleteNamespace, DeleteObjects, Where
from redis_resilience.model.access import one_password
from redis_resilience.model.errors import DeploymentError, WaitTimeout
from redis_resilience.shipped import MANIFESTS
from redis_resilience.topologies.topology import ControllerKind, Profile, System, Topology

_READY_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to bring up. run_id: the value of the label. Images: empty for the manifests' and the site's own.

    password: for the Secret that the manifests refer to; "" where they refer to none. tell: called with each step.
    """

    topology: Topology
    profile: Profile
    overlay: Path
    namespace: str
    run_id: str
    redis_image: str = ""
    probe_image: str = ""
    password: str = field(default="", repr=False)
    tell: Tell = field(default=untold, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """What exists while a deployment is up. undo: takes all of it away, last made first."""

    cluster: Cluster
    where: Where
    api: KubeApi
    watch: PodWatch
    logs: Logs
    pods: Pods
    partition: Firewall
    power: NodePower
    probe: Probe
    clients: Clients
    images: tuple[str, ...]
    steps: Steps
    undo: ExitStack


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the pods will be, after a check for what must not be there. undo: takes away what is begun on it."""

    site: Site
    cluster: Cluster
    where: Where
    api: KubeApi
    journal: Journal
    undo: ExitStack


def bring_up(wanted: Wanted, site: Site, connect: Connect, journal: Journal, undo: ExitStack) -> Up:
    """Returns once every pod is ready; what was begun is in `undo`, also where this raises."""
    steps = Steps(wanted.tell)
    steps.begin("probe's image")
    labels = {} if site.makes_namespaces else {RUN_LABEL: wanted.run_id}
    rendered = manifests.render(wanted.overlay, {"redis": wanted.redis_image}, labels)
    objects = config_maps.put(rendered, wanted.topology, wanted.profile)
    probe_objects = probe_manifest(site, wanted.probe_image, wanted.run_id)
    secret = [manifests.secret(wanted.password, labels)] if wanted.password else []
    images = (*manifests.images_in(objects), *manifests.images_in(probe_objects))
    steps.begin("cluster")
    cluster = site.acquire(images)
    steps.begin("images into the nodes")
    site.load(images)
    steps.begin("deploy")
    api = connect(cluster.kubeconfig, cluster.context, wanted.namespace)
    undo.callback(api.close)
    api.version()  # an unreachable cluster is reported before anything is recorded that could not be undone
    ground = break_ground(
        "\n---\n".join((objects, probe_objects, *secret)),
        Ground(site=site, cluster=cluster, where=where_of(site, cluster, api), api=api, journal=journal, undo=undo),
        connect,
        run_id=wanted.run_id,
    )
    watch = PodWatch(api, Places(wanted.topology.pods))
    undo.callback(watch.stop)
    logs = Logs(api, watch)
    place = place_of(ground.where)
    for each in (*secret, probe_objects):
        manifests.apply(each, place)
    at_once, later = manifests.in_steps(objects, later_controllers(wanted.topology))
    if site.makes_namespaces:
        manifests.deploy(wanted.overlay, at_once, place, redis_image=wanted.redis_image)
    else:
        manifests.apply(at_once, place)  # with their labels, of a chart's too
    wait_until_adopted(watch, wanted.topology)
    if later:
        manifests.apply(later, place)
    steps.begin("ready")
    probe = start_probe(ground, watch, logs)
    probe.watch(servers={}, sentinels={}, master_name=wanted.topology.master_name, access=one_password(wanted.password))
    probe.watch_names(_names(wanted.topology))
    pods = Pods(topology=wanted.topology, watch=watch, logs=logs, nodes={}, probe=probe)
    for pod in first_pods(wanted.topology):
        wait_until_ready(watch, logs, pod.name)
    grow(pods, partial(manifests.scale, place))
    if wanted.topology.system is System.CLUSTER:
        servers = members(wanted.topology, pods.endpoints("redis"))
        form_cluster(probe, servers, shards=wanted.topology.shards)
    steps.end()
    return complete(ground, pods, images=images, steps=steps)


def place_of(where: Where) -> Place:
    return Place(kubeconfig=Path(where.kubeconfig), context=where.context, namespace=where.namespace)


def where_of(site: Site, cluster: Cluster, api: KubeApi) -> Where:
    return Where(
        kubeconfig=str(cluster.kubeconfig),
        context=cluster.context,
        namespace=api.namespace,
        kind_cluster=cluster.name if site.backend == "kind" else "",
    )


def probe_manifest(site: Site, image: str, run_id: str) -> str:
    """The probe's pod as YAML."""
    folder = MANIFESTS / "probe"
    return manifests.render(folder, {REPOSITORY: site.probe_image(image)}, {RUN_LABEL: run_id})


def break_ground(objects: str, ground: Ground, connect: Connect, *, run_id: str) -> Ground:
    """A namespace for these objects, made or there already; from here on `undo` takes away what carries the label."""
    if ground.site.makes_namespaces:
        _make_namespace(ground.api, DeleteNamespace(where=ground.where, run=run_id), ground.journal, ground.undo)
    else:
        ground.site.admit(ground.api, objects)
        made = DeleteObjects(where=ground.where, run=run_id, resources=_resources(objects))
        _be_a_guest(made, ground.journal, ground.undo)
    ground.undo.callback(_undo_faults, ground.journal, connect, ground.site)
    return ground


def start_probe(ground: Ground, watch: PodWatch, logs: Logs) -> KubeProbe:
    """Once its pod, which was asked for before, is ready."""
    wait_until_ready(watch, logs, PROBE_POD)
    probe = KubeProbe(ground.api)
    ground.undo.callback(probe.stop)
    return probe


def complete(ground: Ground, pods: Pods, *, images: Sequence[str], steps: Steps) -> Up:
    """All that the deployment works with, once its pods are there and their nodes entered. images: Redis's first."""
    states = [pods.watch.pod(pod.name) for pod in pods.topology.pods]
    nodes = _enter_nodes(ground.site, ground.cluster, states, ground.undo)
    where = ground.where
    pods = replace(pods, nodes=nodes)
    return Up(
        cluster=ground.cluster,
        where=where,
        api=ground.api,
        watch=pods.watch,
        logs=pods.logs,
        pods=pods,
        partition=Firewall(
            tuple(nodes.values()),
            where.namespace,
            ground.journal,
            ports=pods.topology.listening,
            kind_cluster=where.kind_cluster,
            helper=None if where.kind_cluster else where,
        ),
        power=NodePower(pods, ground.journal, kind_cluster=where.kind_cluster),
        probe=pods.probe,
        clients=clients(api=ground.api, watch=pods.watch, image=images[0], place=place_of(where)),
        images=tuple(images),
        steps=steps,
        undo=ground.undo,
    )


def _enter_nodes(
    site: Site, cluster: Cluster, pods: Sequence[PodState | None], undo: ExitStack
) -> dict[str, NodeShell]:
    """Those that the cluster names, else those that the pods are on: now; later it would disturb a measurement."""
    if site.locked:
        return {}
    nodes = {}
    for name in cluster.nodes or sorted({pod.node for pod in pods if pod is not None}):
        nodes[name] = site.shell(name)
        undo.callback(nodes[name].close)
    return nodes


def _resources(objects: str) -> tuple[str, ...]:
    """Controllers before what they would recreate, and before what they leave behind."""
    made = dict.fromkeys(each.resource for each in manifests.objects_in(objects))
    return tuple(dict.fromkeys((*made, "pods", "persistentvolumeclaims")))


def _be_a_guest(made: DeleteObjects, journal: Journal, undo: ExitStack) -> None:
    """Recorded before the first object is made; at the end exactly what carries the label is deleted; waits for it."""
    entry = journal.note(made)
    undo.callback(lambda: journal.done(entry, remove_objects(made)))


def _names(topology: Topology) -> dict[str, str]:
    """Of the pods that the cluster gives names to, by pod: those of a StatefulSet with its headless Service."""
    return {
        pod.name: f"{pod.name}.{topology.service}"
        for pod in topology.pods
        if pod.controller is not None and pod.controller.kind is ControllerKind.STATEFUL_SET
    }


def _make_namespace(api: KubeApi, made: DeleteNamespace, journal: Journal, undo: ExitStack) -> None:
    entry = journal.note(made)

    def let_go() -> None:
        """Only requested: whether it is gone is checked at the end of the run, which reports what remains."""
        with suppress(KubeError):
            if entry in journal.left() and (nothing := ask_namespace_to_go(api, made)):
                journal.done(entry, nothing)

    undo.callback(let_go)
    try:
        api.create_namespace({RUN_LABEL: made.run})
    except KubeError as error:
        if not error.passing:
            journal.done(entry, f"it was never made: {error}")
        raise


def _undo_faults(journal: Journal, connect: Connect, site: Site) -> None:
    """Faults not healed yet; one that cannot be undone now stays in the journal. What was created goes by itself."""
    no_faults = DeleteCluster | DeleteNamespace | DeleteObjects | DeleteKeys
    with Undoer(connect, site.shell) as undoer:
        undo_left(
            journal,
            undoer.undo,
            only=lambda entry: journal.noted(entry) and not isinstance(entry.undo, no_faults),
        )


def wait_until_ready(watch: PodWatch, logs: Logs, pod: str) -> None:
    """Raises DeploymentError with the last words of its containers where it is not in time."""
    what = f"pod {pod} to be ready"
    try:
        watch.until(pod, lambda state: state.ready, within_s=_READY_WITHIN_S, what=what, hopeless=True)
    except (WaitTimeout, DeploymentError) as error:
        state = watch.pod(pod)
        words = "".join(
            f"\nend of the log of {pod}/{container.name}:\n{logs.last_words(pod, container.name)}"
            for container in (state.containers if state else ())
            if not container.ready
        )
        raise DeploymentError(f"{error}{words}") from error
