"""One trial's operations, samples and events on one clock: all that a judge sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.environment import Environment
from redis_resilience.model.events import Event, Ns
from redis_resilience.model.operations import Kind
from redis_resilience.model.plan import Plan
from redis_resilience.model.records import VERSION, Records

A = TypeVar("A", bound=Event)
B = TypeVar("B", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalFacts:
    """What one server reported of itself after the end: read on one connection, its run_id asked before and after.

    role: "master", "replica", or what else ROLE replied during the read. wrong: names of keys with a foreign value.
    unexpected: names under the trial's prefix that are no key number. begin_ns, end_ns: when it was read, on the
    probe's clock; 0 in version 1.
    """

    server: str
    role: str
    run_id_before: str
    run_id_after: str
    offset: int
    dbsize: int
    wrong: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    evicted_keys: int = 0
    expired_keys: int = 0
    begin_ns: Ns = 0
    end_ns: Ns = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalRead(FinalFacts):
    """The facts, and the numbers of this trial's keys whose value was right, sorted."""

    keys: NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """operations, samples: records of `redis_resilience.model.records`. complete: the trial ran to its last phase.

    problems: what is wrong with the history itself (a torn file, a failed phase), in words; any makes it `unknown`.
    version: of the format in which it was recorded.
    """

    plan: Plan
    environment: Environment
    operations: Records
    samples: Records
    events: tuple[Event, ...]
    finals: Mapping[str, FinalRead] = field(default_factory=dict)
    complete: bool = True
    problems: tuple[str, ...] = ()
    version: int = VERSION

    @property
    def writes(self) -> Records:
        """The operations that are writes."""
        writes = self.operations["kind"] == Kind.WRITE
        return self.operations if writes.all() else self.operations[writes]

    @overload
    def of(self, kind: type[A], /) -> tuple[A, ...]: ...
    @overload
    def of(self, kind: type[A], other: type[B], /) -> tuple[A | B, ...]: ...
    @overload
    def of(self, *kinds: type[Event]) -> tuple[Event, ...]: ...
    def of(self, *kinds: type[Event]) -> tuple[Event, ...]:
        """Events of these kinds, in their order."""
        return tuple(event for event in self.events if isinstance(event, kinds))
