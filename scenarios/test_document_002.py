"""Document 002: a bootstrap pod, both controllers scaled to 3, and then the bootstrap pod is deleted.

The deployment follows the document up to its last step. Of the three things that it promises then, the second has not
happened since Kubernetes 1.6: the bootstrap pod belongs to one controller, which creates a server in its place, and no
Sentinel is created, because the other controller has lost none.
"""

from __future__ import annotations

import pytest

from redis_resilience import MASTER, Trial, delete_pod, pause

pytestmark = pytest.mark.redis(topology="bootstrap")
BOOTSTRAP = "redis-master"
LONGEST_ELECTION_S = 10.0
"""`SENTINEL_ELECTION_TIMEOUT` of sentinel.c; the failover-timeout where that is shorter."""


def test_document_002(trial: Trial) -> None:
    """Delete the bootstrap pod: a new server is created, a replica is promoted, and no new Sentinel is created."""
    trial.inject(delete_pod(BOOTSTRAP))
    trial.expect(failover=True, max_lost=None)
    trial.windows(heal_s=60.0)
    outcome = trial.run()

    assert outcome.failover.old_master == BOOTSTRAP, outcome.explain()
    assert outcome.finding("convergence.final_master").verdict == "pass", outcome.explain()
    told = outcome.finding("convergence.sentinels_agree").text
    assert f"the Sentinel of {BOOTSTRAP} was deleted with its pod, and none was created in its place" in told


def test_document_002_dead_sentinel(trial: Trial) -> None:
    """Delete the bootstrap pod before the load, then fail a Sentinel and the master: 2 of 4 is no majority.

    Three live Sentinels with a quorum of 2 look as if one could fail. The stale fourth entry still counts. Without a
    grace period the pod may still answer its replacement, which then follows an address that no server has soon after.
    The Sentinel hangs, because the kubelet restarts one that ends in time to vote. It hangs until the election that the
    others began is over, because its late vote would still elect a leader, with the master back by then.
    """
    down_s = trial.profile.down_after_ms / 1000 + 2
    election_s = min(trial.profile.failover_timeout_ms / 1000, LONGEST_ELECTION_S)
    trial.before(delete_pod(BOOTSTRAP))
    trial.inject(pause("sentinel-a/sentinel"))
    trial.inject(pause(MASTER, for_s=down_s))
    trial.expect(failover=False)
    trial.windows(observe_s=down_s + election_s + 2, heal_s=60.0)
    outcome = trial.run()

    because = outcome.environment.prediction.because
    assert because == "only 2 of 4 known Sentinels are left, no majority (3)", because
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.failover.odown_ms is not None, "the quorum of 2 was reached all the same\n" + outcome.explain()
