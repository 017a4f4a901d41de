"""All lost writes are to be had by key, more than a judgement names."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.judges.judge import judge, lost_writes
from redis_resilience.model.verdict import NAMED
from tests.trials.corpus import CORPUS, unpack


@pytest.mark.parametrize("name", ["local-node-fast-bounded-loss", "local-cluster-fast-cluster-master-isolated"])
def test_every_lost_write_has_its_key_and_cause(name: str, tmp_path: Path) -> None:
    history = unpack(CORPUS / f"{name}.tar.xz", tmp_path).history()
    writes = judge(history).writes

    found = lost_writes(history)

    assert len(found) == writes.lost > 0
    assert len({write.key for write in found}) == writes.lost
    assert {write.cause for write in found} == writes.lost_by_cause.keys()
    if not history.environment.shards:
        assert found[:NAMED] == writes.lost_writes


def test_of_a_trial_that_lost_nothing_there_are_none(tmp_path: Path) -> None:
    history = unpack(CORPUS / "local-node-fast-master-kill.tar.xz", tmp_path).history()

    assert lost_writes(history) == ()
