"""One look at a Redis Cluster: what every node's own table says, and whether they all agree.

Asked through the probe; no waiting, no opinion on what should be. A node is known by its id: addresses may be stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redis_resilience.deployments.probe import Asks
from redis_resilience.deployments.replies import fields
from redis_resilience.model.cluster import SLOTS, Node, SlotRange, covered, parse_nodes, ranges_text
from redis_resilience.model.endpoint import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardSeen:
    """Slots, and the pods that serve them: by one table, alive or not. master: "" for a node that is no pod's."""

    slots: tuple[SlotRange, ...]
    master: str
    replicas: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterLook:
    """tables: of the pods that answered. states: "ok", "fail", or why there was no answer, of every pod.

    shards: by the table with the newest epoch, in the order of their first slots. wrong: what keeps it from being
    healthy, in words; empty where every node agrees that all slots are served.
    """

    tables: Mapping[str, tuple[Node, ...]]
    states: Mapping[str, str]
    ids: Mapping[str, str]
    shards: tuple[ShardSeen, ...]
    wrong: tuple[str, ...]


def look_at(probe: Asks, servers: Mapping[str, Endpoint]) -> ClusterLook:
    """Ask every server; one that does not answer, or knows no other node, is an answer too.

    A pod whose table knows only itself is a spare: it is no part of the cluster, and nothing is wrong with that.
    """
    tables: dict[str, tuple[Node, ...]] = {}
    states: dict[str, str] = {}
    ids: dict[str, str] = {}
    for pod, endpoint in servers.items():
        answer = probe.query(endpoint, "CLUSTER", "NODES")
        table = parse_nodes(answer.value) if isinstance(answer.value, str) else ()
        own = next((node for node in table if "myself" in node.flags), None)
        if own is None:
            states[pod] = answer.error or answer.unreachable or "no table"
            continue
        ids[own.id] = pod
        if len(table) > 1 or own.slots:
            tables[pod] = table
            told = probe.query(endpoint, "CLUSTER", "INFO")
            states[pod] = fields(told.value).get("cluster_state", told.error or told.unreachable)
    shards = shards_of(tables.values(), ids)
    return ClusterLook(
        tables=tables, states=states, ids=ids, shards=shards, wrong=tuple(_wrong(tables, states, ids, shards))
    )


def shards_of(tables: Iterable[tuple[Node, ...]], ids: Mapping[str, str]) -> tuple[ShardSeen, ...]:
    """As the table with the newest epoch has them, in the order of their first slots. ids: of nodes to pods."""
    return _shards(max(tables, key=_epoch, default=()), ids)


def _epoch(table: tuple[Node, ...]) -> int:
    return max((node.epoch for node in table), default=0)


def _shards(table: tuple[Node, ...], ids: Mapping[str, str]) -> tuple[ShardSeen, ...]:
    owners = sorted((node for node in table if node.slots), key=lambda node: node.slots)
    return tuple(
        ShardSeen(
            slots=owner.slots,
            master=ids.get(owner.id, ""),
            replicas=tuple(sorted(ids[node.id] for node in table if node.master_id == owner.id and node.id in ids)),
        )
        for owner in owners
    )


def _wrong(
    tables: Mapping[str, tuple[Node, ...]],
    states: Mapping[str, str],
    ids: Mapping[str, str],
    shards: tuple[ShardSeen, ...],
) -> list[str]:
    wrong = [f"{pod} says {state}" for pod, state in states.items() if state != "ok"]
    slots = sum(covered(shard.slots) for shard in shards)
    if slots != SLOTS:
        wrong.append(f"{slots} of {SLOTS} slots have a master")
    members = set(states)
    views: dict[tuple[object, ...], str] = {}
    for pod, table in tables.items():
        known = {ids.get(node.id, node.id) for node in table}
        if known != members:
            wrong.append(f"{pod} knows {len(known & members)} of {len(members)} nodes")
        for node in table:
            ill = {"fail", "fail?", "handshake", "noaddr"} & set(node.flags)
            if ill or (not node.linked and "myself" not in node.flags):
                wrong.append(f"{pod} takes {ids.get(node.id, node.address)} for {', '.join(ill) or 'disconnected'}")
        views.setdefault(tuple((shard.slots, shard.master, shard.replicas) for shard in _shards(table, ids)), pod)
    if len(views) > 1:
        wrong.append(f"{' and '.join(views.values())} do not agree on the owners of the hash slots")
    return wrong + [
        f"{shard.master or 'an unknown node'} ({ranges_text(shard.slots)}) has no replica"
        for shard in shards
        if not shard.replicas
    ]
