"""One history as the judges read it: in one order, and everything that more than one of them asks found out once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar

from redis_resilience.model.history import History

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """A history of writes, and what is known of it so far."""

    history: History
    known: dict[Callable[..., Any], Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, history: History) -> Reading:
        """Its writes, and its events in order of time, equal ones in a fixed order, whatever their order on disk."""
        events = sorted(history.events, key=lambda event: (event.at_ns, event.source, event.label, event.words))
        finals = dict(sorted(history.finals.items()))
        return cls(history=replace(history, operations=history.writes, events=tuple(events), finals=finals))


def once(fact: Callable[[Reading], T]) -> Callable[[Reading], T]:
    """Makes a function of a reading one that works it out once for each reading; its result must not be changed."""

    @wraps(fact)
    def remembered(reading: Reading) -> T:
        if remembered not in reading.known:
            reading.known[remembered] = fact(reading)
        found: T = reading.known[remembered]
        return found

    return remembered
