"""A way into a node that is no container of this host: a privileged pod on it, entered by `kubectl exec`.

It shares the node's PIDs and enters the namespaces of its first process, so that the same commands work there as in a
kind node. It is made only where the user opted in (`--redis-node-helper=yes`), before anything is measured.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from redis_resilience.deployments.kube.nodes.node import NodeShell
from redis_resilience.deployments.kube.objects import manifests
from redis_resilience.deployments.kube.tools import Place, run
from redis_resilience.deployments.undo import Where
from redis_resilience.model.errors import DeploymentError, Unavailable

_READY_WITHIN_S = 60.0
_ENTER = ("nsenter", "--target", "1", "--mount", "--uts", "--ipc", "--net", "--pid", "--", "sh")


def helper_name(node: str) -> str:
    """Of the pod on this node; the name of a node may be too long for a pod's."""
    return f"node-helper-{hashlib.sha256(node.encode()).hexdigest()[:8]}"


def helper_pod(node: str, *, image: str, labels: Mapping[str, str]) -> str:
    """The pod as JSON, which is YAML too. Bound to its node without the scheduler: a full node does not matter."""
    container = {
        "name": "helper",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
        "securityContext": {"privileged": True, "runAsUser": 0, "runAsNonRoot": False},
    }
    spec = {
        "nodeName": node,
        "hostPID": True,
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
    }
    metadata = {"name": helper_name(node), "labels": dict(labels)}
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})


def make_helper(where: Where, node: str, *, image: str, labels: Mapping[str, str]) -> None:
    """Returns once it runs. Raises Unavailable where the namespace admits no privileged pods.

    Raises DeploymentError where it does not run in time.
    """
    pod = helper_pod(node, image=image, labels=labels)
    try:
        place = Place(kubeconfig=Path(where.kubeconfig), context=where.context, namespace=where.namespace)
        manifests.apply(pod, place)
        run(
            *_kubectl(where, "wait", "--for=condition=Ready", f"pod/{helper_name(node)}"),
            f"--timeout={_READY_WITHIN_S:g}s",
            within_s=_READY_WITHIN_S + 10,
        )
    except DeploymentError as error:
        if "violates PodSecurity" in str(error):
            raise Unavailable(
                f"expected {where} to admit a privileged pod for --redis-node-helper=yes; got: {error}; label the "
                "namespace pod-security.kubernetes.io/enforce=privileged, or do without the helper"
            ) from error
        raise DeploymentError(f"expected a helper on node {node} that runs; got: {error}") from error


def helper_shell(where: Where, node: str) -> NodeShell:
    """A shell in the node, through the helper on it."""
    command = _kubectl(where, "exec", "--stdin", helper_name(node), "--container", "helper", "--", *_ENTER)
    return NodeShell(node, command)


def _kubectl(where: Where, verb: str, *words: str) -> tuple[str, ...]:
    return (
        "kubectl",
        "--kubeconfig",
        where.kubeconfig,
        "--context",
        where.context,
        "--namespace",
        where.namespace,
        verb,
        *words,
    )
