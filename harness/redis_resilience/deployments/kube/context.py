"""A cluster that is there already, named by its context; deployments are guests in one namespace of it.

Guard rails: the current context is never used implicitly, the namespace must exist, and its owner must have opted
in, by a label or by repeating the context's name. Nothing is loaded into nodes; they pull images as for any workload.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.deployments.kube.interface import RUN_LABEL, KubeApi, Permission
from redis_resilience.deployments.kube.nodes.helper import helper_shell, make_helper
from redis_resilience.deployments.kube.nodes.node import NodeShell
from redis_resilience.deployments.kube.objects import manifests
from redis_resilience.deployments.kube.permissions import must_be_allowed, needed
from redis_resilience.deployments.kube.site import Cluster
from redis_resilience.deployments.kube.tools import Place, must_have
from redis_resilience.deployments.undo import Where
from redis_resilience.model.errors import Unavailable, UsageError

OPT_IN_LABEL = "redis-resilience/allow"
OPT_IN = "yes"
NO_HELPER = (
    "the nodes of this cluster can be entered only by a privileged pod on each, which has to be allowed: "
    "--redis-node-helper=yes"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the user named. kubeconfig: None for kubectl's own. allowed: a context that needs no label.

    node_helper: privileged pods may be created to enter nodes. secrets: the names of those that will be read.
    discovers: what Redis is meant is found by what runs in the namespace.

    Raises UsageError without a name or a namespace.
    """

    name: str
    namespace: str
    kubeconfig: Path | None = None
    allowed: str = ""
    node_helper: bool = False
    secrets: tuple[str, ...] = ()
    discovers: bool = False

    def __post_init__(self) -> None:
        for what, value, option in (
            ("a context", self.name, "--redis-context"),
            ("a namespace", self.namespace, "--redis-namespace"),
        ):
            if not value:
                raise UsageError(
                    f"expected {what} for the backend context; got none; name it with {option}: "
                    "the current context is never used implicitly"
                )


class ContextSite:
    """Implements `Site`."""

    def __init__(self, context: Context, *, run_id: str) -> None:
        self._context = context
        self._run_id = run_id
        self._image = ""
        self._helped: set[str] = set()

    @property
    def backend(self) -> str:
        return "context"

    @property
    def makes_namespaces(self) -> bool:
        return False

    @property
    def locked(self) -> str:
        return "" if self._context.node_helper else NO_HELPER

    @property
    def where(self) -> Where:
        context = self._context
        kubeconfig = context.kubeconfig or kubeconfig_of(os.environ)
        return Where(kubeconfig=str(kubeconfig), context=context.name, namespace=context.namespace)

    def acquire(self, images: Sequence[str] = ()) -> Cluster:  # noqa: ARG002 - see `load`
        """Raises UsageError where there is no kubeconfig, Unavailable without kubectl."""
        must_have("kubectl")
        kubeconfig = Path(self.where.kubeconfig)
        if not kubeconfig.is_file():
            raise UsageError(f"expected a kubeconfig at {kubeconfig}; there is none; name one with --redis-kubeconfig")
        return Cluster(name=self._context.name, kubeconfig=kubeconfig, context=self._context.name)

    def probe_image(self, named: str) -> str:
        """Raises Unavailable without a name."""
        if not named:
            raise Unavailable(
                "expected the image of the probe, which the cluster's nodes can fetch or have; got none; build it from "
                "the Dockerfile, push it to a registry of yours, and name it with --redis-probe-image"
            )
        self._image = named
        return named

    def load(self, images: Sequence[str]) -> None:
        """The kubelets pull what their nodes lack, before their pods are ready, so before anything is measured."""

    def admit(self, api: KubeApi, objects: str) -> None:
        """All that is needed is allowed, the owner has opted in, and no object of these names exists."""
        must_be_allowed(api, self.permissions(objects))
        self.must_be_welcome(api)
        self.must_be_free(objects)

    def must_be_welcome(self, api: KubeApi) -> None:
        must_be_welcome(api, self._context)

    def must_be_free(self, objects: str) -> None:
        """Raises UsageError for an object of these names: what is not ours is neither overwritten nor deleted."""
        where = self.where
        place = Place(kubeconfig=Path(where.kubeconfig), context=where.context, namespace=where.namespace)
        there = manifests.existing(objects, place)
        if there:
            raise UsageError(_in_the_way(there, where))

    def permissions(self, objects: str, capabilities: Collection[type] = ()) -> tuple[Permission, ...]:
        """The permissions that this deployment needs. capabilities: those that its faults need."""
        context = self._context
        return needed(
            manifests.objects_in(objects),
            capabilities=capabilities,
            secrets=context.secrets,
            namespace="" if context.allowed == context.name else context.namespace,
            discovers=context.discovers,
        )

    def shell(self, node: str) -> NodeShell:
        """Raises Unavailable where nodes may not be entered."""
        if self.locked:
            raise Unavailable(f"expected a way into node {node}; {self.locked}")
        if node not in self._helped:
            make_helper(self.where, node, image=self._image, labels={RUN_LABEL: self._run_id})
            self._helped.add(node)
        return helper_shell(self.where, node)

    def release(self) -> None:
        self._helped.clear()


def must_be_welcome(api: KubeApi, context: Context) -> None:
    """The namespace exists and its owner has opted in; raises UsageError that says how to."""
    opt_in = (
        f"`kubectl --context {context.name} label namespace {context.namespace} {OPT_IN_LABEL}={OPT_IN}`, or "
        f"--redis-allow-context={context.name}"
    )
    if context.allowed:
        if context.allowed != context.name:
            raise UsageError(
                f"expected --redis-allow-context to name the context {context.name!r}; got {context.allowed!r}; "
                "repeat the context's name to confirm"
            )
        return
    state = api.namespace_state()
    if state is None:
        raise UsageError(
            f"expected the namespace {context.namespace!r} in context {context.name!r}; there is none; make it, then "
            f"opt in: {opt_in}"
        )
    if state.labels.get(OPT_IN_LABEL) != OPT_IN:
        found = state.labels.get(OPT_IN_LABEL)
        raise UsageError(
            f"expected namespace {context.namespace!r} of context {context.name!r} to carry the label "
            f"{OPT_IN_LABEL}={OPT_IN}; got {f'the value {found!r}' if found else 'no such label'}; to allow "
            f"faults there, opt in: {opt_in}"
        )


def kubeconfig_of(environ: Mapping[str, str]) -> Path:
    """The one that kubectl would use; raises UsageError where that is a list of several."""
    named = environ.get("KUBECONFIG", "")
    if os.pathsep in named:
        raise UsageError(f"expected one kubeconfig; KUBECONFIG lists several: {named}; name it with --redis-kubeconfig")
    return Path(named) if named else Path.home() / ".kube" / "config"


def _in_the_way(there: Mapping[str, str], where: Where) -> str:
    runs = sorted({run for run in there.values() if run})
    advice = "take another namespace"
    if runs and all(there.values()):
        advice = (
            f"they are of run {', '.join(runs)}: wait for its end, or `redis-resilience heal` if it was killed. "
            "One namespace takes one deployment: no -n, no --parallel"
        )
    return f"expected no objects of these names in {where}; there are: {', '.join(there)}; {advice}"
