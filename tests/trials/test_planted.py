"""A history that makes no sense is never a pass, and the judges name what is wrong with it; a sound one is a pass."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from redis_resilience.judges.judge import judge
from redis_resilience.model.plan import Expect
from redis_resilience.model.records import OPERATION
from redis_resilience.model.verdict import Verdict
from tests.trials.generated import FAULTS, generated
from tests.trials.planted import PLANTS, history_of, missed, refused, suited
from tests.trials.plants.plant import Plant

HISTORIES = 40
"""`python -m tests.trials.planted` judges more."""


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_generated_history_without_damage_is_a_pass(seed: int) -> None:
    assert refused(seed) == ""


@pytest.mark.parametrize("number", range(len(PLANTS)), ids=[kind.name for kind in PLANTS])
def test_damage_is_named_and_no_pass(number: int) -> None:
    """In two histories that differ by their fault."""
    kind: Plant = PLANTS[number]
    seeds = [seed for seed, _ in zip((each for each in count(number) if suited(kind, each)), range(2), strict=False)]

    assert [missed(kind, seed) for seed in seeds] == ["", ""]


def test_every_fault_is_among_the_generated_histories() -> None:
    assert len(FAULTS) <= HISTORIES


@pytest.mark.parametrize("name", ["operations.bin", "samples.bin", "events.jsonl", "trial.jsonl"])
def test_a_torn_tail_of_a_trial_without_checksums_is_named_and_no_pass(name: str, tmp_path: Path) -> None:
    folder = generated(0, tmp_path)
    (folder.path / "SHA256SUMS").unlink(missing_ok=True)
    (folder.path / name).write_bytes((folder.path / name).read_bytes()[:-7])

    judgement = judge(folder.history())

    (history,) = [finding for finding in judgement.assumptions if finding.name == "assumptions.history"]
    assert judgement.verdict is not Verdict.PASS
    assert f"{name}: the last" in history.text


def test_no_flip_in_the_record_of_a_lost_write_is_a_pass() -> None:
    """A bit of each byte after the other: without checksums, too, the judges never take the loss away."""
    sound, at = history_of(0), 8
    key = sound.operations["key"][at]
    finals = {
        name: replace(final, keys=final.keys[final.keys != key], dbsize=final.dbsize - 1)
        for name, final in sound.finals.items()
    }
    lossy = replace(sound, plan=replace(sound.plan, expect=Expect(max_lost=0)), finals=finals)
    assert judge(lossy).verdict is Verdict.FAIL

    for number in range(OPERATION.itemsize):
        data = bytearray(sound.operations.tobytes())
        data[at * OPERATION.itemsize + number] ^= 1 << number % 8
        flipped = replace(lossy, operations=np.frombuffer(bytes(data), dtype=OPERATION))
        assert judge(flipped).verdict is not Verdict.PASS, f"byte {number}"
