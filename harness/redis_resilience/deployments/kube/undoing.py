"""How each change to a cluster is taken back: by the deployment that made it, and by `heal` after its death, alike.

Each function may find its work done, half done, or the object gone or owned by another run by now; it says which.
While the API does not answer, it is asked again until `patience_s` is over: a restarting API server must not leave
faults behind.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from redis_resilience.deployments.journal import Journal, undo_left
from redis_resilience.deployments.kube.api import connect as connect_api
from redis_resilience.deployments.kube.interface import RUN_LABEL, Connect, KubeApi, KubeError, Template
from redis_resilience.deployments.kube.kind import delete_cluster, kind_clusters
from redis_resilience.deployments.kube.nodes.helper import helper_shell
from redis_resilience.deployments.kube.nodes.node import NodeShell, Process, process_state, send_signal
from redis_resilience.deployments.kube.objects.manifests import delete_labelled
from redis_resilience.deployments.kube.tools import Place, must_have, run
from redis_resilience.deployments.undo import (
    DeleteCluster,
    DeleteKeys,
    DeleteNamespace,
    DeleteObjects,
    DeletePod,
    DropTable,
    RestoreImages,
    Resume,
    ScaleBack,
    StartNode,
    Undo,
    Where,
    kind_cluster_of,
)
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.errors import DeploymentError, WaitTimeout

T = TypeVar("T")
_GONE_WITHIN_S = 90.0
"""A namespace: its pods are given their grace period."""
_STARTED_WITHIN_S = 60.0
_PATIENCE_S = 120.0
_WAKING_S = 20.0
"""An API server that has just started refuses (403) every user whose permissions it has not read yet."""
_AGAIN_S = 0.5
_LOOK_EVERY_S = 0.2
_LAST_GRACE_S = 1.0


def left_to_heal(undo: DeleteKeys) -> str:
    """A new probe is needed for it. Raises DeploymentError."""
    raise DeploymentError(f"expected {undo} to be deleted at the end of the trial; the master was not reached")


class Undoer:
    """Takes back changes to any cluster; holds the connections that this needs until `close`."""

    def __init__(
        self,
        connect: Connect = connect_api,
        shell: Callable[[str], NodeShell] = NodeShell.of_container,
        *,
        patience_s: float = _PATIENCE_S,
        gone_within_s: float = _GONE_WITHIN_S,
        delete_keys: Callable[[DeleteKeys], str] = left_to_heal,
    ) -> None:
        """patience_s: for an API that does not answer. gone_within_s: for what is deleted. delete_keys: how."""
        self._delete_keys = delete_keys
        self._connect, self._shell = connect, shell
        self._patience_s, self._gone_within_s = patience_s, gone_within_s
        self._apis: dict[Where, KubeApi] = {}
        self._shells: dict[str, NodeShell] = {}
        self._kind_clusters: set[str] | None = None
        self._unreachable: dict[tuple[str, str], str] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    def undo(self, undo: Undo) -> str:  # noqa: PLR0911 - one return a kind
        """Take it back; returns how that was seen. Raises DeploymentError where it cannot be done now."""
        cluster = kind_cluster_of(undo)
        if cluster and cluster not in self._known_to_kind():
            return f"there is no cluster {cluster} any more"
        match undo:
            case DeleteCluster():
                return delete_cluster(undo)
            case Resume():
                return self._resume(undo)
            case DropTable():
                return drop_table([self._shell_in(node, undo.helper) for node in undo.nodes], undo)
            case DeleteObjects():
                return remove_objects(undo)
            case StartNode():
                return start_node(undo)
            case DeleteKeys():
                return self._delete_keys(undo)
            case DeleteNamespace() | DeletePod() | ScaleBack() | RestoreImages():
                return self._in_namespace(undo)

    def _in_namespace(self, undo: DeleteNamespace | DeletePod | ScaleBack | RestoreImages) -> str:
        server = (undo.where.kubeconfig, undo.where.context)
        if server in self._unreachable:
            raise DeploymentError(self._unreachable[server])
        api = self._api(undo.where)

        def attempt() -> str:
            match undo:
                case DeleteNamespace():
                    return remove_namespace(api, undo, within_s=self._gone_within_s)
                case DeletePod():
                    return remove_pod(api, undo, within_s=self._gone_within_s)
                case ScaleBack():
                    return scale_back(api, undo)
                case RestoreImages():
                    return restore_images(api, undo)

        try:
            return patiently(attempt, within_s=self._patience_s)
        except KubeError as error:
            if not error.status:
                self._unreachable[server] = str(error)
            raise

    def _resume(self, undo: Resume) -> str:
        shell = self._shell_in(undo.node, undo.helper)
        process = Process(node=undo.node, pid=undo.pid, born=undo.born)
        match process_state(shell, process):
            case "gone":
                return f"{undo} ended meanwhile"
            case "stopped":
                return send_signal(shell, process, "SIGCONT", undo.name).proof
            case _:
                return f"{undo} runs"

    def _known_to_kind(self) -> set[str]:
        if self._kind_clusters is None:
            must_have("kind")
            self._kind_clusters = set(kind_clusters())
        return self._kind_clusters

    def _shell_in(self, node: str, helper: Where | None) -> NodeShell:
        """A new one: the deployment's own may be what is broken. Its helper is in the journal too, and goes later."""
        if node not in self._shells:
            self._shells[node] = helper_shell(helper, node) if helper else self._shell(node)
            self._open.callback(self._shells[node].close)
        return self._shells[node]

    def _api(self, where: Where) -> KubeApi:
        if where not in self._apis:
            kubeconfig = Path(where.kubeconfig)
            if where.kind_cluster and not kubeconfig.exists():  # it was deleted with the results
                folder = self._open.enter_context(tempfile.TemporaryDirectory())
                kubeconfig = Path(folder) / "kubeconfig"
                export = ("kind", "export", "kubeconfig", "--name", where.kind_cluster, "--kubeconfig", str(kubeconfig))
                run(*export, within_s=60.0)
            self._apis[where] = self._connect(kubeconfig, where.context, where.namespace)
            self._open.callback(self._apis[where].close)
        return self._apis[where]


