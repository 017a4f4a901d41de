"""One history as the judges read it: in one order, with shared facts worked out once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import wraps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.columns import Columns
from redis_resilience.model.history import History
from redis_resilience.model.operations import Result

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading(History):
    """A history of writes, its events in order of time, equal ones in a fixed order.

    known: the facts worked out so far.
    """

    known: dict[Callable[[Reading], Any], Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def rows(self) -> Columns:
        """The operations by their columns."""
        return _rows(self)

    @property
    def acknowledged(self) -> Columns:
        """Those of them that were acknowledged."""
        return _acknowledged(self)


def read(history: History) -> Reading:
    """The reading of a history: the same whatever the order on disk."""
    given = {each.name: getattr(history, each.name) for each in fields(History)}
    events = sorted(history.events, key=lambda event: (event.at_ns, event.source, event.label, event.words))
    finals = dict(sorted(history.finals.items()))
    return Reading(**given | {"operations": history.writes, "events": tuple(events), "finals": finals})


def once(fact: Callable[[Reading], T]) -> Callable[[Reading], T]:
    """Makes a function of a reading compute its result once for each reading; the result must not be changed."""

    @wraps(fact)
    def remembered(reading: Reading) -> T:
        if remembered not in reading.known:
            reading.known[remembered] = fact(reading)
        found: T = reading.known[remembered]
        return found

    return remembered


@once
def _rows(reading: Reading) -> Columns:
    return Columns(reading.operations)


@once
def _acknowledged(reading: Reading) -> Columns:
    good: NDArray[np.bool_] = reading.rows["outcome"] == Result.OK
    return reading.rows[good]
