"""Document 004: a Helm chart's master, replicas and Sentinels, and its three paragraphs on what happens when one fails.

What it says of a server and of a Sentinel holds. Of the master's pod it does not say that the Deployment makes a master
of it again, beside the one that was elected.
"""

from __future__ import annotations

import pytest

from redis_resilience import Trial, delete_pod

pytestmark = pytest.mark.redis(topology="helm")
MASTER_POD = "redis-master"


def test_document_004_server(trial: Trial) -> None:
    """A replica's pod is deleted: a new one asks the Service for the master, and joins as a replica."""
    trial.inject(delete_pod("redis-cluster-0", grace_s=0))
    trial.expect(failover=False)
    trial.windows(heal_s=60.0)
    outcome = trial.run()

    assert outcome.writes.lost == 0, outcome.explain()
    assert outcome.finding("convergence.redundant").verdict == "pass", outcome.explain()


def test_document_004_sentinel(trial: Trial) -> None:
    """A Sentinel's pod is deleted: a new one asks the Service for the master, and joins as a Sentinel."""
    trial.inject(delete_pod("sentinel-a", grace_s=0))
    trial.expect(failover=False)
    trial.windows(heal_s=60.0)
    outcome = trial.run()

    assert outcome.writes.lost == 0, outcome.explain()
    assert outcome.finding("convergence.sentinels_agree").verdict == "pass", outcome.explain()


def test_document_004_master(trial: Trial) -> None:
    """The master's pod is deleted: a replica is elected, the new Sentinel joins, and a stray second master is there."""
    trial.inject(delete_pod(MASTER_POD, grace_s=0))
    trial.expect(failover=True, max_lost=None, heals=False)
    trial.windows(linger_s=5.0)  # all replicas follow the new master by then, as far as they ever will
    outcome = trial.run()

    assert outcome.failover.old_master == MASTER_POD, outcome.explain()
    told = outcome.finding("convergence.one_master").text
    assert f"{MASTER_POD} and {outcome.failover.new_master} both said master" in told, told
