"""A Kubernetes node fails, with everything on it."""

from __future__ import annotations

import pytest

from redis_resilience import MASTER, Trial, stop_node


@pytest.mark.redis(backends=("kind", "context"))
def test_node_stop(trial: Trial) -> None:
    """The master's Kubernetes node fails, with its Sentinel: peers receive no FIN or RST."""
    trial.inject(stop_node(MASTER))
    trial.expect(max_lost=None)
    trial.windows(heal_s=90.0)
    outcome = trial.run()
    assert set(outcome.writes.lost_by_cause) <= {"async tail"}, outcome.explain()
