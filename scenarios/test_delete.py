"""Pods are deleted, and their controllers recreate them."""

from __future__ import annotations

from redis_resilience import MASTER, REPLICA, SENTINEL, Trial, delete_pod, scale_to_zero


def test_master_delete(trial: Trial) -> None:
    """Delete the master's pod with a grace period of 30 s: a planned failover, or one after detection?"""
    trial.inject(delete_pod(MASTER))
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()


def test_master_delete_now(trial: Trial) -> None:
    """Delete the master's pod without a grace period: the same name comes back under another address.

    On Kubernetes it may be back before down-after-milliseconds: the prediction says whether a failover must follow.
    """
    trial.inject(delete_pod(MASTER, grace_s=0))
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()


def test_replica_delete(trial: Trial) -> None:
    """Delete a replica's pod: writes must go on, and it must catch up from its new address."""
    trial.inject(delete_pod(REPLICA))
    trial.expect(failover=False)
    outcome = trial.run()
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


def test_sentinel_delete(trial: Trial) -> None:
    """Delete a Sentinel's pod: the other Sentinels must rediscover it."""
    trial.inject(delete_pod(SENTINEL, grace_s=0))
    trial.expect(failover=False)
    outcome = trial.run()
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


def test_scale_to_zero(trial: Trial) -> None:
    """Scale everything to 0 and back: no failover is possible, and every acknowledged write must be there."""
    trial.inject(scale_to_zero(MASTER, for_s=2.0))
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()
