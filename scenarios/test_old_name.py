"""A master's pod is deleted while one client keeps its name: who answers to that name afterwards?"""

from __future__ import annotations

import pytest

from redis_resilience import Trial, delete_pod


@pytest.mark.redis(fresh="yes")
def test_old_name(trial: Trial) -> None:
    """Two clients ask the Sentinels, a third keeps the first pod's name; the pod is deleted at once and made anew.

    A topology whose first pod believes in its number fails here: it comes back as a second master, and takes writes. So
    does one whose pod is told its own name before the Sentinels have switched: it wipes all.
    """
    first = trial.topology.first
    trial.load(writers=2, rate=200)
    trial.load(writers=1, rate=100, target=f"{first}.{trial.topology.service}")
    trial.inject(delete_pod(first, grace_s=0))
    trial.windows(linger_s=5.0)
    outcome = trial.run()
    assert outcome.finding("convergence.one_master").verdict == "pass", outcome.explain()
