"""From nothing to pods that are ready and a probe that answers, each step leaving its own undoing behind."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.deployments.forming import form_cluster
from harness.deployments.journal import Journal, undo_left
from harness.deployments.kube import manifests
from harness.deployments.kube.clients import Clients, clients
from harness.deployments.kube.growth import first_pods, grow, later_controllers, wait_until_adopted
from harness.deployments.kube.image import REPOSITORY, project_folder
from harness.deployments.kube.logs import Logs
from harness.deployments.kube.partition import Partition
from harness.deployments.kube.pods import Pods
from harness.deployments.kube.port import RUN_LABEL, Connect, KubeApi, KubeError
from harness.deployments.kube.power import NodePower
from harness.deployments.kube.probe import POD as PROBE_POD
from harness.deployments.kube.probe import KubeProbe
from harness.deployments.kube.site import Cluster, Site
from harness.deployments.kube.slots import Slots
from harness.deployments.kube.tools import Place
from harness.deployments.kube.undoing import Undoer, ask_namespace_to_go
from harness.deployments.kube.watch import PodWatch
from harness.deployments.steps import Steps
from harness.deployments.undo import DeleteCluster, DeleteNamespace, Where
from harness.model.errors import DeploymentError, WaitTimeout
from harness.topologies.topology import ControllerKind, System, Topology

_READY_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to bring up. run_id: the value of the label. Images: empty for the manifests' and the site's own.

    password: for the Secret that the manifests refer to; "" where they refer to none.
    """

    topology: Topology
    overlay: Path
    namespace: str
    run_id: str
    redis_image: str = ""
    probe_image: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """What there is while a deployment is up. undo: takes all of it away, last made first."""

    cluster: Cluster
    where: Where
    api: KubeApi
    watch: PodWatch
    logs: Logs
    pods: Pods
    partition: Partition
    power: NodePower
    probe: KubeProbe
    clients: Clients
    images: tuple[str, ...]
    steps: Steps
    undo: ExitStack


def bring_up(wanted: Wanted, site: Site, connect: Connect, journal: Journal, undo: ExitStack) -> Up:
    """Returns once every pod is ready; what was begun is in `undo`, also where this raises."""
    steps = Steps()
    cluster = site.acquire()
    steps.took("cluster")
    image = site.probe_image(wanted.probe_image)
    steps.took("probe's image")
    objects = manifests.render(wanted.overlay, {"redis": wanted.redis_image})
    probe_objects = manifests.render(project_folder() / "manifests" / "probe", {REPOSITORY: image})
    images = (*manifests.images_in(objects), *manifests.images_in(probe_objects))
    site.load(images)
    steps.took("images into the nodes")
    api = connect(cluster.kubeconfig, cluster.context, wanted.namespace)
    undo.callback(api.close)
    api.version()  # a cluster that does not answer is told before anything is noted that nobody could undo
    where = Where(
        kubeconfig=str(cluster.kubeconfig),
        context=cluster.context,
        namespace=wanted.namespace,
        kind_cluster=cluster.name if site.backend == "kind" else "",
    )
    _make_namespace(api, DeleteNamespace(where=where, run=wanted.run_id), journal, undo)
    undo.callback(_undo_faults, journal, connect, site)
    nodes = {}
    for name in cluster.nodes:
        nodes[name] = site.shell(name)
        undo.callback(nodes[name].close)
    partition = Partition(tuple(nodes.values()), wanted.namespace, journal, kind_cluster=where.kind_cluster)
    watch = PodWatch(api, Slots(wanted.topology.pods))
    undo.callback(watch.stop)
    logs = Logs(api, watch)
    place = Place(kubeconfig=cluster.kubeconfig, context=cluster.context, namespace=wanted.namespace)
    if wanted.password:
        manifests.apply(manifests.secret(wanted.password), place)
    manifests.apply(probe_objects, place)
    at_once, later = manifests.in_steps(objects, later_controllers(wanted.topology))
    manifests.deploy(wanted.overlay, at_once, place, redis_image=wanted.redis_image)
    wait_until_adopted(watch, wanted.topology)
    if later:
        manifests.apply(later, place)
    steps.took("deploy")
    _wait_until_ready(watch, logs, PROBE_POD)
    probe = KubeProbe(api)
    undo.callback(probe.stop)
    probe.watch(servers={}, sentinels={}, master_name=wanted.topology.master_name, password=wanted.password)
    probe.watch_names(_names(wanted.topology))
    pods = Pods(topology=wanted.topology, watch=watch, logs=logs, nodes=nodes, probe=probe)
    for pod in first_pods(wanted.topology):
        _wait_until_ready(watch, logs, pod.name)
    grow(pods, partial(manifests.scale, place))
    if wanted.topology.system is System.CLUSTER:
        form_cluster(probe, pods.endpoints("redis"), shards=wanted.topology.shards, check=_nothing_to_check)
    steps.took("ready")
    return Up(
        cluster=cluster,
        where=where,
        api=api,
        watch=watch,
        logs=logs,
        pods=pods,
        partition=partition,
        power=NodePower(pods, journal, kind_cluster=where.kind_cluster),
        probe=probe,
        clients=clients(
            api=api,
            watch=watch,
            image=manifests.images_in(objects)[0],
            place=place,
        ),
        images=images,
        steps=steps,
        undo=undo,
    )


def _names(topology: Topology) -> dict[str, str]:
    """Of the pods that the cluster gives names to, by pod: those of a StatefulSet with its headless Service."""
    return {
        pod.name: f"{pod.name}.{topology.service}"
        for pod in topology.pods
        if pod.controller is not None and pod.controller.kind is ControllerKind.STATEFUL_SET
    }


def _nothing_to_check() -> None:
    """A container that dies is started again, and a node that does not answer is named at the deadline."""


def _make_namespace(api: KubeApi, made: DeleteNamespace, journal: Journal, undo: ExitStack) -> None:
    entry = journal.note(made)

    def let_go() -> None:
        """Asked for only: that it is gone is seen at the end of the run, which tells where it is not."""
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
    """What nobody has healed; one that cannot be undone now stays in the journal."""
    with Undoer(connect, site.shell) as undoer:
        undo_left(
            journal,
            undoer.undo,
            only=lambda entry: journal.noted(entry) and not isinstance(entry.undo, DeleteCluster | DeleteNamespace),
        )


def _wait_until_ready(watch: PodWatch, logs: Logs, pod: str) -> None:
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
