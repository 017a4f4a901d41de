"""A kind cluster for a run: made when the first deployment wants one, shared by the workers of pytest-xdist. The run's
journal names it, so it is deleted by the last process of the run, or by `heal`. The user's own kubeconfig is never
touched: the cluster's is a file in the run's folder.

A named cluster (`--redis-kind-cluster`) is only ever used, never deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.interface import KubeApi
from redis_resilience.deployments.kube.nodes.images import absent
from redis_resilience.deployments.kube.nodes.loading import LoadingEarly, load_images, nodes_of
from redis_resilience.deployments.kube.nodes.node import NodeShell
from redis_resilience.deployments.kube.objects.image import probe_image
from redis_resilience.deployments.kube.site import Cluster
from redis_resilience.deployments.kube.tools import must_have, must_have_docker, must_have_image, run
from redis_resilience.deployments.locked import Locked
from redis_resilience.deployments.undo import DeleteCluster
from redis_resilience.model.errors import DeploymentError, UsageError

PREFIX = "redis-resilience-"
_CREATED_WITHIN_S = 300.0
_ASKED_WITHIN_S = 30.0
_DELETED_WITHIN_S = 180.0
_NODE_IMAGE = "kindest/node"
_LOADED = "loaded-images"


class KindClusters:
    """Implements `Site`. `acquire` may be called by several processes that share `folder` and the run's journal.

    Raises UsageError for less than 0 workers, and for a named cluster that does not exist.
    """

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        *,
        run_id: str,
        named: str = "",
        node_image: str = "",
        workers: int = 0,
        keep: bool = False,
    ) -> None:
        """folder: for the kubeconfig and the lock. named: use this cluster. keep: leave it there at the end."""
        if workers < 0:
            raise UsageError(f"expected 0 workers or more; got {workers}")
        self._folder = folder
        self._journal = journal
        self._name = named or f"{PREFIX}{run_id}".lower()
        self._named = bool(named)
        self._node_image = node_image
        self._workers = workers
        self._keep = keep

    @property
    def backend(self) -> str:
        return "kind"

    @property
    def makes_namespaces(self) -> bool:
        return True

    @property
    def locked(self) -> str:
        return ""

    def acquire(self, images: Sequence[str] = ()) -> Cluster:
        """The cluster, created where there is none yet. Raises Unavailable where this machine cannot have one."""
        must_have("kind", "kubectl")
        must_have_docker()
        for image in images:
            must_have_image(image)
        self._folder.mkdir(parents=True, exist_ok=True)
        kubeconfig = self._folder / "kubeconfig"
        with Locked(self._folder / "lock"):
            known = kind_clusters()
            if self._named and self._name not in known:
                raise UsageError(
                    f"expected a kind cluster named {self._name!r}; there are: {', '.join(known) or 'none'}; "
                    "make it with `kind create cluster`, or leave the name out to get one for the run"
                )
            if self._name not in known:
                self._create(kubeconfig, tuple(dict.fromkeys(images)))
            elif not kubeconfig.exists():
                kubeconfig.touch(mode=0o600)
                run("kind", "export", "kubeconfig", "--name", self._name, "--kubeconfig", str(kubeconfig), within_s=60)
            nodes = nodes_of(self._name)
            image = run("docker", "inspect", "--format", "{{.Config.Image}}", nodes[0], within_s=_ASKED_WITHIN_S)
        return Cluster(
            name=self._name,
            kubeconfig=kubeconfig,
            context=f"kind-{self._name}",
            nodes=tuple(sorted(nodes)),
            node_image=image.strip(),
        )

    def probe_image(self, named: str) -> str:
        """The project's own is built where it is missing."""
        return probe_image(named)

    def load(self, images: Sequence[str]) -> None:
        """Put local images into every node, once a run. Raises Unavailable for one that this machine does not have."""
        for image in images:
            must_have_image(image)
        with Locked(self._folder / "lock"):
            have = self._loaded()
            wanted = [image for image in dict.fromkeys(images) if image not in have]
            if wanted and (lacking := self._lacking(wanted)):
                load_images(self._name, lacking)
            self._have_loaded(wanted)

    def _loaded(self) -> tuple[str, ...]:
        """In this run."""
        loaded = self._folder / _LOADED
        return tuple(loaded.read_text().splitlines()) if loaded.exists() else ()

    def _have_loaded(self, images: Sequence[str]) -> None:
        (self._folder / _LOADED).write_text("".join(f"{image}\n" for image in (*self._loaded(), *images)))

    def _lacking(self, images: Sequence[str]) -> tuple[str, ...]:
        """Those that a node lacks. A cluster of this run's own has none of them."""
        if not self._named:
            return tuple(images)
        lacking = [absent(images, node) for node in nodes_of(self._name)]
        return tuple(image for image in images if any(image in those for those in lacking))

    def admit(self, api: KubeApi, objects: str) -> None:
        """A namespace of its own accepts anything."""

    def shell(self, node: str) -> NodeShell:
        return NodeShell.of_container(node)

    def release(self) -> None:
        """Nothing is held: the journal names the cluster, and the last process of the run deletes it."""

    def _create(self, kubeconfig: Path, images: Sequence[str]) -> None:
        image = self._node_image or _newest_node_image()
        roles = ["control-plane", *["worker"] * self._workers]
        lines = [
            "kind: Cluster",
            "apiVersion: kind.x-k8s.io/v1alpha4",
            "nodes:",
            *(f"- role: {role}" for role in roles),
        ]
        command = ["kind", "create", "cluster", "--name", self._name, "--kubeconfig", str(kubeconfig)]
        command += ["--wait", "120s", "--config", "-"]
        if image:
            must_have_image(image)
            command += ["--image", image]
        undo = DeleteCluster(kind_cluster=self._name, kubeconfig=str(kubeconfig))
        entry = self._journal.note(undo)
        loading = LoadingEarly(self._name, images, nodes=len(roles))
        try:
            with loading:
                run(*command, within_s=_CREATED_WITHIN_S, given="\n".join(lines).encode())
        except BaseException as error:
            with suppress(DeploymentError):  # the first error is the one to report; the journal keeps what is left
                self._journal.done(entry, delete_cluster(undo))
            if not isinstance(error, DeploymentError):
                raise
            raise DeploymentError(f"kind could not make the cluster {self._name}: {error}") from error
        self._have_loaded(loading.loaded)
        if self._keep:
            self._journal.done(entry, "it is kept, as requested")


