"""Document 002: a bootstrap pod, both controllers scaled to 3, and then the bootstrap pod is deleted.

Bring-up does the document's steps up to the last. Of the three things that it says happen then, the second has not
happened since Kubernetes 1.6: the bootstrap pod belongs to one controller, which makes a server in its place, and no
Sentinel is made, as the other controller has lost none.
"""

from __future__ import annotations

import pytest

from redis_resilience import MASTER, Trial, delete_pod, kill, pause

pytestmark = pytest.mark.redis(topology="bootstrap")
BOOTSTRAP = "redis-master"


def test_document_002(trial: Trial) -> None:
    """Delete the bootstrap pod: a server is made in its place, a replica is elected, and no Sentinel is made."""
    trial.inject(delete_pod(BOOTSTRAP))
    trial.expect(failover=True, max_lost=None)
    trial.windows(heal_s=60.0)
    outcome = trial.run()

    assert outcome.failover.old_master == BOOTSTRAP, outcome.explain()
    assert outcome.finding("convergence.final_master").verdict == "pass", outcome.explain()
    told = outcome.finding("convergence.sentinels_agree").text
    assert f"the Sentinel of {BOOTSTRAP} went with its pod, and none was made in its place" in told


def test_document_002_dead_sentinel(trial: Trial) -> None:
    """The same before the load: 3 of 4 known Sentinels are left. One more goes with the master, and none is elected.

    Three live Sentinels with a quorum of 2 look as if they could spare one. The dead fourth still counts. Without its
    grace the pod may still answer the one in its place, which then follows an address that is soon nobody's.
    """
    trial.before(delete_pod(BOOTSTRAP))
    trial.inject(kill("sentinel-a/sentinel"))
    trial.inject(pause(MASTER))
    trial.expect(failover=False)
    trial.windows(heal_s=60.0)
    outcome = trial.run()

    because = outcome.environment.prediction.because
    assert because == "only 2 of 4 known Sentinels are left, no majority (3)", because
    assert not outcome.failover.happened, outcome.explain()
    assert outcome.failover.odown_ms is not None, "the quorum of 2 was reached all the same\n" + outcome.explain()
