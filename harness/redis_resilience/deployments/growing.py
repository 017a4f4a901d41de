"""A Redis Cluster grows by its spare nodes, and shrinks to what it was, by its own plain commands, under load.

What `redis-cli --cluster add-node`, `reshard` and `del-node` do, slot by slot. Everything is asked through the probe.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.forming import carry_out, meet, node_id
from redis_resilience.deployments.nodes import ShardSeen, look_at
from redis_resilience.deployments.probe import Asks
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.capabilities import CanGrow
from redis_resilience.faults.effect import Effect
from redis_resilience.model.cluster import ranges_text
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, UsageError

_WHOLE_WITHIN_S = 30.0
_EVERY_S = 0.05
_BATCH = 100
_MIGRATE_MS = 5000
_ONLY_MASTERS = "use SETSLOT only with masters."
"""Error reply of a node that had no slots left and has already become a replica: its master reported the change."""


class Growing(Deployment, Protocol):
    """CanGrow, of every backend whose topology has spare nodes: it needs no more than a probe."""

    def lacks(self, capability: type) -> str:
        """Why it cannot honour a capability that it has the methods for; "" where it can."""
        if capability is CanGrow and not self.topology.spares:
            return f"topology {self.topology.name} has no spare nodes, as cluster-growing has"
        return ""

    def grow(self, pod: str, *, slots: int) -> Effect:
        newcomers = self._from(pod)
        begin_ns = time.monotonic_ns()
        proof = take_in(self.probe, self.servers(), newcomers, slots=slots)
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=proof)

    def shrink(self, pod: str) -> Effect:
        begin_ns = time.monotonic_ns()
        proof = let_go(self.probe, self.servers(), self._from(pod))
        return Effect(begin_ns=begin_ns, end_ns=time.monotonic_ns(), proof=proof)

    def _from(self, pod: str) -> tuple[str, ...]:
        spares = self.topology.standing_by
        if pod not in spares:
            raise UsageError(f"expected a spare pod, one of {', '.join(spares)}; got {pod!r}")
        return spares[spares.index(pod) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    slot: int
    source: str
    target: str


def take_in(probe: Asks, servers: Mapping[str, Endpoint], newcomers: tuple[str, ...], *, slots: int) -> str:
    """The first of them becomes master of the last `slots` slots of each shard, the others its replicas.

    Returns, in words, what every node reports then. Raises DeploymentError.
    """
    master, *replicas = newcomers
    shards = _whole(probe, _others(servers, newcomers))
    meet(probe, servers)
    own_id = node_id(probe, servers[master])
    for name in replicas:
        carry_out(probe, servers[name], "REPLICATE", own_id)
    _whole(probe, servers)  # a new node reports for a while that the cluster is down, and accepts no keys
    moves = [
        _Move(slot=slot, source=shard.master, target=master) for shard in shards for slot in _slots(shard)[-slots:]
    ]
    keys = _carry(probe, servers, moves, {*(shard.master for shard in shards), master})
    own = next(shard for shard in _whole(probe, servers) if shard.master == master)
    return (
        f"{master} is master of {ranges_text(own.slots)}, with {', '.join(own.replicas)}: {len(moves)} slots and "
        f"{keys} keys from {', '.join(shard.master for shard in shards)}; all {len(servers)} nodes say so"
    )


def let_go(probe: Asks, servers: Mapping[str, Endpoint], leaving: tuple[str, ...]) -> str:
    """Each of their slots goes to the node that has the slot before it; then they and the others forget each other.

    Returns, in words, what the remaining nodes report then. Raises DeploymentError.
    """
    seen = look_at(probe, servers)
    owners = {slot: shard.master for shard in seen.shards for slot in _slots(shard)}
    moves = []
    for slot in sorted(slot for slot, owner in owners.items() if owner in leaving):
        before, owners[slot] = owners[slot], owners[slot - 1]
        moves.append(_Move(slot=slot, source=before, target=owners[slot]))
    keys = _carry(probe, servers, moves, set(owners.values()) | set(leaving[:1]))
    left = _others(servers, leaving)
    ids = [each for each, pod in seen.ids.items() if pod in leaving]
    for name in reversed(leaving):
        carry_out(probe, servers[name], "RESET", "HARD")
    for endpoint in left.values():
        known = str(probe.query(endpoint, "CLUSTER", "NODES").value)
        for each in ids:
            if each in known:
                carry_out(probe, endpoint, "FORGET", each)
    _whole(probe, servers)
    return f"{len(moves)} slots and {keys} keys given back; {len(left)} nodes know each other and no {leaving[0]}"


def _carry(probe: Asks, servers: Mapping[str, Endpoint], moves: list[_Move], masters: set[str]) -> int:
    """Move slots with their keys, and inform every master; returns how many keys were moved."""
    ids = {name: node_id(probe, servers[name]) for name in masters}
    keys = 0
    for move in moves:
        slot, source, target = str(move.slot), servers[move.source], servers[move.target]
        carry_out(probe, target, "SETSLOT", slot, "IMPORTING", ids[move.source])
        carry_out(probe, source, "SETSLOT", slot, "MIGRATING", ids[move.target])
        keys += _carry_keys(probe, source, target, slot)
        for name in (move.target, move.source, *sorted(masters - {move.target, move.source})):
            carry_out(probe, servers[name], "SETSLOT", slot, "NODE", ids[move.target], harmless=_ONLY_MASTERS)
    return keys


def _carry_keys(probe: Asks, source: Endpoint, target: Endpoint, slot: str) -> int:
    """No key is added meanwhile: a migrating slot refuses, with ASK, keys that it does not hold."""
    count = 0
    while True:
        names = probe.query(source, "CLUSTER", "GETKEYSINSLOT", slot, str(_BATCH)).value
        if not isinstance(names, list) or not names:
            return count
        answer = probe.query(
            source,
            *("MIGRATE", target.host, str(target.port), "", "0", str(_MIGRATE_MS), "KEYS", *map(str, names)),
            timeout_s=2 * _MIGRATE_MS / 1e3,
        )
        if answer.value not in ("OK", "NOKEY"):
            raise DeploymentError(
                f"expected {source} to hand {len(names)} keys of slot {slot} over to {target}; got "
                f"{answer.error or answer.unreachable or answer.value!r}"
            )
        count += len(names)


def _whole(probe: Asks, servers: Mapping[str, Endpoint]) -> tuple[ShardSeen, ...]:
    seen = look_at(probe, servers)

    def look() -> tuple[bool, str]:
        nonlocal seen
        seen = look_at(probe, servers)
        return not seen.wrong, "; ".join(seen.wrong)

    eventually(look, within_s=_WHOLE_WITHIN_S, what=f"{len(servers)} nodes to agree", every_s=_EVERY_S)
    return seen.shards


def _slots(shard: ShardSeen) -> list[int]:
    return [slot for first, last in shard.slots for slot in range(first, last + 1)]


def _others(servers: Mapping[str, Endpoint], names: tuple[str, ...]) -> dict[str, Endpoint]:
    return {name: endpoint for name, endpoint in servers.items() if name not in names}
