"""A trial on the simulated deployment: milliseconds, and the same every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.deployments.memory.world import Bug
from redis_resilience.model.faults import Fault
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.outcome import Outcome
from redis_resilience.trials.trial import rejudge

RunSimulated = Callable[..., Outcome]


@pytest.fixture
def simulate(tmp_path: Path) -> RunSimulated:
    """Run a trial on a simulated `sidecar` topology and judge it."""

    def run(
        *faults: Fault,
        bugs: Sequence[Bug] = (),
        expect: Expect | None = None,
        load: Load | None = None,
        windows: Windows | None = None,
        redis: tuple[tuple[str, str], ...] = (),
        after_s: float = 0.0,
        before: Sequence[Fault] = (),
    ) -> Outcome:
        found = topology("sidecar").with_config(*redis)
        profile = found.profile("fast")
        deployment = MemoryDeployment(found, profile, bugs=bugs)
        plan = Plan(
            trial="t1",
            scenario="simulated",
            topology=found.name,
            profile=profile.name,
            backend="memory",
            seed=1,
            load=load or Load(),
            faults=tuple(Scheduled(fault=fault, after_s=after_s) for fault in faults),
            expect=expect or Expect(),
            windows=windows or Windows(heal_s=15.0),
            before=tuple(before),
        )
        folder = TrialFolder(tmp_path / "trial")
        folder.create(plan)
        run_trial(plan, deployment, folder, clock=deployment.clock)
        return rejudge(folder)

    return run
