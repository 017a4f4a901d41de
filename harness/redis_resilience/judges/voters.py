"""Who finds a master down and announces another: Sentinels, or the nodes of a Redis Cluster. Judges ask them alike."""

from __future__ import annotations

from typing import Protocol

from redis_resilience.judges import sentinels
from redis_resilience.judges.cluster import nodes
from redis_resilience.judges.reading import Reading
from redis_resilience.model.instants import Instant
from redis_resilience.model.verdict import Switch


class Voters(Protocol):
    """A module with these. NOUN: what one of them is called. AGREEMENT: the finding that they agree."""

    NOUN: str
    AGREEMENT: str

    def names(self, reading: Reading) -> set[str]:
        """All that were there before the fault."""

    def quorum(self, reading: Reading) -> int:
        """So many must agree that a master is down."""

    def announced(self, reading: Reading, since_ns: int) -> list[Switch]:
        """Every one's announcement of another master, in order of time."""

    def decisions(self, reading: Reading, fault: Instant) -> dict[str, Instant | None]:
        """The first to find the master down, the first to find others agree, the first leader."""

    def gone(self, reading: Reading, at_ns: int) -> set[str]:
        """Those whose pod or server a fault had taken out then."""

    def silent(self, reading: Reading, at_ns: int) -> set[str]:
        """Others that could announce nothing then."""

    def silent_at_the_end(self, reading: Reading) -> frozenset[str]:
        """Those that did not answer at the end."""


def voters_of(reading: Reading) -> Voters:
    return nodes if reading.environment.shards else sentinels
