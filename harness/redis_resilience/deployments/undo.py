"""What takes back one change to a cluster, as data that outlives the process that made the change.

One kind for each kind of change, with all that is needed to take it back and to see that it is still ours to take back:
a name alone may belong to another run's object by then. Never a credential: a kubeconfig is named, not copied.
"""

from __future__ import annotations

from typing import Any

import msgspec

from redis_resilience.deployments.kube.attachment import Attachment
from redis_resilience.topologies.topology import Controller


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A namespace. kind_cluster: kind's name for the cluster, which can be asked whether it exists; else empty."""

    kubeconfig: str
    context: str
    namespace: str
    kind_cluster: str = ""

    def __str__(self) -> str:
        return f"namespace {self.namespace} of {self.context}"


class _Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What all kinds share: how they are written."""


class DeleteCluster(_Change, frozen=True, tag="delete-cluster"):
    """A kind cluster that was created for the run."""

    kind_cluster: str
    kubeconfig: str

    def __str__(self) -> str:
        return f"cluster {self.kind_cluster}"


class DeleteNamespace(_Change, frozen=True, tag="delete-namespace"):
    """run: the value of its label; a namespace of that name without it is not ours."""

    where: Where
    run: str

    def __str__(self) -> str:
        return str(self.where)


class DeletePod(_Change, frozen=True, tag="delete-pod"):
    """A pod of this harness's own in a namespace that is not: a privileged helper on a node."""

    where: Where
    pod: str

    def __str__(self) -> str:
        return f"pod {self.pod} in {self.where}"


class DeleteObjects(_Change, frozen=True, tag="delete-objects"):
    """What a deployment put into a namespace that is not its own. resources: kinds to search for its label."""

    where: Where
    run: str
    resources: tuple[str, ...]

    def __str__(self) -> str:
        return f"what is labelled {self.run} in {self.where}"


class ScaleBack(_Change, frozen=True, tag="scale-back"):
    """What was scaled to 0. replicas: as many as before."""

    where: Where
    controller: Controller
    replicas: int

    def __str__(self) -> str:
        return f"{self.controller} in {self.where}, {self.replicas} replicas before"


class RestoreImages(_Change, frozen=True, tag="restore-images"):
    """A StatefulSet whose images an upgrade changed. images: by container; strategy: its updateStrategy; as before."""

    where: Where
    controller: Controller
    images: dict[str, str]
    init_containers: tuple[str, ...]
    strategy: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.controller} in {self.where}, images {', '.join(dict.fromkeys(self.images.values()))} before"


class Resume(_Change, frozen=True, tag="resume"):
    """A process that was stopped (SIGSTOP). name: "redis-0/redis". born: tells it from a later one with its PID.

    helper: the namespace of the pod that leads into the node; None where the node is a container of this host.
    """

    node: str
    pid: int
    born: str
    name: str
    kind_cluster: str = ""
    helper: Where | None = None

    def __str__(self) -> str:
        return f"{self.name}, PID {self.pid} on {self.node}"


class DropTable(_Change, frozen=True, tag="drop-table"):
    """Rules of nftables that partition a pod. helper: as in `Resume`."""

    nodes: tuple[str, ...]
    table: str
    pod: str
    kind_cluster: str = ""
    helper: Where | None = None

    def __str__(self) -> str:
        return f"the rules that isolate {self.pod} on {', '.join(self.nodes)}"


class StartNode(_Change, frozen=True, tag="start-node"):
    """A node whose container was stopped."""

    node: str
    kind_cluster: str = ""

    def __str__(self) -> str:
        return f"node {self.node}"


class DeleteKeys(_Change, frozen=True, tag="delete-keys"):
    """What a trial writes to a Redis that is its user's. attachment: where its passwords are, never what they are.

    probe_image: of the pod that deletes them.
    """

    where: Where
    trial: str
    attachment: Attachment
    probe_image: str

    def __str__(self) -> str:
        return f"the keys of trial {self.trial} on {self.attachment.selector} in {self.where}"


Undo = (
    DeleteCluster
    | DeleteNamespace
    | DeletePod
    | DeleteObjects
    | ScaleBack
    | RestoreImages
    | Resume
    | DropTable
    | StartNode
    | DeleteKeys
)


def kind_cluster_of(undo: Undo) -> str:
    """The kind cluster whose deletion undoes the change, too; "" where it is in none."""
    match undo:
        case (
            DeleteNamespace(where=where)
            | DeletePod(where=where)
            | DeleteObjects(where=where)
            | ScaleBack(where=where)
            | RestoreImages(where=where)
            | DeleteKeys(where=where)
        ):
            return where.kind_cluster
        case _:
            return undo.kind_cluster
