"""What survives which failure. Any loss is allowed and reported: `durability.yaml` varies the settings that decide."""

from __future__ import annotations

import pytest

from redis_resilience import EVERY_SERVER, MASTER, Trial, delete_pod, isolate, kill

pytestmark = pytest.mark.redis(backends=("local", "kind", "context"))  # the simulation persists everything
BASELINE_S = 3.0
"""With `save 1 1` a snapshot begins every 2 s: one is complete before the fault."""


def test_durability_failover(trial: Trial) -> None:
    """SIGKILL the master, which stays away: a replica takes over, with the writes that reached it."""
    trial.windows(control_s=BASELINE_S)
    trial.inject(kill(MASTER))
    trial.expect(failover=True, max_lost=None)
    trial.run()


def test_durability_restart(trial: Trial) -> None:
    """SIGKILL the master, which restarts before down-after-milliseconds with what is on its disk."""
    _back_in_time(trial)


@pytest.mark.redis(topology="sidecar+no-volume", backends=("local",))
def test_durability_empty(trial: Trial) -> None:
    """SIGKILL a master without a volume, which restarts before down-after-milliseconds, empty."""
    _back_in_time(trial)


def test_durability_partition(trial: Trial) -> None:
    """Partition the master from its peers, not from its clients, for 5 s: writes that it alone has are lost."""
    trial.windows(control_s=BASELINE_S)
    trial.inject(isolate(MASTER, for_s=5.0))
    trial.expect(failover=True, max_lost=None, two_masters_s=0.0 if trial.wait else 30.0)
    trial.run()


def test_durability_all(trial: Trial) -> None:
    """Delete all pods at once, without a grace period: each is back after 1 s with what is on its disk."""
    trial.windows(control_s=BASELINE_S)
    trial.inject(delete_pod(EVERY_SERVER, grace_s=0, for_s=1.0))
    trial.expect(max_lost=None)
    trial.run()


def test_durability_throughput(trial: Trial) -> None:
    """Nothing is broken: 16 clients write as fast as they can."""
    trial.load(writers=16, rate=0)
    trial.windows(control_s=BASELINE_S)
    trial.run()


def _back_in_time(trial: Trial) -> None:
    trial.down_after(2000)
    trial.windows(control_s=BASELINE_S, observe_s=2.5)
    trial.inject(kill(MASTER, for_s=0.5))
    trial.expect(failover=False, max_lost=None)
    trial.run()
