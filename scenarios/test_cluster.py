"""Document 003: the claims about a Redis Cluster on Kubernetes, in the document's order.

`master-kill` is the first claim, "detect failures", and with its heal phase the second, "auto-recovery".
"""

from __future__ import annotations

import pytest

from redis_resilience import (
    EVERY_SERVER,
    MASTER,
    MASTER_MAJORITY,
    Trial,
    delete_pod,
    grow,
    isolate,
    kill,
    pause,
    scale_to_zero,
    stop_node,
)


@pytest.mark.redis(topology="cluster")
def test_cluster_master_lost(trial: Trial) -> None:
    """A master hangs: its replica takes over its hash slots, and the other shards keep their masters."""
    trial.inject(pause(MASTER))
    trial.expect(failover=True)
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()
    replaced = [shard for shard in outcome.judgement.shards if shard.timeline.failover]
    assert [shard.timeline.old_master for shard in replaced] == [outcome.environment.master], outcome.explain()


@pytest.mark.redis(topology="cluster")
def test_cluster_majority_lost(trial: Trial) -> None:
    """Two of three masters fail at once: no replica can be elected until they are back."""
    trial.inject(kill(MASTER_MAJORITY))
    trial.expect(failover=False)
    outcome = trial.run()
    assert outcome.environment.prediction.failover is False, outcome.environment.prediction.because
    assert not any(shard.timeline.failover for shard in outcome.judgement.shards), outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


@pytest.mark.redis(topology="cluster")
def test_cluster_master_isolated(trial: Trial) -> None:
    """A master is isolated and accepts writes for about one node timeout: these are lost."""
    trial.inject(isolate(MASTER))
    trial.expect(failover=True, max_lost=None)
    outcome = trial.run()
    assert outcome.writes.lost > 0, "expected writes to the isolated master to be lost\n" + outcome.explain()
    assert outcome.writes.lost_seconds < 2 * trial.profile.node_timeout_ms / 1e3, outcome.explain()


@pytest.mark.redis(topology="cluster")
def test_cluster_restarted(trial: Trial) -> None:
    """All servers are killed at once and restarted in place: their addresses and their data must remain."""
    trial.inject(kill(EVERY_SERVER, for_s=1.0))
    trial.windows(observe_s=8.0)
    trial.expect(failover=None)
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()


@pytest.mark.redis(topology="cluster")
def test_cluster_recreated(trial: Trial) -> None:
    """All pods come back under new addresses: the cluster stays down, because nodes keep stale peer addresses."""
    trial.inject(scale_to_zero(EVERY_SERVER, for_s=1.0))
    trial.windows(observe_s=12.0)
    trial.expect(failover=None, heals=False)
    outcome = trial.run()
    assert outcome.judgement.availability.censored, "expected no write to succeed again\n" + outcome.explain()


@pytest.mark.redis(topology="cluster-announced")
def test_cluster_recreated_announced(trial: Trial) -> None:
    """All pods come back under new addresses, but announce their Services': the cluster is healthy, nothing is lost."""
    trial.inject(scale_to_zero(EVERY_SERVER, for_s=1.0))
    trial.windows(observe_s=12.0)
    trial.expect(failover=None)
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()


@pytest.mark.redis(topology="cluster")
def test_cluster_master_recreated(trial: Trial) -> None:
    """A master's pod comes back under a new address: it connects to the other nodes, which learn the address.

    If it is back within the node timeout, it is master again, and reports its old address to clients while it lives.
    """
    trial.inject(delete_pod(MASTER, grace_s=0))
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()


@pytest.mark.redis(topology="cluster-growing")
def test_cluster_grows(trial: Trial) -> None:
    """A node joins, receives hash slots of every shard with their keys, and returns them, all under load."""
    trial.inject(grow("redis-7", slots=20))
    trial.expect(failover=False)
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()
    assert outcome.acknowledged_by()["redis-7"] > 0, "no client followed its slots\n" + outcome.explain()
    assert not any(shard.timeline.failover for shard in outcome.judgement.shards), outcome.explain()


@pytest.mark.redis(topology="cluster", fresh="yes", backends=("kind", "context"))
def test_cluster_node_lost(trial: Trial) -> None:
    """A Kubernetes node fails: each shard is served by its pods on other nodes.

    With a new cluster, whose masters are on a host each: a promoted one may share its host with another, and if two
    of three masters fail at once, no replica is elected.
    """
    trial.inject(stop_node(MASTER))
    trial.expect(failover=True, max_lost=None)
    trial.windows(heal_s=90.0)
    outcome = trial.run()
    prediction = outcome.environment.prediction
    assert prediction.failover, f"expected shards and masters on different hosts; got: {prediction.because}"
    replaced = [shard for shard in outcome.judgement.shards if shard.timeline.failover]
    assert [shard.timeline.old_master for shard in replaced] == [outcome.environment.master], outcome.explain()
    assert all(shard.availability.outage_ms <= outcome.outage_ms for shard in outcome.judgement.shards)
    assert set(outcome.writes.lost_by_cause) <= {"async tail"}, outcome.explain()
