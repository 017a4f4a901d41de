"""Records by their columns, as judges read them: a few of the columns, again and again."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.records import Records, blocks

_SMALL = "outcome"


class Columns:
    """Operations. A column of chosen ones is gathered when it is first asked for, and kept; it is not written to.

    In memory it lies by itself: to read it out of the records, each pass has to go over all of them.
    """

    __slots__ = ("_chosen", "_known", "_source")

    def __init__(self, source: Records | Columns, chosen: NDArray[Any] | slice = np.s_[:]) -> None:
        """chosen: which of the source's operations, in which order; a mask, numbers or a slice."""
        everything = isinstance(chosen, np.ndarray) and chosen.dtype == np.bool_ and chosen.all()
        self._source = source if isinstance(source, Columns) else _by_column(source)
        self._chosen = np.s_[:] if everything else chosen
        self._known: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        return len(self[_SMALL])

    @overload
    def __getitem__(self, what: str) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, what: NDArray[Any] | slice) -> Columns: ...
    def __getitem__(self, what: str | NDArray[Any] | slice) -> NDArray[Any] | Columns:
        """The column of that name, or the chosen ones of these operations."""
        if not isinstance(what, str):
            return Columns(self, what)
        if what not in self._known:
            column = np.ascontiguousarray(self._source[what][self._chosen])
            column.flags.writeable = False
            self._known[what] = column
        return self._known[what]


def _by_column(source: Records) -> dict[str, NDArray[Any]]:
    found = {name: np.empty(len(source), source.dtype[name]) for name in source.dtype.names or ()}
    for begin, block in blocks(source):
        for name, column in found.items():
            column[begin : begin + len(block)] = block[name]
    return found
