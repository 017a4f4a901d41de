"""Real trials that were recorded once are judged today as they were then."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.judges.judge import judge
from tests.trials.corpus import KNOWN, archives, numbers, unpack


@pytest.mark.parametrize("archive", archives(), ids=lambda archive: archive.name.removesuffix(".tar.xz"))
def test_a_recorded_trial_is_judged_as_before(archive: Path, tmp_path: Path) -> None:
    """Every verdict, every finding's name, every number; words may change."""
    assert numbers(judge(unpack(archive, tmp_path).history())) == KNOWN[archive.name]


def test_the_corpus_is_whole() -> None:
    assert {archive.name for archive in archives()} == KNOWN.keys()
