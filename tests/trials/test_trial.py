"""What a user sees of a trial before its first phase."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.topologies.catalogue import SIDECAR
from redis_resilience.trials.observer import Progress
from redis_resilience.trials.settings import settings
from redis_resilience.trials.trial import Trial

ATTACHED = {"redis_backend": "context", "redis_context": "c", "redis_namespace": "n", "redis_attach": "app=redis"}


class Brings:
    """A keeper that deploys a user's chart, and an observer."""

    tell: Any

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def attached(self) -> MemoryDeployment:
        self.tell("images")
        return MemoryDeployment(SIDECAR, SIDECAR.profile("fast"))

    def progress(self, progress: Progress) -> None:
        self.seen.append((progress.phase, progress.doing))


def test_steps_of_a_deployment_are_shown_whatever_asks_for_it_first(tmp_path: Path) -> None:
    """Its topology is asked for before the trial runs, and is known once everything is deployed."""
    both: Any = Brings()
    chosen = settings(ATTACHED, results=tmp_path)
    trial = Trial(scenario="s", number=1, folder=tmp_path / "t", settings=chosen, keeper=both, observer=both)

    assert trial.topology == SIDECAR
    assert both.seen == [("deploy", "images")]
