"""A campaign's folder holds judged trials and nothing half done; only the same campaign is resumed in it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.campaigns.schedule import Cell, Unit, interleaved
from redis_resilience.campaigns.store import Definition, EndedTest, Store
from redis_resilience.model.errors import BrokenRun, UsageError

CELL = Cell(name="kill", scenario="master-kill", options={"redis_profile": "rapid"}, variant="v")
WHAT = Definition(cells=(CELL,), trials=3, seed=5, common={"redis_backend": "memory"})
UNITS = interleaved(WHAT.cells, WHAT.trials, seed=WHAT.seed)


def kept(store: Store, number: int) -> None:
    unit = UNITS[number]
    trial = store.attempt(unit) / "trial"
    trial.mkdir()
    store.keep(unit, trial, EndedTest(test="test_kill", ended="passed", variant="v"))


def test_what_is_kept_is_found_again_and_attempts_are_not(tmp_path: Path) -> None:
    store = Store(tmp_path / "c")
    store.begin(WHAT, UNITS)
    kept(store, 1)
    (store.attempt(UNITS[0]) / "half").touch()

    again = Store(tmp_path / "c")
    again.begin(WHAT, UNITS)

    assert [(unit, ran.folder.name, ran.variant) for unit, ran in again.judged(UNITS)] == [(UNITS[1], "kill-002", "v")]
    assert {path.name for path in (tmp_path / "c").iterdir()} == {".attempts", ".running", "campaign.json", "kill-002"}
    assert list((tmp_path / "c" / ".attempts").iterdir()) == []


def test_what_another_share_has_under_way_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "c")
    store.begin(WHAT, UNITS[:1])
    under_way = store.attempt(UNITS[0])

    Store(tmp_path / "c").begin(WHAT, UNITS[1:])

    assert under_way.is_dir()


def begun_elsewhere(store: Store, units: Sequence[Unit]) -> str:
    """Why another process may not run these trials; "" where it may."""
    told, tell = multiprocessing.Pipe(duplex=False)

    def begin() -> None:
        try:
            store.begin(WHAT, units)
        except UsageError as error:
            tell.send(str(error))
        else:
            tell.send("")

    process = multiprocessing.get_context("fork").Process(target=begin)
    process.start()
    process.join()
    return str(told.recv())


def test_a_trial_is_run_by_one_process_at_a_time(tmp_path: Path) -> None:
    """Two nights that overlap, a campaign that is started twice: what the first has under way stays."""
    store = Store(tmp_path / "c")
    store.begin(WHAT, UNITS[:2])
    under_way = store.attempt(UNITS[0])

    assert begun_elsewhere(Store(tmp_path / "c"), UNITS) == (
        f"expected no other process to run trials of {tmp_path / 'c'}; one does, {UNITS[0].folder} among them; "
        "wait until it ends or stop it, or choose another --name"
    )
    assert under_way.is_dir()
    assert begun_elsewhere(Store(tmp_path / "c"), UNITS[2:]) == ""


def test_trials_of_a_process_that_ended_are_free(tmp_path: Path) -> None:
    assert begun_elsewhere(Store(tmp_path / "c"), UNITS) == ""

    Store(tmp_path / "c").begin(WHAT, UNITS)


def test_another_campaign_is_refused_with_what_differs(tmp_path: Path) -> None:
    Store(tmp_path / "c").begin(WHAT, UNITS)

    with pytest.raises(UsageError, match="got one with other trials, seed; choose another --name"):
        Store(tmp_path / "c").begin(replace(WHAT, trials=4, seed=6), UNITS)


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()

    with pytest.raises(UsageError, match="expected an empty folder"):
        Store(tmp_path).begin(WHAT, UNITS)


def test_damage_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path / "c")
    store.begin(WHAT, UNITS)
    kept(store, 0)
    (tmp_path / "c" / "kill-001" / "ended.json").write_text("{")

    with pytest.raises(BrokenRun, match=r"kill-001 to repeat this trial"):
        list(store.judged(UNITS))
    (tmp_path / "c" / "campaign.json").write_text("{}")
    with pytest.raises(BrokenRun, match="choose another --name"):
        store.known()
