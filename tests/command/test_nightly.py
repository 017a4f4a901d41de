"""`nightly` on the simulation: each night in a folder of its own, compared with those before; worse is an alarm."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.processes import command
from tests.results.test_webhook import Hook, hook

__all__ = ["hook"]

SMALL = """
scenarios: [master-kill]
profiles: [rapid]
trials: 8
seed: 5
options: {backend: memory}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SMALL)
    return tmp_path


def nightly(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    words = ("nightly", "small.yaml", "--parallel", "2", *words)
    return command(*words, cwd=place, within_s=200, GITHUB_STEP_SUMMARY=str(place / "step.md"))


def nights(place: Path) -> list[Path]:
    return sorted((place / "results").glob("small-*"))


def a_faster_night_before(night: Path) -> str:
    """Its outages and switches are 0.8 s shorter; returns its name."""
    before = night.with_name("small-20200101T020000Z")
    shutil.copytree(night, before)
    run = json.loads((before / "run.json").read_bytes())
    for trial in run["trials"]:
        for name in ("outage", "first_switch"):
            for key in ("ms", "least_ms", "most_ms"):
                trial[name][key] -= 800
    (before / "run.json").write_text(json.dumps(run))
    return before.name


@pytest.mark.timeout(400)
def test_a_killed_night_goes_on_and_is_compared_with_those_before(place: Path, hook: Hook) -> None:
    """Killed before its pages: no second night is begun, no trial repeated. Slower than the night before: an alarm."""
    first = nightly(place)
    (night,) = nights(place)
    before = a_faster_night_before(night)
    (night / "run.json").unlink()
    again = nightly(place, "--alpha", "20%", "--webhook", hook.url)

    assert first.returncode == 0, first.stdout + first.stderr
    assert "History: no night before with the same setups" in first.stdout
    assert "8 trials of 1 cells, 8 judged" in again.stderr
    assert [path.name for path in nights(place)] == [before, night.name]
    assert again.returncode == 1, again.stdout + again.stderr
    assert "History: worse compared with 1 night before: decided by outage.median of master-kill" in again.stdout
    page = (night / "comparison.html").read_text()
    assert f'href="../{before}/master-kill-001/report.html"' in page
    assert "History: worse" in (night / "summary.md").read_text()
    ((_, posted),) = hook.got
    assert (posted["run"], posted["alarm"], posted["exit_code"]) == (night.name, True, 1)
    assert posted["history"] in again.stdout
    step = (place / "step.md").read_text()
    assert step.count("## PASS: 8 trials") == 2, "once a night"
    assert "History: worse" in step


def test_a_dry_run_changes_nothing(place: Path) -> None:
    done = nightly(place, "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "8 trials, about" in done.stdout
    assert not (place / "results").exists()


def test_a_mistake_is_one_message(place: Path) -> None:
    done = nightly(place, "--history", "none")

    assert done.returncode == 3
    assert "--history: expected a whole number of 1 or more" in done.stderr
    assert not (place / "results").exists()
