"""A second computation that shares nothing with the judges agrees with them on every recorded trial.

What the judges say is in the corpus: `test_corpus.py` holds that they say it today.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from redis_resilience.cli import app
from tests.trials.corpus import KNOWN, archives, unpack
from tests.trials.recompute import Recomputed


@pytest.mark.parametrize("archive", archives(), ids=lambda archive: archive.name.removesuffix(".tar.xz"))
def test_the_judges_numbers_are_those_of_the_definitions(archive: Path, tmp_path: Path) -> None:
    """Acknowledged, lost, outage, noise, first switch and first write; of a cluster, shard by shard."""
    unpack(archive, tmp_path)
    dumped = CliRunner().invoke(app, ["dump", str(tmp_path)])
    assert dumped.exit_code == 0, dumped.output
    again = Recomputed(tmp_path, dumped.output.splitlines())
    judged = KNOWN[archive.name]

    assert {name: told(part) for name, part in (again.shards() or {"": again}).items()} == {
        name: expected(part) for name, part in (judged["shards"] or {"": judged}).items()
    }


def told(part: Recomputed) -> tuple[Any, ...]:
    gaps = round(part.outage_ms, 6), round(part.noise_ms, 6)
    return len(part.acked), part.lost, *gaps, part.switch and part.switch[0], part.first_write_ns


def expected(judged: dict[str, Any]) -> tuple[Any, ...]:
    writes, gaps, instants = judged["writes"], judged["availability"], judged["timeline"]["instants"]
    first = (instants.get(name, (0, None))[1] for name in ("first_switch_at", "first_write_at"))
    return writes["acknowledged"], writes["lost"], gaps["outage_ms"], gaps["noise_ms"], *first
