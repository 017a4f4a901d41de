"""Every topology without the harness: `kubectl apply -k`, and the manual steps of its document.

The chart of document 004, which is installed by helm, has tests of its own.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from redis_resilience.deployments.kube.tools import run
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.errors import DeploymentError
from redis_resilience.topologies.catalogue import topology
from tests.kind.pods import must_be_ready

pytestmark = [pytest.mark.kind, pytest.mark.timeout(400)]

README = (Path(__file__).parents[2] / "manifests" / "README.md").read_text()
[CREATE] = re.findall(r"sh -c '(redis-cli --cluster create [^']*)'", README)


@pytest.fixture
def kubectl(clusters, request):
    """kubectl(*words, given=b"") in a namespace of the test's own."""
    cluster = clusters.acquire()
    clusters.load(["redis:8.0", "oliver006/redis_exporter:v1.69.0"])
    name = f"alone-{request.node.callspec.id}"
    whole = ("kubectl", "--context", cluster.context)

    def call(*words, given=b"", within_s=60):
        return run(*whole, "--namespace", name, *words, given=given, within_s=within_s, kubeconfig=cluster.kubeconfig)

    run(*whole, "create", "namespace", name, within_s=30, kubeconfig=cluster.kubeconfig)
    yield call
    run(*whole, "delete", "namespace", name, "--wait=false", within_s=30, kubeconfig=cluster.kubeconfig)


def apply(kubectl, request, name):
    kubectl("apply", "--kustomize", str(request.config.rootpath / "manifests" / name / "overlays" / "fast"))


def field(text, name):
    """A value of a reply of names and values, a line each."""
    lines = text.splitlines()
    return lines[lines.index(name) + 1] if name in lines else ""


@pytest.mark.parametrize("name", ["sidecar", "statefulset", "statefulset-ask", "chart", "bootstrap"])
def test_sentinels_and_replicas_find_their_master(kubectl, request, name):
    """As many as the catalogue says, as its first pod's Sentinel counts them.

    A pod created manually may be adopted by either controller, which then creates one less: a server or a Sentinel.
    """
    known = topology(name)
    if known.password:
        secret = ("create", "secret", "generic", "redis", "--from-file=redis-password=/dev/stdin")
        kubectl(*secret, given=b"of-a-test")
    apply(kubectl, request, name)
    for controller in {pod.controller for pod in known.pods if pod.controller.kind == "ReplicationController"}:
        must_be_ready(kubectl, known.first, within_s=130)
        kubectl("scale", "replicationcontroller", controller.name, "--replicas=3")
    replicas, others = (sum(each in pod.containers for pod in known.pods) - 1 for each in ("redis", "sentinel"))
    wanted = {(replicas, others)}
    if known.pod(known.first).adopted:
        wanted.add((replicas + 1, others - 1))

    def look():
        asked = ("redis-cli", "-p", "26379", "sentinel", "master", known.master_name)
        try:
            told = kubectl("exec", known.first, "--container", "sentinel", "--", *asked)
        except DeploymentError as error:  # it is not up yet
            return False, str(error)
        seen = int(field(told, "num-slaves") or 0), int(field(told, "num-other-sentinels") or 0)
        flags = field(told, "flags")
        return seen in wanted and flags == "master", f"{seen[0]} replicas, {seen[1]} other Sentinels, flags {flags}"

    eventually(look, within_s=240, what=f"one master with so many replicas and other Sentinels: {wanted}", every_s=1.0)


@pytest.mark.parametrize("name", ["cluster-announced"])
def test_six_nodes_are_a_cluster_by_one_command(kubectl, request, name):
    """That which manifests/README.md has."""
    apply(kubectl, request, name)
    pods = [f"replicaset/redis-{number}" for number in range(1, 7)]
    for pod in pods:
        wanted = "--for=jsonpath={.status.readyReplicas}=1"
        kubectl("wait", wanted, pod, "--timeout=120s", within_s=130)
    kubectl("exec", pods[0], "--", "sh", "-c", CREATE)

    def look():
        told = kubectl("exec", pods[5], "--", "redis-cli", "cluster", "info")
        return "cluster_state:ok" in told and "cluster_known_nodes:6" in told, told[:120]

    eventually(look, within_s=60, what="a sixth node that says ok", every_s=0.5)
