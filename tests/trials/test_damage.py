"""Damage to a trial's folder is reported as such, whatever file it is in; a failed trial never becomes a pass by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trials.damage import FAILING, PASSING, Told, damage, finished

TIMES = 3
"""Of each file; `python -m tests.trials.damage` tries more."""


@pytest.mark.parametrize("trial", [PASSING, FAILING])
def test_damage_is_an_error_in_one_sentence_and_never_a_pass(trial: str, tmp_path: Path) -> None:
    folder, judged = finished(trial, tmp_path, sealed=True)
    told = Told()
    damage(folder, judged, told, times=TIMES, seed=2)

    assert not told.tracebacks
    assert not told.whitewashed
    assert told.refused.keys() == told.tried.keys()
    assert told.tried.total() > 50


@pytest.mark.parametrize("trial", [PASSING, FAILING])
def test_damage_of_a_trial_without_checksums_is_no_traceback(trial: str, tmp_path: Path) -> None:
    folder, judged = finished(trial, tmp_path, sealed=False)
    told = Told()
    damage(folder, judged, told, times=1, seed=3)

    assert not told.tracebacks
