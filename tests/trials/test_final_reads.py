"""A final read is what numpy and the probe wrote, or an error; its header allocates nothing."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import numpy as np
import pytest

from redis_resilience.model.errors import BrokenTrial
from redis_resilience.model.history import FinalFacts
from redis_resilience.trials.final_reads import read_finals

FACTS = FinalFacts(server="redis-0", role="master", run_id_before="a", run_id_after="a", offset=7, dbsize=3)


def saved(keys: object, dtype: str = "<u8") -> bytes:
    written = io.BytesIO()
    np.save(written, np.array(keys, dtype=dtype))
    return written.getvalue()


def kept(folder: Path, keys: bytes) -> Path:
    (folder / "redis-0.json").write_bytes(msgspec.json.encode(FACTS))
    (folder / "redis-0.npy").write_bytes(keys)
    return folder


@pytest.mark.parametrize("keys", [[], [5], list(range(100_000))])
def test_what_was_saved_is_read(tmp_path: Path, keys: list[int]) -> None:
    (found,) = read_finals(kept(tmp_path, saved(keys)))

    assert found.keys.tolist() == keys
    assert (found.server, found.dbsize) == ("redis-0", 3)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        saved([1, 2])[:-1],
        saved([1, 2])[:-8],
        saved([1, 2]) + bytes(8),
        saved([1, 2]).replace(b"(2,)", b"(4000000000000,)"),
        saved([1, 2]).replace(b"(2,)", b"(2"),
        saved([1, 2], "<i8"),
        saved([[1], [2]]),
        saved([2, 1]),
        saved([1, 1]),
    ],
)
def test_any_other_array_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BrokenTrial, match=r"expected a final read in .*redis-0\.json and its \.npy; expected "):
        read_finals(kept(tmp_path, data))


def test_keys_without_facts_are_of_a_read_that_did_not_end(tmp_path: Path) -> None:
    (kept(tmp_path, saved([1])) / "redis-0.json").unlink()

    assert not read_finals(tmp_path)
