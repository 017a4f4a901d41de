"""One cluster for all tests of a session; `--redis-kind-cluster NAME` uses one that is there already."""

from __future__ import annotations

import secrets

import pytest

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.kind import KindClusters
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
