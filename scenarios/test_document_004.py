"""Document 004: a Helm chart's master, replicas and Sentinels, and its three paragraphs on what happens when one fails.

What it says about a server and a Sentinel holds. It does not say that the Deployment recreates the master's pod as a
master, beside the elected one.
"""

from __future__ import annotations

import pytest

from redis_resilience import Trial, delete_pod

pytestmark = pytest.mark.redis(topology="helm")
MASTER_POD = "redis-master"


def test_document_004_server(trial: Trial) -> None:
    """Delete a replica's pod: a new one asks the Service for the master, and joins as a replica."""
    trial.inject(delete_pod("redis-cluster-0", grace_s=0))
    trial.expect(failover=False)
    trial.windows(heal_s=60.0)
    outcome = trial.run()

    assert outcome.writes.lost == 0, outcome.explain()
    assert outcome.finding("convergence.redundant").verdict == "pass", outcome.explain()


def test_document_004_sentinel(trial: Trial) -> None:
    """Delete a Sentinel's pod: a new one asks the Service for the master, and joins as a Sentinel."""
    trial.inject(delete_pod("sentinel-a", grace_s=0))
    trial.expect(failover=False)
    trial.windows(heal_s=60.0)
    outcome = trial.run()

    assert outcome.writes.lost == 0, outcome.explain()
    assert outcome.finding("convergence.sentinels_agree").verdict == "pass", outcome.explain()


def test_document_004_master(trial: Trial) -> None:
    """Delete the master's pod: a replica is promoted, and the Deployment creates a stale second master."""
    trial.inject(delete_pod(MASTER_POD, grace_s=0))
    trial.expect(failover=True, max_lost=None, heals=False)
    trial.windows(linger_s=5.0)  # all replicas follow the new master by then, as far as they ever will
    outcome = trial.run()

    assert outcome.failover.old_master == MASTER_POD, outcome.explain()
    told = outcome.finding("convergence.one_master").text
    assert f"{MASTER_POD} and {outcome.failover.new_master} both reported master" in told, told
