"""Tonight is compared with the nights before, of the same setups and like environments, the latest ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.campaigns.history import history_of, nights_of
from redis_resilience.model.run import RunRecord, TrialRecord
from redis_resilience.model.verdict import Verdict
from redis_resilience.results.run_file import write_run

Write = Callable[..., Path]


@pytest.fixture
def night(tmp_path: Path) -> Write:
    def write(name: str, *trials: TrialRecord) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        if trials:
            run = RunRecord(run=name, verdict=Verdict.PASS, started="", finished="", tool_version="", trials=trials)
            write_run(folder, run)
        return folder

    return write


def test_the_nights_of_a_campaign_are_its_folders_by_date(night: Write, tmp_path: Path) -> None:
    for name in ("big-20261102T020000Z", "big-20261101T020000Z", "big-one-20261101T020000Z", "big-notes", "latest"):
        night(name)

    assert [path.name for path in nights_of(tmp_path, "big")] == ["big-20261101T020000Z", "big-20261102T020000Z"]


def test_the_last_nights_of_like_environments_are_one_side(night: Write, record: Callable[..., TrialRecord]) -> None:
    """A killed night has no record, a later one is no history, another kernel's is named."""
    trial = record(folder="kill-001")
    other = replace(trial, where=replace(trial.where, kernel="6.2"))
    night("n-20261101T020000Z", trial)
    night("n-20261102T020000Z", trial, record(folder="other-001", scenario="other"))
    night("n-20261103T020000Z", other)
    night("n-20261104T020000Z", trial)
    night("n-20261105T020000Z")
    tonight = night("n-20261106T020000Z", trial, record(folder="new-001", scenario="new"))
    night("n-20261107T020000Z", trial)

    history = history_of(tonight, "n", most=2)

    (a, b) = history.pairs["master-kill, sidecar, rapid"]
    assert [each.folder for each in a] == ["../n-20261104T020000Z/kill-001", "../n-20261102T020000Z/kill-001"]
    assert [each.folder for each in b] == ["kill-001"]
    assert set(history.pairs) == {"master-kill, sidecar, rapid"}
    assert history.nights == 2
    assert history.unlike == {"n-20261103T020000Z": ("kernel: A 6.2; B 6.1",)}