def leave(journal: Journal, undoer: Undoer) -> None:
    """End this process's part of a run; the last one undoes what is left, whichever process left it.

    Raises DeploymentError that names what could not be undone; the journal keeps it.
    """
    try:
        told = undo_left(journal, undoer.undo) if journal.leave() else ()
    finally:
        journal.close()
    if problems := [f"{each.entry.undo}: {each.problem}" for each in told if each.problem]:
        raise DeploymentError(
            "expected everything to be undone at the end of the run; still there: "
            + "; ".join(problems)
            + "; `redis-resilience heal` tries again"
        )


def patiently(attempt: Callable[[], T], *, within_s: float = _PATIENCE_S, waking_s: float = _WAKING_S) -> T:
    """Once more while the API does not answer, or is not ready; any other refusal is final, and so is the deadline's.

    waking_s: how long a missing permission may be one that a starting API server has not read yet.

    For undoing and for fetching only: what is measured is never retried. Raises the last KubeError.
    """
    results: list[T] = []
    last: list[KubeError] = []
    awake_s = time.monotonic() + waking_s

    def look() -> tuple[bool, str]:
        try:
            results.append(attempt())
        except KubeError as error:
            waking = error.status == HTTPStatus.FORBIDDEN and time.monotonic() < awake_s
            if not (error.passing or waking):
                raise
            last.append(error)
            return False, str(error)
        return True, "done"

    try:
        eventually(look, within_s=within_s, what="the API to answer", every_s=_AGAIN_S)
    except WaitTimeout as error:
        raise KubeError(f"{last[-1]} (asked for {within_s:g} s)", status=last[-1].status) from error
    return results[0]


def ask_namespace_to_go(api: KubeApi, undo: DeleteNamespace) -> str:
    """Request it, without waiting; returns why there is nothing to request, or ""."""
    state = api.namespace_state()
    if state is None:
        return f"there is no {undo.where} any more"
    if state.labels.get(RUN_LABEL) != undo.run:
        return f"{undo.where} is not of run {undo.run}: left alone"
    if not state.deleting:
        api.delete_namespace()
        # Nothing recreates them now, and their data is deleted anyway.
        for pod in api.pods()[0]:
            _delete_pod(api, pod.name)
    return ""


