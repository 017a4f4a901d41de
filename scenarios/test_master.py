"""The master fails."""

from __future__ import annotations

import pytest

from redis_resilience import MASTER, Trial, isolate, kill, pause, stop


def test_master_kill(trial: Trial) -> None:
    """SIGKILL the master: how long does the failover take, and is anything lost?

    A kubelet may restart it before down-after-milliseconds: the prediction says whether a failover must follow.
    """
    trial.inject(kill(MASTER))
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()


def test_master_pause(trial: Trial) -> None:
    """SIGSTOP the master: connections stay open without replies; requests in flight may still be carried out."""
    trial.inject(pause(MASTER))
    trial.expect(failover=True)
    outcome = trial.run()
    assert outcome.writes.info > 0, "expected requests in flight when the master stopped\n" + outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


def test_master_back_in_time(trial: Trial) -> None:
    """Stop a persistent master and restart it before down-after-milliseconds: no failover, nothing lost."""
    trial.down_after(3000)
    trial.redis(appendonly="yes", appendfsync="everysec")
    trial.inject(stop(MASTER, for_s=0.5))
    trial.expect(failover=False)
    outcome = trial.run()
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


def test_master_wiped(trial: Trial) -> None:
    """Kill a master without persistence, restart it before down-after-milliseconds: all data is lost."""
    trial.down_after(3000)
    trial.redis(appendonly="no", save='""')
    trial.inject(kill(MASTER, for_s=0.5))
    trial.expect(failover=False, max_lost=None)
    outcome = trial.run()
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost > 0, "expected the wipe; every write survived\n" + outcome.explain()
    assert outcome.writes.lost_by_cause == {"wipe": outcome.writes.lost}, outcome.explain()


def test_master_stop(trial: Trial) -> None:
    """SIGTERM the master: it may save and close its connections; a failover follows, and nothing is lost."""
    trial.inject(stop(MASTER))
    trial.expect(failover=True)
    outcome = trial.run()
    assert outcome.failover.first_switch_ms is not None, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


def test_master_isolate(trial: Trial) -> None:
    """Partition the master from its peers, not from its clients: two masters; writes to the old one are lost.

    With min-replicas-to-write it stops accepting writes after min-replicas-max-lag, otherwise when it is demoted.
    """
    trial.inject(isolate(MASTER, for_s=5.0))
    trial.expect(failover=True, max_lost=None, two_masters_s=30.0)
    outcome = trial.run()
    assert outcome.failover.first_switch_ms is not None, outcome.explain()
    assert set(outcome.writes.lost_by_cause) <= {"split brain", "async tail"}, outcome.explain()


def test_master_isolate_in(trial: Trial) -> None:
    """Half a partition: no peer can connect to the master, which still connects to them: it is replaced.

    Its own Sentinel hears of the new master from the replicas, and may demote it while clients still write to it.
    """
    trial.inject(isolate(MASTER, direction="in", for_s=5.0))
    trial.expect(failover=True, max_lost=None, two_masters_s=30.0)
    outcome = trial.run()
    assert outcome.failover.first_switch_ms is not None, outcome.explain()
    assert set(outcome.writes.lost_by_cause) <= {"split brain", "async tail"}, outcome.explain()


def test_master_isolate_out(trial: Trial) -> None:
    """The other half: the master cannot connect to its peers, but they connect to it, and miss nothing."""
    trial.inject(isolate(MASTER, direction="out", for_s=3.0))
    trial.expect(failover=False)
    outcome = trial.run()
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


@pytest.mark.redis(backends=("local", "kind", "context"))
def test_bounded_loss(trial: Trial) -> None:
    """Partition a master with min-replicas-max-lag 2 from its peers: it stops accepting writes soon, and loses less."""
    lag_s = 2
    trial.redis(min_replicas_to_write="1", min_replicas_max_lag=str(lag_s))
    trial.inject(isolate(MASTER, for_s=5.0))
    trial.expect(failover=True, max_lost=None, two_masters_s=30.0)
    outcome = trial.run()
    assert outcome.writes.lost > 0, "expected writes to the isolated master to be lost\n" + outcome.explain()
    # A replica acknowledges once a second, and the master checks for late replicas once a second.
    assert outcome.writes.lost_seconds <= lag_s + 2, outcome.explain()
    assert outcome.writes.causes.get("NOREPLICAS", 0) > 0, outcome.explain()
