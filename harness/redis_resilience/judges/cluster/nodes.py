"""What the nodes of a Redis Cluster report of one shard, in the terms that a timeline has for Sentinels.

Each node decides by its own table, as each Sentinel does by its own: `fail?` is its +sdown, `fail` the +odown that a
majority of the masters agreed on, another owner of the shard's slots its +switch-master. The shard that is asked about
is the first of the environment's.
"""

from __future__ import annotations

from collections.abc import Iterable

from redis_resilience.judges.evidence import instant_of
from redis_resilience.judges.reading import Reading
from redis_resilience.model import instants
from redis_resilience.model.events import Fail, FaultEffect, HealEnd, Owner, Pfail, TableDown, TableUp
from redis_resilience.model.instants import Instant
from redis_resilience.model.verdict import Switch

NOUN = "node"
AGREEMENT = "convergence.nodes_agree"


def names(reading: Reading) -> set[str]:
    """Every node that was there before the fault."""
    return {name for shard in reading.environment.shards for name in shard.servers}


def quorum(reading: Reading) -> int:
    return len(reading.environment.shards) // 2 + 1


def announced(reading: Reading, since_ns: int) -> list[Switch]:
    """Every node's report that this shard has another master."""
    shard = reading.environment.shards[0]
    found = []
    for event in reading.of(Owner):
        ours = any(begin <= event.slots[0] <= end for begin, end in shard.slots) and event.owner in shard.servers
        if ours and event.at_ns >= since_ns:
            found.append(
                Switch(
                    sentinel=event.teller,
                    heard=instant_of(event),
                    logged=None,
                    old=event.before,
                    new=event.owner,
                    leader=event.teller == event.owner,
                )
            )
    return found


def decisions(reading: Reading, fault: Instant) -> dict[str, Instant | None]:
    """The first node that does not reach the shard's master, and the first to take it for dead."""

    def first(events: Iterable[Pfail | Fail]) -> Instant | None:
        master = reading.environment.shards[0].master
        for event in events:
            if event.node == master and event.at_ns >= fault.earliest_ns and event.teller != master:
                return instant_of(event)
        return None

    return {
        instants.SDOWN_AT: first(reading.of(Pfail, Fail)),
        instants.ODOWN_AT: first(reading.of(Fail)),
        instants.ELECTED_AT: None,
    }


def gone(reading: Reading, at_ns: int) -> set[str]:
    """Nodes that could not be reached then, or that a fault had taken out."""
    found: set[str] = set()
    for event in reading.of(TableUp, TableDown, FaultEffect, HealEnd):
        if event.earliest_ns > at_ns:
            continue
        match event:
            case TableDown():
                found.add(event.teller)
            case FaultEffect():
                found |= event.servers
            case TableUp() if event.at_ns <= at_ns:
                found.discard(event.teller)
            case HealEnd() if event.at_ns <= at_ns:
                found -= event.servers
    return found


def silent(_reading: Reading, _at_ns: int) -> set[str]:
    """None but those that are gone: a node has no Sentinel that could end without it."""
    return set()


def silent_at_the_end(reading: Reading) -> frozenset[str]:
    """Nodes whose table could no longer be read."""
    last = {event.teller: event for event in reading.of(TableUp, TableDown)}
    return frozenset(name for name in names(reading) if isinstance(last.get(name), TableDown))
