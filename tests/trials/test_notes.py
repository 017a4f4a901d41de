"""What the harness records is on the probe's clock, as far as the two were compared."""

from __future__ import annotations

import json
from pathlib import Path

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.deployments.probe import Clocks
from redis_resilience.model.errors import BrokenTrial
from redis_resilience.model.events import Before
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.notes import Notes


def test_an_event_is_moved_to_the_probe_s_clock_and_as_wide_as_that_is_known(tmp_path: Path):
    """Ahead by 1000 ns, give or take 10: it began no sooner and ended no later than that allows."""
    deployment = MemoryDeployment(topology("sidecar"), topology("sidecar").profile("fast"))
    notes = Notes(TrialFolder(tmp_path), deployment.clock)
    notes.clocks = Clocks(offset_ns=1000, error_ns=10)

    notes.keep(Before(since_ns=200, at_ns=300, proof="gone"))

    [_, event] = [json.loads(line) for line in (tmp_path / "trial.jsonl").read_text().splitlines()]
    assert (event["since_ns"], event["at_ns"]) == (1190, 1310)
    assert (event["source"], event["kind"], event["proof"]) == ("harness", "before", "gone")


def test_a_problem_that_cannot_be_written_down_stops_nothing(tmp_path: Path, monkeypatch):
    """A full disk must not keep the faults from being undone."""

    def full(*_: object) -> None:
        raise BrokenTrial("expected room on the disk")

    deployment = MemoryDeployment(topology("sidecar"), topology("sidecar").profile("fast"))
    monkeypatch.setattr(TrialFolder, "note", full)

    Notes(TrialFolder(tmp_path), deployment.clock).problem("the probe is gone")
