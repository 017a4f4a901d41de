"""The servers are replaced one after the other, under load: restarted, upgraded, downgraded."""

from __future__ import annotations

from redis_resilience import Trial, rolling_upgrade


def test_rolling_restart(trial: Trial) -> None:
    """Replace every pod, replicas first, the master after a planned failover: how long can clients not write?"""
    trial.inject(rolling_upgrade())
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()


def test_upgrade(trial: Trial) -> None:
    """Replace every pod by one with the engine that --redis-upgrade-to names: does it read what the older one wrote?"""
    trial.inject(rolling_upgrade(to=trial.upgrade_to))
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()


def test_downgrade(trial: Trial) -> None:
    """Go back, pod by pod, after an upgrade to --redis-upgrade-to: the older engine may refuse newer files."""
    trial.before(rolling_upgrade(to=trial.upgrade_to))
    trial.inject(rolling_upgrade())
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()
