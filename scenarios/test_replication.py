"""Nothing is broken: the baseline of a deployment."""

from __future__ import annotations

from redis_resilience import Trial


def test_replication(trial: Trial) -> None:
    """Write on the master, read on every replica, without a fault: shows the noise floor."""
    trial.windows(control_s=2.0)
    outcome = trial.run()
    assert not outcome.failover.happened
    assert outcome.writes.lost == 0, outcome.explain()
    assert set(outcome.writes.absent_by_server.values()) <= {0}, outcome.explain()
