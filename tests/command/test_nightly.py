"""`nightly` on the simulation: each night in a folder of its own, compared with those before; worse is an alarm."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from redis_resilience.campaigns.campaign_file import read_campaign
from redis_resilience.campaigns.store import Store
from redis_resilience.command.campaign import definition_of
from tests.command.test_campaign import begun
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


def checksums(night: Path) -> dict[str, bytes]:
    """Of its judged trials, by their folders' names."""
    return {path.parent.name: path.with_name("SHA256SUMS").read_bytes() for path in night.glob("*/ended.json")}


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("backend", "trials"), [("memory", 8), pytest.param("local", 3, marks=pytest.mark.local)])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_or_killed_night_goes_on(place: Path, how: signal.Signals, backend: str, trials: int) -> None:
    """No second night is begun and no judged trial repeated.

    More trials may have ended when the signal arrives than the one that was waited for.
    """
    (place / "small.yaml").write_text(SMALL.replace("memory", backend).replace("trials: 8", f"trials: {trials}"))
    process = begun(place, 1, verb="nightly")
    process.send_signal(how)
    process.wait(100)
    (night,) = nights(place)
    kept = checksums(night)
    published = (night / "run.json").is_file()

    again = nightly(place)

    assert published == (how is signal.SIGTERM)
    assert 1 <= len(kept) < trials
    assert again.returncode in (0, 2), again.stdout + again.stderr
    assert f"{trials} trials of 1 cells, {len(kept)} judged" in again.stderr
    assert nights(place) == [night]
    assert kept.items() <= checksums(night).items()
    assert len(checksums(night)) == trials
    assert again.stdout.count("History: ") == 1
    assert json.loads((night / "night.json").read_bytes())["trials"] == trials


@pytest.mark.timeout(400)
def test_a_night_that_is_worse_than_those_before_is_an_alarm(place: Path, hook: Hook) -> None:
    """Killed between its pages and its outcome: the same night is compared, once, and posted once."""
    first = nightly(place)
    (night,) = nights(place)
    before = a_faster_night_before(night)
    (night / "night.json").unlink()
    again = nightly(place, "--alpha", "20%", "--webhook", hook.url)

    assert first.returncode == 0, first.stdout + first.stderr
    assert "History: no night before with the same setups" in first.stdout
    assert "8 trials of 1 cells, 8 judged" in again.stderr
    assert [path.name for path in nights(place)] == [before, night.name]
    assert again.returncode == 1, again.stdout + again.stderr
    assert "History: worse compared with 1 night before: decided by outage.median of master-kill" in again.stdout
    page = (night / "comparison.html").read_text()
    assert f'href="../{before}/master-kill-001/report.html"' in page
    assert (night / "summary.md").read_text().count("History: ") == 1
    ((_, posted),) = hook.got
    assert (posted["run"], posted["alarm"], posted["exit_code"]) == (night.name, True, 1)
    assert posted["history"] in again.stdout
    assert posted == json.loads((night / "night.json").read_bytes())
    step = (place / "step.md").read_text()
    assert step.count("## PASS: 8 trials") == 2, "once each time"
    assert "History: worse" in step


def test_a_night_of_another_campaign_file_stays_as_it_is(place: Path) -> None:
    """Killed, and then the file was changed: tonight is a night of its own, and the other one is named."""
    old = place / "results" / "small-20200101T020000Z"
    Store(old).begin(definition_of(read_campaign(place / "small.yaml"), {}, old), ())
    (place / "small.yaml").write_text(SMALL.replace("trials: 8", "trials: 1"))

    done = nightly(place)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{old} has no night.json and was begun with another campaign" in done.stderr
    assert "1 trials of 1 cells, 0 judged" in done.stderr
    assert {path.name for path in old.iterdir()} == {".running", "campaign.json"}
    assert len(nights(place)) == 2


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
