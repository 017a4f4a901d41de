"""Final reads on disk: the facts of each server as JSON, the numbers of its keys as an array beside it."""

from __future__ import annotations

import io
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.errors import BrokenTrial
from redis_resilience.model.history import FinalFacts, FinalRead
from redis_resilience.trials.documents import decode_json

_FACTS = tuple(field.name for field in fields(FinalFacts))
_KEY = np.dtype("<u8")
_HEADER = 128
"""Bytes before the keys: numpy fills up to a multiple of 64."""


def read_finals(folder: Path) -> list[FinalRead]:
    """In the order of their names; the keys are written before the facts.

    Raises BrokenTrial, which names the file, where one is missing or makes no sense.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            keys = _keys(path.with_suffix(".npy").read_bytes())
            facts = decode_json(path.read_bytes(), FinalFacts)
        except (OSError, BrokenTrial) as error:
            raise BrokenTrial(f"expected a final read in {path} and its .npy; {error}") from error
        found.append(FinalRead(keys=keys, **{name: getattr(facts, name) for name in _FACTS}))
    return found


def _keys(data: bytes) -> NDArray[np.uint64]:
    """The keys in a file that `numpy.save` wrote. Its size gives their number: the header is compared, not trusted."""
    count, torn = divmod(len(data) - _HEADER, _KEY.itemsize)
    if count < 0 or torn or data[:_HEADER] != _header(count):
        raise BrokenTrial(f"expected numpy.save's array of the keys; got {len(data)} bytes that begin {data[:16]!r}")
    keys: NDArray[np.uint64] = np.frombuffer(data, dtype=_KEY, offset=_HEADER)
    if (keys[1:] <= keys[:-1]).any():
        raise BrokenTrial("expected the keys in ascending order, each once")
    return keys


def _header(count: int) -> bytes:
    written = io.BytesIO()
    np.lib.format.write_array_header_1_0(written, {"descr": _KEY.str, "fortran_order": False, "shape": (count,)})
    return written.getvalue()
