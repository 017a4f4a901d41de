"""A node of the cluster fails, with everything on it."""

from __future__ import annotations

import pytest

from redis_resilience import MASTER, Trial, stop_node


@pytest.mark.redis(backends=("kind", "context"))
def test_node_stop(trial: Trial) -> None:
    """Cut the power of the master's node: its Sentinel goes with it, and nobody tells anybody."""
    trial.inject(stop_node(MASTER))
    trial.expect(max_lost=None)
    trial.windows(heal_s=90.0)
    outcome = trial.run()
    assert set(outcome.writes.lost_by_cause) <= {"async tail"}, outcome.explain()
