"""Pods are deleted, and their controller makes them anew."""

from __future__ import annotations

from redis_resilience import MASTER, REPLICA, SENTINEL, Trial, delete_pod, scale_to_zero


def test_master_delete(trial: Trial) -> None:
    """Delete the master's pod with its 30 s of grace: is it handed over, or missed?"""
    trial.inject(delete_pod(MASTER))
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()


def test_master_delete_now(trial: Trial) -> None:
    """Delete the master's pod without grace: its address goes with it, and the same name comes back elsewhere.

    In a cluster perhaps before D: whether there is to be a failover is for the prediction to say.
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
    """Delete a Sentinel's pod: the others must know it again when it is back."""
    trial.inject(delete_pod(SENTINEL, grace_s=0))
    trial.expect(failover=False)
    outcome = trial.run()
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


def test_scale_to_zero(trial: Trial) -> None:
    """Scale everything to 0 and back: nobody can take over meanwhile, and every acknowledged write must be back."""
    trial.inject(scale_to_zero(MASTER, for_s=2.0))
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()