def remove_namespace(api: KubeApi, undo: DeleteNamespace, *, within_s: float) -> str:
    """Raises DeploymentError where it is not gone in time, with what it waits for."""
    if nothing := ask_namespace_to_go(api, undo):
        return nothing

    def look() -> tuple[bool, str]:
        state = api.namespace_state()
        return state is None, "" if state is None else "; ".join(state.waiting_for) or "it is being deleted"

    try:
        eventually(look, within_s=within_s, what=f"{undo.where} to be gone", every_s=_LOOK_EVERY_S)
    except WaitTimeout as error:
        raise DeploymentError(
            f"{error}; a finalizer may wait for a controller that does not run: find the object with `kubectl "
            f"--kubeconfig {undo.where.kubeconfig} --namespace {undo.where.namespace} get all,pvc,configmap -o yaml`, "
            "take the finalizer away, then `redis-resilience heal`"
        ) from error
    return f"{undo.where} is gone"


def remove_pod(api: KubeApi, undo: DeletePod, *, within_s: float) -> str:
    if not _delete_pod(api, undo.pod):
        return f"there is no {undo} any more"

    def look() -> tuple[bool, str]:
        names = [pod.name for pod in api.pods()[0]]
        return undo.pod not in names, f"{undo.pod} is there"

    eventually(look, within_s=within_s, what=f"{undo} to be gone", every_s=_LOOK_EVERY_S)
    return f"{undo} is gone"


def remove_objects(undo: DeleteObjects) -> str:
    """By its label, so that no object of another run goes with them."""
    where = undo.where
    place = Place(kubeconfig=Path(where.kubeconfig), context=where.context, namespace=where.namespace)
    delete_labelled(undo.resources, undo.run, place, within_s=_GONE_WITHIN_S)
    return f"{undo} is gone"


def scale_back(api: KubeApi, undo: ScaleBack) -> str:
    """As many as before, unless another client has requested a different number meanwhile."""
    name = f"{undo.controller} in {undo.where}"
    try:
        now = api.replicas(undo.controller)
        if now == 0:
            api.scale(undo.controller, undo.replicas)
            now = api.replicas(undo.controller)
    except KubeError as error:
        if error.status == 404:
            return f"there is no {name} any more"
        raise
    return f"{name} has {now} replicas to keep, as before" if now == undo.replicas else f"{name} has {now} by now"


def restore_images(api: KubeApi, undo: RestoreImages) -> str:
    """Its controller replaces the pods then, in its own order, unless its strategy leaves that to others."""
    before = Template(images=undo.images, init_containers=undo.init_containers, strategy=undo.strategy)
    try:
        if api.template(undo.controller) != before:
            api.set_template(undo.controller, before)
    except KubeError as error:
        if error.status == 404:
            return f"there is no {undo.controller} in {undo.where} any more"
        raise
    told = f"{undo.controller} in {undo.where} has the images {', '.join(dict.fromkeys(undo.images.values()))}"
    return told if undo.strategy.get("type") != "OnDelete" else f"{told}; pods get them when they are deleted"


def drop_table(shells: Sequence[NodeShell], undo: DropTable) -> str:
    for shell in shells:
        # Added first, so that a node which never had it is no error.
        shell.must(
            f"nft add table inet {undo.table}; nft delete table inet {undo.table}",
            f"the rules that isolate {undo.pod} to be deleted",
        )
    return f"the rules that isolated {undo.pod} are gone from {', '.join(shell.node for shell in shells)}"


def start_node(undo: StartNode) -> str:
    """The node's container runs (else raises DeploymentError); its kubelet and its pods need some time after that."""
    run("docker", "start", undo.node, within_s=_STARTED_WITHIN_S)
    running = run("docker", "inspect", "--format", "{{.State.Running}}", undo.node, within_s=_STARTED_WITHIN_S).strip()
    if running != "true":
        raise DeploymentError(f"expected {undo} to run; Docker says: {running}")
    return f"{undo} runs"


def _delete_pod(api: KubeApi, name: str) -> bool:
    """Whether there was one to delete."""
    try:
        api.delete_pod(name, grace_s=_LAST_GRACE_S)
    except KubeError as error:
        if error.status != 404:
            raise
        return False
    return True
