"""`compare` from the terminal: planned, run on the simulation, of stored runs; its answer is the exit code."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.campaigns.comparing import cells_of, side_of
from redis_resilience.campaigns.schedule import Unit, interleaved
from redis_resilience.campaigns.store import Definition
from redis_resilience.command.campaigning import Campaigning
from redis_resilience.command.compare import looked
from redis_resilience.model.run import Measured, RunRecord
from redis_resilience.model.verdict import Verdict
from redis_resilience.results.ran import Ran
from redis_resilience.results.run_file import read_run, write_run
from redis_resilience.statistics.comparison import Terms
from redis_resilience.statistics.gate import Answer
from redis_resilience.statistics.sequential import looks
from tests.campaigns.conftest import record
from tests.processes import command
from tests.statistics.pilots import REAL

__all__ = ["record"]


def compare(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return command(
        "compare", *words, cwd=place, within_s=250, COLUMNS="160", GITHUB_STEP_SUMMARY=str(place / "step.md")
    )


def loaded(page: Path) -> Path:
    """The script that the page loads, which is there."""
    (link,) = re.findall(r'<script src="([^"]+)"', page.read_text())
    return (page.parent / link).resolve(strict=True)


def test_a_dry_run_prints_what_it_would_take(tmp_path: Path) -> None:
    """By simulation from the shipped pilot: trials, looks, powers, duration. Nothing is changed."""
    done = compare(tmp_path, "profile=rapid", "profile=rapid,down-after=600", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "68 trials of each side and scenario at most, 136 in all, A B B A: about" in done.stdout
    assert re.search(r"B as A is `no worse` in \d+% of simulated comparisons", done.stdout)
    assert "looks: after 34 of each at alpha 0.0056, after 68 of each at alpha 0.0444" in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_loss_to_be_found_decides_the_number_of_trials(tmp_path: Path) -> None:
    done = compare(tmp_path, "profile=rapid", "profile=rapid", "--tests", "losing", "--find-loss", "5%", "--dry-run")

    found = re.search(r"(\d+) trials of each side", done.stdout)
    assert found, done.stdout + done.stderr
    assert int(found[1]) > 130


@pytest.mark.timeout(300)
def test_a_slower_side_is_found_at_the_first_look(tmp_path: Path) -> None:
    """Eight trials of each side on the simulation; started again, it answers the same without a trial."""
    words = ("profile=rapid", "profile=fast", "--backend", "memory", "--tests", "outage.median,first_switch.median")
    words += ("--trials", "8", "--looks", "1", "--name", "slower", "--seed", "4", "--parallel", "2")

    done = compare(tmp_path, *words)
    again = compare(tmp_path, *words)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "WORSE: decided by outage.median of master-kill" in done.stdout
    assert again.returncode == 1
    assert "trial 16/16" in done.stderr
    assert "trial 16/16" not in again.stderr
    folder = tmp_path / "results" / "slower"
    page = (folder / "comparison.html").read_text()
    assert page.count('<a href="master-kill-') == 16
    assert all((folder / link).is_file() for link in re.findall(r'<a href="(master-kill-[^"]+)"', page))
    assert loaded(folder / "comparison.html") == tmp_path / "results" / "plotly.min.js"
    told = json.loads((folder / "comparison.json").read_bytes())
    assert told["compared"]["answer"] == "worse"


def test_a_look_that_lacks_trials_answers_nothing(tmp_path: Path) -> None:
    """Two trials before the deadline, of the eight of the only look: the same command goes on."""
    words = ("profile=rapid", "profile=fast", "--backend", "memory", "--tests", "outage.median", "--looks", "1")
    words += ("--trials", "8", "--name", "short", "--seed", "4")

    done = compare(tmp_path, *words, "--deadline", "1s")

    assert done.returncode == 2, done.stdout + done.stderr
    assert "CANNOT TELL: 15 trials of look 1 of 1 were not run before the deadline" in done.stdout


class NothingJudged(Campaigning):
    """Trials that all end without a verdict."""

    def __init__(self, definition: Definition) -> None:
        self.units = self.mine = interleaved(definition.cells, definition.trials, seed=1)
        self.problems: dict[str, str] = {}
        self._ran: dict[str, Ran] = {}

    def run(self, units: Sequence[Unit]) -> tuple[Unit, ...]:
        self.problems |= {unit.folder: "DENIED" for unit in units}
        return ()


def test_where_no_first_trial_has_a_verdict_no_other_is_begun() -> None:
    cells = cells_of(("master-kill",), side_of("namespace=old"), side_of("namespace=new"))
    definition = Definition(cells=cells, trials=8, seed=1, common={})
    running = NothingJudged(definition)

    compared, missing = looked(running, looks(8, 2, alpha=0.05), definition, Terms())

    assert sorted(running.problems) == ["master-kill-a-001", "master-kill-b-001"]
    assert (compared.answer, missing) == (Answer.CANNOT_TELL, ())
    assert compared.because == "the first trials of both sides, 2 in all, have no verdict"


@pytest.fixture
def stored(tmp_path: Path, record) -> Path:
    """Runs of the pilot's real trials: `a`, `same` as a, `slow` 30 % longer, `elsewhere` on another kernel."""

    def measured(ms: float) -> Measured:
        return Measured(ms=ms, least_ms=ms - 1, most_ms=ms)

    for name, factor, kernel in (
        ("a", 1.0, "6.1"),
        ("same", 1.0, "6.1"),
        ("slow", 1.3, "6.1"),
        ("elsewhere", 1.0, "6.2"),
    ):
        rows = zip(REAL.outage.measured_ms, REAL.first_switch.measured_ms, strict=True)
        trials = []
        for number, (outage, switch) in enumerate(rows):
            trial = record(
                folder=f"t{number}", outage=measured(factor * outage), first_switch=measured(factor * switch)
            )
            trials.append(replace(trial, where=replace(trial.where, kernel=kernel)))
        (tmp_path / name).mkdir()
        run = RunRecord(run=name, verdict=Verdict.PASS, started="", finished="", tool_version="", trials=tuple(trials))
        write_run(tmp_path / name, run)
        assert len(read_run(tmp_path / name).trials) == 79
    return tmp_path


