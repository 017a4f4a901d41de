"""Sentinels fail."""

from __future__ import annotations

from redis_resilience import MASTER, SENTINEL, SENTINEL_MAJORITY, Trial, kill


def test_sentinel_kill(trial: Trial) -> None:
    """SIGKILL one Sentinel: clients must not notice."""
    trial.inject(kill(SENTINEL))
    trial.expect(failover=False)
    outcome = trial.run()
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


def test_sentinel_majority_lost(trial: Trial) -> None:
    """SIGKILL a majority of the Sentinels, then the master: no failover is possible, as CKQUORUM reports beforehand."""
    trial.inject(kill(SENTINEL_MAJORITY))
    trial.inject(kill(MASTER), after_s=0.5)
    trial.expect(failover=False)
    outcome = trial.run()
    assert outcome.environment.prediction.failover is False, outcome.environment.prediction.because
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()
