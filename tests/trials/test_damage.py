"""Damage to a trial's folder is reported as such, whatever file it is in; a failed trial never becomes a pass by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.model.errors import BrokenTrial
from redis_resilience.results.publishing import write_page
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


@pytest.mark.parametrize(
    ("whole", "damaged", "why"),
    [
        ('"sdown_at": {', '"tdown_at": {', "expected names of asked_at, fault_at, .*; got tdown_at"),
        ('"name": "sdown_at"', '"name": "failover.once"', "expected names of .*; got failover.once"),
        ('"origin": "fault_at"', '"origin": ""', "expected names of .*; got "),
    ],
    ids=["an instant", "the end of a phase", "its beginning"],
)
def test_a_verdict_with_a_name_of_no_instant_makes_no_page(whole: str, damaged: str, why: str, tmp_path: Path) -> None:
    folder, _ = finished(PASSING, tmp_path, sealed=False)
    verdict = tmp_path / "verdict.json"
    text = verdict.read_text()
    assert whole in text
    verdict.write_text(text.replace(whole, damaged, 1))

    with pytest.raises(BrokenTrial, match=why):
        write_page(folder, script="")


def test_a_phase_whose_end_is_missing_in_the_verdict_is_on_the_page(tmp_path: Path) -> None:
    folder, _ = finished(PASSING, tmp_path, sealed=False)
    judgement = folder.judgement()
    instants = {name: instant for name, instant in judgement.timeline.instants.items() if name != "sdown_at"}
    folder.save_judgement(replace(judgement, timeline=replace(judgement.timeline, instants=instants)))

    assert write_page(folder, script="").is_file()
