"""A replica fails."""

from __future__ import annotations

from redis_resilience import REPLICA, Trial, kill


def test_replica_kill(trial: Trial) -> None:
    """SIGKILL a replica under load: writes must go on, and it must catch up when it is back."""
    trial.inject(kill(REPLICA))
    trial.expect(failover=False)
    outcome = trial.run()
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()
