"""One kind of damage to a history, and what the judges must say of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.events import Event
from redis_resilience.model.faults import Fault
from redis_resilience.model.history import FinalRead, History
from redis_resilience.model.operations import Result

MS = 1_000_000
Damage = Callable[[History, random.Random], History]
Suits = Callable[[Fault | None], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """finding: the name of the one that must not be a pass. says: what its text contains. suits: which trials."""

    finding: str
    says: str
    damage: Damage
    suits: Suits

    @property
    def name(self) -> str:
        return self.damage.__name__


PLANTS: list[Plant] = []


def any_trial(_: Fault | None) -> bool:
    return True


def with_a_fault(fault: Fault | None) -> bool:
    return fault is not None


def without_a_fault(fault: Fault | None) -> bool:
    return fault is None


def plant(finding: str, says: str, suits: Suits = any_trial) -> Callable[[Damage], Damage]:
    """Registers a kind of damage; its function's name is its own."""

    def registered(damage: Damage) -> Damage:
        PLANTS.append(Plant(finding=finding, says=says, damage=damage, suits=suits))
        return damage

    return registered


def some_write(history: History, rng: random.Random, *, outcome: Result = Result.OK) -> int:
    """The index of one with that outcome, neither the first nor the last of the load."""
    found = np.flatnonzero(history.operations["outcome"] == outcome)
    return int(rng.choice(found[(found > 5) & (found < len(history.operations) - 5)].tolist()))


def with_write(history: History, at: int, **fields: Any) -> History:
    """With other numbers in that record."""
    rows = history.operations.copy()
    for name, value in fields.items():
        rows[name][at] = value
    return replace(history, operations=rows)


def without_writes(history: History, which: NDArray[Any]) -> History:
    return replace(history, operations=np.delete(history.operations, which))


def with_events(history: History, *more: Event) -> History:
    return replace(history, events=(*history.events, *more))


def without_events(history: History, wrong: Callable[[Event], bool]) -> History:
    return replace(history, events=tuple(event for event in history.events if not wrong(event)))


def with_final(history: History, final: FinalRead, **facts: Any) -> History:
    return replace(history, finals={**history.finals, final.server: replace(final, **facts)})


def final_of(history: History, role: str) -> FinalRead:
    """The final read of a server that ended in that role."""
    return next(final for final in history.finals.values() if final.role == role)
