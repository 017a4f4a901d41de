"""The master fails."""

from __future__ import annotations

from redis_resilience import MASTER, Trial, isolate, kill, pause, stop


def test_master_kill(trial: Trial) -> None:
    """SIGKILL the master under load: who takes over, how long do writes stop, what is gone?

    A kubelet starts it again, which may be before D: whether there is to be a failover is for the prediction to say.
    """
    trial.inject(kill(MASTER))
    outcome = trial.run()
    assert outcome.writes.lost == 0, outcome.explain()


def test_master_pause(trial: Trial) -> None:
    """SIGSTOP the master: its connections live and nobody answers; what was in flight may still happen later."""
    trial.inject(pause(MASTER))
    trial.expect(failover=True)
    outcome = trial.run()
    assert outcome.writes.info > 0, "expected requests in flight when the master stopped\n" + outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


def test_master_back_in_time(trial: Trial) -> None:
    """Stop the master and start it again before D: no failover is the right answer, and its disk keeps every write."""
    trial.down_after(3000)
    trial.redis(appendonly="yes", appendfsync="everysec")
    trial.inject(stop(MASTER, for_s=0.5))
    trial.expect(failover=False)
    outcome = trial.run()
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


def test_master_wiped(trial: Trial) -> None:
    """The same without persistence: the master comes back empty before D, and its replicas throw their data away."""
    trial.down_after(3000)
    trial.redis(appendonly="no", save='""')
    trial.inject(kill(MASTER, for_s=0.5))
    trial.expect(failover=False, max_lost=None)
    outcome = trial.run()
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.writes.lost > 0, "expected the wipe; every write survived\n" + outcome.explain()
    assert outcome.writes.lost_by_cause == {"wipe": outcome.writes.lost}, outcome.explain()


def test_master_stop(trial: Trial) -> None:
    """SIGTERM the master: it may save and say goodbye, and is replaced all the same."""
    trial.inject(stop(MASTER))
    trial.expect(failover=True)
    outcome = trial.run()
    assert outcome.failover.first_switch_ms is not None, outcome.explain()
    assert outcome.writes.lost == 0, outcome.explain()


def test_master_isolate(trial: Trial) -> None:
    """Cut the master off from its peers, not from its clients: two masters, what the old one took is thrown away.

    Where it needs a replica to take writes it stops by itself after min-replicas-max-lag; else when it is turned round.
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


def test_bounded_loss(trial: Trial) -> None:
    """The same with a short min-replicas-max-lag: cut off, the master stops sooner, and less is lost."""
    lag_s = 2
    trial.redis(min_replicas_to_write="1", min_replicas_max_lag=str(lag_s))
    trial.inject(isolate(MASTER, for_s=5.0))
    trial.expect(failover=True, max_lost=None, two_masters_s=30.0)
    outcome = trial.run()
    assert outcome.writes.lost > 0, "expected what it took while it was cut off\n" + outcome.explain()
    # A replica acknowledges once a second, and who is late is looked for once a second.
    assert outcome.writes.lost_seconds <= lag_s + 2, outcome.explain()
    assert outcome.writes.causes.get("NOREPLICAS", 0) > 0, outcome.explain()
