"""A master's pod is deleted while one client keeps its name: which server has that name afterwards?"""

from __future__ import annotations

import pytest

from redis_resilience import Trial, delete_pod


@pytest.mark.redis(fresh="yes")
def test_old_name(trial: Trial) -> None:
    """Delete the first pod while one client keeps its name: the recreated pod must follow the elected master.

    A topology whose first pod always starts as master fails: it comes back as a second master, and accepts writes. So
    does one whose pod is given its own name before the Sentinels have switched: its replicas copy an empty server.
    """
    first = trial.topology.first
    trial.load(writers=2, rate=200)
    trial.load(writers=1, rate=100, target=f"{first}.{trial.topology.service}")
    trial.inject(delete_pod(first, grace_s=0))
    trial.windows(linger_s=5.0)
    outcome = trial.run()
    assert outcome.finding("convergence.one_master").verdict == "pass", outcome.explain()
