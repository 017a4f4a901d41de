"""One look at everything: who agrees, and who is not there to disagree."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.deployments.memory.deployment import MemoryDeployment
from harness.topologies.catalogue import topology
from harness.trials.survey import _missing, survey

NODE = topology("node")


class Without:
    """A deployment in which nobody is to be found under some names."""

    def __init__(self, deployment, *, servers=(), sentinels=()):
        self._deployment, self._servers, self._sentinels = deployment, servers, sentinels

    def __getattr__(self, name):
        return getattr(self._deployment, name)

    def servers(self):
        return {name: at for name, at in self._deployment.servers().items() if name not in self._servers}

    def sentinels(self):
        return {name: at for name, at in self._deployment.sentinels().items() if name not in self._sentinels}


@pytest.fixture
def deployment():
    made = MemoryDeployment(NODE, NODE.profile("fast"))
    made.start()
    return made


def test_all_there_and_agreed_is_whole(deployment):
    seen = survey(deployment)

    assert seen.whole, seen.text
    assert seen.view.master == "redis-0"


def test_a_pod_that_is_not_there_is_missed_though_the_rest_agrees(deployment):
    """A deleted pod has no address to ask at."""
    seen = survey(Without(deployment, servers=("redis-2",), sentinels=("redis-2",)))

    assert not seen.whole
    assert "no redis-2/redis; no redis-2/sentinel" in seen.text


def test_a_sentinel_alone_is_missed_too(deployment):
    seen = survey(Without(deployment, sentinels=("redis-1",)))

    assert not seen.whole
    assert seen.text == "no redis-1/sentinel"


def test_a_sentinel_that_nobody_makes_anew_is_not_missed():
    """Document 002's bootstrap pod is succeeded by a server alone."""
    bootstrap = topology("bootstrap")
    servers = [pod.name for pod in bootstrap.pods if "redis" in pod.containers]
    deployment = SimpleNamespace(topology=bootstrap)

    assert _missing(deployment, servers, ("sentinel-a", "sentinel-b", "sentinel-c")) == []
    assert _missing(deployment, servers, ("redis-master", "sentinel-b", "sentinel-c")) == ["no sentinel-a/sentinel"]