def delete_cluster(undo: DeleteCluster) -> str:
    """Also correct for a cluster of which only parts exist; returns how its end was seen.

    Raises DeploymentError where kind still lists it.
    """
    name = undo.kind_cluster
    run("kind", "delete", "cluster", "--name", name, "--kubeconfig", undo.kubeconfig, within_s=_DELETED_WITHIN_S)
    if name in kind_clusters():
        raise DeploymentError(f"expected cluster {name} to be deleted; kind still lists it; look at `docker ps`")
    return f"cluster {name} is deleted"


def kind_clusters() -> tuple[str, ...]:
    """All that kind knows of here, of this project or not."""
    return tuple(run("kind", "get", "clusters", within_s=_ASKED_WITHIN_S).split())


def left_clusters() -> tuple[str, ...]:
    """Clusters of this project's name that exist now: of a run that goes on, was asked to keep it, or was killed."""
    return tuple(name for name in kind_clusters() if name.startswith(PREFIX))


def _newest_node_image() -> str:
    """The newest local one, whatever kind's own default is; "" where there is none, and kind has to pull its own."""
    found = run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", _NODE_IMAGE, within_s=_ASKED_WITHIN_S)
    tagged = [name for name in found.split() if not name.endswith("<none>")]
    return tagged[0] if tagged else ""