def test_stored_runs_are_compared_once(stored: Path) -> None:
    same = compare(stored, "a", "same", "--budget", "outage.p95 <= 5s", "--budget", "outage.median <= A + 5%")
    slow = compare(stored, "a", "slow")
    allowed = compare(stored, "a", "slow", "--margin", "50%")
    dry = compare(stored, "a", "elsewhere", "--allow-unlike", "--dry-run")

    assert same.returncode == 0, same.stdout + same.stderr
    assert "NO WORSE: every test" in same.stdout
    assert "**NO WORSE**: every test that can show it" in (stored / "step.md").read_text()
    assert "budget of B kept: outage.p95 <= 5s" in same.stdout
    assert "margin 5% of A" in same.stdout
    assert (slow.returncode, allowed.returncode) == (1, 0)
    assert (dry.returncode, dry.stdout.count("79 trials of A, 79 of B")) == (0, 1)
    assert not (stored / "results" / "comparison-a--elsewhere.html").exists()
    assert loaded(stored / "results" / "comparison-a--slow.html") == stored / "results" / "plotly.min.js"


def test_unlike_environments_are_refused_unless_asked_for(stored: Path) -> None:
    refused = compare(stored, "a", "elsewhere")
    asked = compare(stored, "a", "elsewhere", "--allow-unlike")

    assert refused.returncode == 3
    assert "these differ in: kernel: A 6.1; B 6.2" in refused.stderr
    assert asked.returncode == 0
    assert (
        "unlike environments, compared as asked: kernel"
        in (stored / "results" / "comparison-a--elsewhere.html").read_text()
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a", "nowhere"), "expected two runs' folders, or two sides as KEY=VALUE; got one folder"),
        (("a", "same", "--margin", "ten"), "--margin: expected a share in percent"),
        (("a", "same", "--tests", "outage"), "--tests: expected any of: outage.median"),
        (("a", "same", "--budget", "lost <= A"), "expected a limit relative to A of: outage.median"),
        (("profile=rapid", "profil=fast"), "did you mean 'profile'"),
        (("profile=rapid", "profile=fast", "--trials", "none"), "--trials: expected a whole number of 1 or more"),
        (("profile=rapid", "profile=fast", "--trials", "9", "--seed", "x"), "--seed: expected a whole number of 0"),
        (("profile=rapid", "profile=fast", "--looks", "9"), "expected 1 to 5 looks"),
        (("profile=rapid", "profile=fast", "--scenario", "master-kil"), "did you mean master-kill"),
        (("profile=rapid", "profile=fasst", "--trials", "9"), "fasst"),
        (("chart=nowhere", "chart=a", "--trials", "9", "--kind-cluster", "k"), "expected a file or a folder at"),
        (("chart=a", "chart=a", "--trials", "9"), "expected --kind-cluster NAME with backend kind"),
        (("chart=a", "image=b", "--trials", "9", "--chart", "c"), "side 'image=b': expected chart"),
        (("set=a=1", "set=a=2", "--trials", "9"), "expected --chart with --values and --set; got none"),
    ],
)
def test_a_mistake_is_one_message(stored: Path, words: tuple[str, ...], said: str) -> None:
    done = compare(stored, *words)

    assert done.returncode == 3, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
