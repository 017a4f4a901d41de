"""The index over runs says what the runs' own files say, and can be made of them again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.model.run import RunRecord, TrialRecord
from redis_resilience.model.verdict import Verdict
from redis_resilience.results.database import DATABASE
from redis_resilience.results.indexing import INDEX, index, rebuild
from redis_resilience.results.run_file import RUN, read_run, write_run
from redis_resilience.trials.trial import rejudge
from tests.trials.corpus import CORPUS, unpack

RECORD = Path(__file__).parents[2] / "benchmarks" / "trial_record.json"
Write = Callable[..., Path]


def write(results: Path, name: str, *verdicts: Verdict, day: int = 1, scenario: str = "master-kill") -> Path:
    """A run of that many trials, each with a folder of 1000 bytes."""
    started = f"2026-11-{day:02d}T10:00:00.000+00:00"
    first = msgspec.convert(json.loads(RECORD.read_text()), TrialRecord)
    trials = []
    for number, verdict in enumerate(verdicts):
        folder = results / name / f"{scenario}-{number}"
        folder.mkdir(parents=True)
        (folder / "operations.bin").write_bytes(b"x" * 1000)
        trials.append(
            replace(first, folder=folder.name, scenario=scenario, verdict=verdict, counts_as=verdict, started=started)
        )
    run = RunRecord(
        run=name,
        verdict=Verdict.FAIL if Verdict.FAIL in verdicts else Verdict.PASS,
        started=started,
        finished=started,
        tool_version="0.1.0",
        trials=tuple(trials),
    )
    (results / name).mkdir(exist_ok=True)
    write_run(results / name, run)
    return results / name


def asked(results: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(results / DATABASE)) as connection:
        return connection.execute(query).fetchall()


def test_every_run_has_a_row_and_a_link_the_newest_first(tmp_path: Path) -> None:
    write(tmp_path, "a", Verdict.PASS, day=1)
    write(tmp_path, "b", Verdict.PASS, Verdict.FAIL, day=2)

    made = index(tmp_path)

    page = made.page.read_text()
    assert (made.runs, made.trials, made.problems) == (2, 3, ())
    assert page.index('href="b/index.html"') < page.index('href="a/index.html"')
    assert asked(tmp_path, "SELECT run, passed, failed FROM runs ORDER BY run") == [("a", 1, 0), ("b", 1, 1)]
    assert asked(tmp_path, "SELECT count(*) FROM trials WHERE outage_ms > 0") == [(3,)]


def test_only_what_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a", Verdict.PASS)
    index(tmp_path)
    write(tmp_path, "b", Verdict.PASS)
    read: list[str] = []

    def noted(folder: Path) -> RunRecord:
        read.append(folder.name)
        return read_run(folder)

    monkeypatch.setattr("redis_resilience.results.indexing.read_run", noted)
    index(tmp_path)

    assert read == ["b"]


def test_made_again_from_the_folders_each_run_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a", Verdict.PASS)
    trial = unpack(CORPUS / "local-node-fast-master-kill.tar.xz", tmp_path / "old" / "master-kill")
    rejudge(trial)
    read: list[str] = []

    def noted(folder: Path) -> RunRecord:
        read.append(folder.name)
        return read_run(folder)

    monkeypatch.setattr("redis_resilience.results.indexing.read_run", noted)
    made = rebuild(tmp_path)

    assert made.runs == 2
    assert read == ["a", "old"]


def test_a_run_that_is_gone_leaves_the_index(tmp_path: Path) -> None:
    write(tmp_path, "a", Verdict.PASS)
    write(tmp_path, "b", Verdict.PASS)
    index(tmp_path)
    shutil.rmtree(tmp_path / "a")

    assert index(tmp_path).runs == 1
    assert asked(tmp_path, "SELECT DISTINCT run FROM trials") == [("b",)]


@pytest.mark.parametrize("data", [b"", b"not a database at all" * 100])
def test_a_damaged_index_is_made_again(data: bytes, tmp_path: Path) -> None:
    write(tmp_path, "a", Verdict.PASS)
    (tmp_path / DATABASE).write_bytes(data)

    assert index(tmp_path).runs == 1


def test_an_index_of_another_release_is_made_again(tmp_path: Path) -> None:
    write(tmp_path, "a", Verdict.PASS)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.executescript("CREATE TABLE runs (name TEXT); PRAGMA user_version = 99;")

    assert index(tmp_path).runs == 1


def test_a_run_that_cannot_be_read_is_named_and_costs_no_other_its_row(tmp_path: Path) -> None:
    write(tmp_path, "a", Verdict.PASS)
    (write(tmp_path, "b", Verdict.PASS) / RUN).write_bytes(b"{")

    made = index(tmp_path)

    assert made.runs == 1
    assert "b/run.json" in made.problems[0]
    assert "b/run.json" in made.page.read_text()


def test_a_run_of_an_older_release_gets_its_record_from_its_trials(tmp_path: Path) -> None:
    """Those without a verdict are named."""
    trial = unpack(CORPUS / "local-node-fast-master-kill.tar.xz", tmp_path / "results" / "old" / "master-kill")
    rejudge(trial)
    shutil.copytree(trial.path, trial.path.with_name("killed"))
    (trial.path.with_name("killed") / "verdict.json").unlink()

    made = rebuild(tmp_path / "results")

    run = read_run(tmp_path / "results" / "old")
    assert (made.runs, made.trials) == (1, 1)
    assert [each.scenario for each in run.trials] == ["master-kill"]
    assert [each.folder for each in run.left_out] == ["killed"]
    assert run.verdict is Verdict.UNKNOWN
    assert 'href="master-kill/' not in (tmp_path / "results" / "old" / INDEX).read_text()


def test_rebuilding_gives_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path, "a", Verdict.PASS)
    write(tmp_path, "b", Verdict.FAIL, day=2)
    pages = [(tmp_path / name) for name in (INDEX, f"a/{INDEX}", f"b/{INDEX}")]
    rebuild(tmp_path)
    before = [page.read_bytes() for page in pages]

    rebuild(tmp_path)

    assert [page.read_bytes() for page in pages] == before


def test_latest_is_no_run_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "a", Verdict.PASS)
    (tmp_path / "latest").symlink_to("a")

    assert index(tmp_path).runs == 1


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected a folder of results"):
        rebuild(tmp_path / "nowhere")


def test_a_run_is_not_taken_for_a_folder_of_results(tmp_path: Path) -> None:
    """Its own page would be overwritten."""
    run = write(tmp_path, "a", Verdict.PASS)

    with pytest.raises(UsageError, match="the folder of one run; name the one above it"):
        rebuild(run)
    assert not (run / INDEX).exists()


def test_a_folder_without_runs_is_an_error_and_stays_empty(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="which holds no folder of a run"):
        rebuild(tmp_path)
    assert not list(tmp_path.iterdir())
