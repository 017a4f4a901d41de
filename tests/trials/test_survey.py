"""One look at everything: which servers agree, and which are not there to disagree."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.target import View
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.seen import ServerState, Survey
from redis_resilience.trials.survey import _missing, caught_up_with, survey

SIDECAR = topology("sidecar")


class Without:
    """A deployment that has no server under some names."""

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
    made = MemoryDeployment(SIDECAR, SIDECAR.profile("fast"))
    made.start()
    return made


def test_all_there_and_agreed_is_whole(deployment):
    seen = survey(deployment)

    assert seen.whole, seen.text
    assert seen.view.master == "redis-0"
    assert seen.view.members == ("redis-0", "redis-1", "redis-2")


def test_a_pod_that_is_not_there_is_missed_though_the_rest_agrees(deployment):
    """A deleted pod has no address to ask at."""
    seen = survey(Without(deployment, servers=("redis-2",), sentinels=("redis-2",)))

    assert not seen.whole
    assert "no redis-2/redis; no redis-2/sentinel" in seen.text


def test_a_sentinel_alone_is_missed_too(deployment):
    seen = survey(Without(deployment, sentinels=("redis-1",)))

    assert not seen.whole
    assert seen.text == "no redis-1/sentinel"


class Telling:
    """A deployment whose Sentinels report this of their peers."""

    def __init__(self, deployment, *peers):
        self._deployment, self.probe = deployment, self
        self._peers = [["ip", host, "flags", flags] for host, flags in peers]

    def __getattr__(self, name):
        return getattr(self._deployment, name)

    def query(self, endpoint, *command, **more):
        if command[:2] == ("SENTINEL", "SENTINELS"):
            return Answer(value=self._peers)
        return self._deployment.probe.query(endpoint, *command, **more)


@pytest.mark.parametrize("flags", ["s_down,sentinel", "sentinel,disconnected"])
def test_a_dead_peer_is_no_substitute_for_one_that_is_not_known_yet(deployment, flags):
    """A recreated Sentinel has another identity: for a moment the others count two peers, the dead one for it."""
    seen = survey(Telling(deployment, ("redis-1", "sentinel"), ("redis-9", flags)))

    assert not seen.whole
    assert "reaches 1 other Sentinels" in seen.text
    assert seen.stale_sentinels == 0


def test_a_sentinel_that_is_known_and_not_there_is_a_ghost(deployment):
    peers = [("redis-1", "sentinel"), ("redis-2", "sentinel"), ("redis-9", "s_down,sentinel")]

    seen = survey(Telling(deployment, *peers))

    assert (seen.whole, seen.stale_sentinels) == (True, 1)


def test_a_sentinel_that_nobody_makes_anew_is_not_missed():
    """Document 002's bootstrap pod is succeeded by a server alone."""
    bootstrap = topology("bootstrap")
    servers = [pod.name for pod in bootstrap.pods if "redis" in pod.containers]
    deployment = SimpleNamespace(topology=bootstrap)

    assert _missing(deployment, servers, ("sentinel-a", "sentinel-b", "sentinel-c")) == []
    assert _missing(deployment, servers, ("redis-master", "sentinel-b", "sentinel-c")) == ["no sentinel-a/sentinel"]


def test_a_replica_of_another_shard_need_not_reach_this_ones_offset():
    """Each shard of a Redis Cluster counts its own."""

    def seen(**offsets):
        servers = {name: ServerState(role="", offset=offset) for name, offset in offsets.items()}
        shards = {((0, 8191),): ("a", "b"), ((8192, 16383),): ("c", "d")}
        view = View(master="a", replicas=("b",), sentinels=())
        return Survey(servers=servers, sentinels={}, view=view, whole=True, text="", shards=shards)

    enough = caught_up_with(seen(a=900, b=800, c=20, d=10))

    assert enough(seen(a=950, b=900, c=30, d=20))
    assert not enough(seen(a=950, b=900, c=30, d=19))
    assert not enough(seen(a=950, b=899, c=30, d=20))
