"""`campaign` on the simulation: killed, interrupted or out of time, it keeps every judged trial and resumes there."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from redis_resilience.command.campaign import How, run_campaign
from redis_resilience.command.everywhere import Session
from redis_resilience.model.errors import UsageError
from redis_resilience.signals import Stop
from tests.processes import command, hears_ctrl_c

COMMAND = (sys.executable, "-m", "redis_resilience.cli")
PATIENCE_S = 90
SMALL = """
scenarios: [master-kill]
profiles: [rapid, fast]
trials: 2
seed: 5
options: {backend: memory}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(SMALL)
    return tmp_path


def campaign(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return command("campaign", "small.yaml", *words, cwd=place, within_s=PATIENCE_S)


def begun(place: Path, judged: int, *words: str, verb: str = "campaign") -> subprocess.Popen[bytes]:
    """A campaign or a night under way, with at least so many judged trials."""
    process = subprocess.Popen(
        [*COMMAND, verb, "small.yaml", *words],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=hears_ctrl_c,  # noqa: PLW1509 - no thread of this test's is alive
    )
    end = time.monotonic() + PATIENCE_S
    while len(trials(place)) < judged:
        assert process.poll() is None, "the campaign ended before it was interrupted"
        assert time.monotonic() < end, f"expected {judged} judged trials; got {trials(place)}"
        time.sleep(0.02)
    return process


def trials(place: Path) -> list[str]:
    return sorted(path.parent.name for path in (place / "results").glob("small*/*/ended.json"))


def hashes(place: Path, names: list[str]) -> dict[str, str]:
    folder = place / "results" / "small"
    files = [file for name in names for file in (folder / name).rglob("*") if file.is_file()]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


ALL = ["master-kill-fast-001", "master-kill-fast-002", "master-kill-rapid-001", "master-kill-rapid-002"]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("backend", ["memory", pytest.param("local", marks=pytest.mark.local)])
def test_killed_and_started_again_nothing_is_repeated_and_nothing_lost(place: Path, backend: str) -> None:
    """SIGKILL leaves what was judged; pages are made by the second run, and byte-identical by the third.

    A trial that a busy machine made `unknown` is judged, too: it is not repeated.
    """
    (place / "small.yaml").write_text(SMALL.replace("memory", backend))
    process = begun(place, 2)
    process.kill()
    process.wait()
    kept = trials(place)
    before = hashes(place, kept)

    again = campaign(place)
    pages = hashes(place, ALL)
    third = campaign(place)

    assert again.returncode in (0, 2), again.stdout + again.stderr
    assert f"4 trials of 2 cells, {len(kept)} judged" in again.stderr
    assert trials(place) == ALL
    assert before.items() <= pages.items()
    assert sum(name.endswith("report.html") for name in pages) == 4
    assert "4 judged" in third.stderr
    assert "trial 4/4" not in third.stderr
    assert hashes(place, ALL) == pages
    run = json.loads((place / "results" / "small" / "run.json").read_bytes())
    assert sorted(trial["folder"] for trial in run["trials"]) == ALL


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_every_judged_trial_is_published(place: Path, how: signal.Signals) -> None:
    (place / "small.yaml").write_text(SMALL.replace("trials: 2", "trials: 50"))
    process = begun(place, 1)
    process.send_signal(how)

    assert process.wait(PATIENCE_S) == 128 + how
    run = json.loads((place / "results" / "small" / "run.json").read_bytes())
    assert sorted(trial["folder"] for trial in run["trials"]) == trials(place)
    assert len(trials(place)) < 100
    assert (place / "results" / "latest").resolve().name == "small"
    assert all((place / "results" / "small" / name / "report.html").is_file() for name in trials(place))


def test_shares_run_side_by_side_and_the_last_one_publishes_all(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers on one folder; one of them is killed and started again: nothing is repeated, nothing lost.

    What each has from its environment is no part of the campaign, but of the command that repeats a trial.
    """
    monkeypatch.setenv("REDIS_RESILIENCE_WRITERS", "2")
    other = begun(place, 0, "--share", "1/2")
    first = begun(place, 1, "--share", "0/2")
    first.kill()
    first.wait()
    again = campaign(place, "--share", "0/2")
    code = other.wait(PATIENCE_S)

    assert (again.returncode, code) == (0, 0), again.stdout + again.stderr
    assert "share 0/2: 2 trials of" in again.stderr
    assert trials(place) == ALL
    for name in ALL:
        assert " --writers 2 " in json.loads((place / "results" / "small" / name / "plan.json").read_bytes())["repeat"]
    run = json.loads((place / "results" / "small" / "run.json").read_bytes())
    assert sorted(trial["folder"] for trial in run["trials"]) == ALL


def test_what_does_not_fit_before_the_deadline_is_listed(place: Path) -> None:
    done = campaign(place, "--deadline", "1s")

    assert done.returncode == 2, done.stdout + done.stderr
    left = [line for line in done.stdout.splitlines() if line.startswith("not run before the deadline: ")]
    assert len(trials(place)) == 1
    assert sum(int(line.split(": ")[1].split()[0]) for line in left) == 3


def test_a_dry_run_changes_nothing(place: Path) -> None:
    done = campaign(place, "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "4 trials, about" in done.stdout
    assert "2 x master-kill-rapid: profile rapid" in done.stdout
    assert not (place / "results").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("scenarios: [master-kil]", "did you mean master-kill"),
        ("scenarios: [master-kill]\nprofiles: [rapit]", "rapit"),
        ("scenarios: [master-kill]\ntopologies: [nodee]", "nodee"),
        ("scenarios: [document-000]\ntopologies: [cluster]", "the only one that scenario document-000 runs on"),
        ("scenarios: [master-kill]\nbudgets: [outage <= 5s]", "expected a statistic"),
        ("scenarios: [master-kill]\noptions: {rate: -1}", "--rate: expected operations per second"),
        ("scenarios: [master-kill]\noptions: {backend: kind}", "expected --kind-cluster NAME with backend kind"),
        ("scenarios: [master-kill]\nservers: [/nowhere/redis-server]", "/nowhere/redis-server"),
    ],
)
def test_a_mistake_ends_it_before_the_first_trial(place: Path, change: str, said: str) -> None:
    (place / "small.yaml").write_text(change)

    done = campaign(place)

    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "results").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL.replace("seed: 5", ""), "expected a seed, which all shares draw their order from"),
        (SMALL, "expected no more shares than the campaign's 4 trials; got 4/5"),
    ],
)
def test_shares_that_would_not_be_one_campaign_are_refused(place: Path, text: str, said: str) -> None:
    (place / "small.yaml").write_text(text)

    with Stop() as stop, pytest.raises(UsageError, match=said):
        run_campaign(place / "small.yaml", {}, How(results=place / "results", share="4/5"), Session(stop=stop))

    assert not (place / "results").exists()
