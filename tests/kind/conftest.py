"""One cluster for all tests of a session; `--redis-kind-cluster NAME` uses one that is there already."""

from __future__ import annotations

import secrets

import pytest

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.kind import KindClusters
from redis_resilience.deployments.kube.objects.image import probe_image
from redis_resilience.deployments.kube.tools import run
from redis_resilience.deployments.kube.undoing import Undoer, leave
from redis_resilience.model.errors import Unavailable


@pytest.fixture(scope="session")
def journal(tmp_path_factory):
    """Of this session; what its tests leave is undone at its end, and what cannot be is an error."""
    made = Journal.begin(tmp_path_factory.mktemp("state"), f"test-kind-{secrets.token_hex(2)}")
    yield made
    with Undoer() as undoer:
        leave(made, undoer)


@pytest.fixture(scope="session")
def clusters(request, tmp_path_factory, journal):
    """Skips where this machine cannot have a cluster, unless skips are failures."""
    named = request.config.getoption("redis_kind_cluster") or ""
    made = KindClusters(tmp_path_factory.mktemp("kind"), journal, run_id=journal.run, named=named)
    try:
        made.acquire()
    except Unavailable as error:
        if request.config.getoption("redis_require") == "yes":
            raise
        pytest.skip(str(error))
    return made


@pytest.fixture(scope="module")
def cluster(clusters):
    """With the images of a Redis that its owner deployed, and of the probe."""
    made = clusters.acquire()
    clusters.load([probe_image(), "redis:8.0"])
    return made


@pytest.fixture(scope="module")
def kubectl(cluster, request):
    """kubectl(*words, given="") in the module's namespace, which the module makes."""

    def call(*words, given=""):
        command = ("kubectl", "--context", cluster.context, "--namespace", request.module.NAMESPACE, *words)
        return run(*command, within_s=120, given=given.encode(), kubeconfig=cluster.kubeconfig)

    return call
