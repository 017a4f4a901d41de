"""The chart of document 004 alone on a real cluster: installed, upgraded, uninstalled; what stays and what does not."""

from __future__ import annotations

import json

import pytest

from redis_resilience.deployments.kube.api import connect
from redis_resilience.deployments.kube.interface import RUN_LABEL
from redis_resilience.deployments.kube.objects.release import Release
from redis_resilience.deployments.kube.tools import Place, run
from redis_resilience.deployments.waiting import eventually
from redis_resilience.discovery.asking import discover
from redis_resilience.shipped import MANIFESTS

pytestmark = pytest.mark.kind

NAMESPACE = "test-kind-helm"
PROFILE = MANIFESTS / "helm" / "profiles" / "fast.yaml"


@pytest.fixture
def place(clusters):
    cluster = clusters.acquire()
    clusters.load(["redis:8.0"])
    api = connect(cluster.kubeconfig, cluster.context, NAMESPACE)
    api.create_namespace({RUN_LABEL: NAMESPACE})
    yield Place(kubeconfig=cluster.kubeconfig, context=cluster.context, namespace=NAMESPACE)
    api.delete_namespace()
    api.close()


def objects(place, kind):
    told = run(
        "kubectl", "get", kind, "--context", place.context, "--namespace", place.namespace, "-o", "json",
        within_s=30, kubeconfig=place.kubeconfig,
    )  # fmt: skip
    return json.loads(told)["items"]


def names(place, kind):
    return sorted(each["metadata"]["name"] for each in objects(place, kind))


def wait_for_pods(place, wanted):
    def look():
        running = [each for each in objects(place, "pods") if each["status"]["phase"] == "Running"]
        return len(running) == wanted, f"{len(running)} run"

    eventually(look, within_s=120, what=f"{wanted} pods to run", every_s=0.5)


def test_the_replicas_claims_survive_an_uninstall_and_the_master_s_does_not(place):
    """Document 004 says that the volumes are not deleted. The one with the data is.

    No label is common to the master and its replicas alone: a set of values chooses them.
    """
    release = Release(name="redis-cluster", values=PROFILE, place=place)
    of_replicas = [f"data-redis-cluster-{number}" for number in range(3)]
    release.install()
    wait_for_pods(place, 6)
    assert names(place, "persistentvolumeclaims") == [*of_replicas, "redis-cluster-pvc"]
    (found,) = discover(place)
    chosen = run(
        "kubectl", "get", "pods", "--selector", found.selector, "--output", "name", "--context", place.context,
        "--namespace", place.namespace, within_s=30, kubeconfig=place.kubeconfig,
    ).split()  # fmt: skip
    assert found.selector == "name in (redis,redis-master)"
    assert sorted(chosen) == sorted(f"pod/{each.pod}" for each in found.servers)

    release.upgrade(slaveReplicaCount="4")
    wait_for_pods(place, 7)
    assert "redis-cluster-3" in names(place, "pods")

    release.uninstall()
    eventually(
        lambda: (not objects(place, "pods"), str(names(place, "pods"))),
        within_s=120,
        what="every pod to go",
        every_s=0.5,
    )
    assert names(place, "persistentvolumeclaims") == [*of_replicas, "data-redis-cluster-3"]
    assert names(place, "services") == []
