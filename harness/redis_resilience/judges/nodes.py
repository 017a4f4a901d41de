"""What the nodes of a Redis Cluster say of one shard, in the words that a timeline has for Sentinels.

Each node decides by its own table, as each Sentinel does by its own: `fail?` is its +sdown, `fail` the +odown that a
majority of the masters agreed on, another owner of the shard's slots its +switch-master. The shard that is asked about
is the first of the environment's.
"""

from __future__ import annotations

from redis_resilience.judges.evidence import instant_of, struck
from redis_resilience.model import instants
from redis_resilience.model.events import Event
from redis_resilience.model.history import History
from redis_resilience.model.instants import Instant
from redis_resilience.model.verdict import Switch


def has_shards(history: History) -> bool:
    return bool(history.environment.shards)


def node_names(history: History) -> set[str]:
    """Every node that was there before the fault."""
    return {name for shard in history.environment.shards for name in shard.servers}


def majority(history: History) -> int:
    return len(history.environment.shards) // 2 + 1


def announced(history: History, since_ns: int) -> list[Switch]:
    """Every node's word that this shard has another master."""
    shard = history.environment.shards[0]
    found = []
    for event in history.of_kind("owner"):
        first = int(str(event.data.get("slots", "")).split("-")[0] or -1)
        new, node = str(event.data.get("owner")), _node(event)
        ours = any(begin <= first <= end for begin, end in shard.slots) and new in shard.servers
        if ours and event.at_ns >= since_ns:
            old = str(event.data.get("before"))
            found.append(
                Switch(sentinel=node, heard=instant_of(event), logged=None, old=old, new=new, leader=node == new)
            )
    return found


def decisions(history: History, fault: Instant) -> dict[str, Instant | None]:
    """The first node that does not reach the shard's master, and the first to take it for dead."""

    def first(*kinds: str) -> Instant | None:
        master = history.environment.shards[0].master
        for event in history.of_kind(*kinds):
            if event.data.get("node") == master and event.at_ns >= fault.earliest_ns and _node(event) != master:
                return instant_of(event)
        return None

    return {instants.SDOWN_AT: first("pfail", "fail"), instants.ODOWN_AT: first("fail"), instants.ELECTED_AT: None}


def gone_nodes(history: History, at_ns: int) -> set[str]:
    """Nodes that nobody could reach then, or that a fault had put out."""
    gone: set[str] = set()
    for event in history.of_kind("table-up", "table-down", "fault-effect", "heal-end"):
        if event.earliest_ns > at_ns:
            continue
        names = struck(event) if event.kind in ("fault-effect", "heal-end") else {_node(event)}
        if event.kind in ("table-down", "fault-effect"):
            gone |= names
        elif event.at_ns <= at_ns:
            gone -= names
    return gone


def _node(event: Event) -> str:
    return event.source.removeprefix("node:")
