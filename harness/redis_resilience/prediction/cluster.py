"""What must happen to each shard of a Redis Cluster after a fault, by its nodes' live settings.

Redis Cluster's own periods, as its source has them (redis/redis src/cluster.c, since 7.4 src/cluster_legacy.c; 3.2 to
8.0, clusterCron and clusterHandleSlaveFailover): due work is checked ten times a second; a node that has not been
heard of for half the node timeout gets a PING, and is `fail?` once that PING and everything else from it is a node
timeout old; every PING and PONG reports who is `fail?`, and once a majority of the masters reports it, it is `fail`;
its replica then waits 500 ms, a random part of 500 ms more, and a second for each replica with newer data, asks the
masters for votes, and is master with a majority. A failed election is repeated after four node timeouts, at least 4 s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redis_resilience.model import instants
from redis_resilience.model.environment import Bound, Prediction
from redis_resilience.model.faults import Fault
from redis_resilience.model.plan import Load, Scheduled, timed
from redis_resilience.model.traits import PeersSee, Takes
from redis_resilience.topologies.restarts import STAYS_DOWN, RestartPolicy, absence
from redis_resilience.topologies.topology import Profile, Topology

TICK_MS = 100.0
ELECTION_MS = 500.0
RANDOM_MS = 500.0
RANK_MS = 1000.0
EXCHANGE_MS = 20.0
"""One message, its reply, and the nodes.conf that is written and synced before a vote is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardAtRisk:
    """One shard before the faults.

    masters: of all shards, in order; "master" means the first. replica: the meaning of that word, of the first shard.
    co_located: by pod, of any shard, the pods that share its node.
    """

    master: str
    replicas: tuple[str, ...]
    masters: tuple[str, ...]
    node_timeout_ms: float
    replica: str = ""
    co_located: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def majority(self) -> int:
        return len(self.masters) // 2 + 1


def first_shard(topology: Topology, profile: Profile) -> ShardAtRisk:
    """As a new deployment of this topology has it."""
    pods = tuple(pod.name for pod in topology.pods if pod.name not in topology.standing_by)
    return ShardAtRisk(
        master=pods[0],
        replicas=pods[topology.shards :: topology.shards],
        masters=pods[: topology.shards],
        node_timeout_ms=float(profile.node_timeout_ms),
        replica=pods[topology.shards],
    )


def predict_shard(
    planned: Sequence[Scheduled], shard: ShardAtRisk, *, load: Load | None = None, policy: RestartPolicy = STAYS_DOWN
) -> Prediction:
    """What these faults must lead to in this shard."""
    struck = [(at_s * 1e3, fault, _struck(fault, shard)) for at_s, fault in timed(planned)]
    lost = next(((at_ms, fault) for at_ms, fault, pods in struck if shard.master in pods), None)
    if lost is None:
        return Prediction(failover=False, because="no fault hits this shard's master")
    lost_ms, hit = lost
    bounds = _bounds(shard, load=None if hit.traits.clients_reach_it else load, silent=hit.traits.silent)
    decided_ms = sum(bound.upper_ms for bound in bounds[:3])
    away = [
        (pods, at_ms + _lasts_ms(fault, policy))
        for at_ms, fault, pods in struck
        if at_ms < lost_ms + decided_ms and at_ms + _lasts_ms(fault, policy) > lost_ms + shard.node_timeout_ms
    ]
    gone = {shard.master}.union(*(pods for pods, _ in away))
    if gone >= {*shard.masters, *shard.replicas}:
        return Prediction(
            failover=None,
            because="every server is away with the master, and either it or a replica may be first to return",
        )
    absent = absence(hit, policy, shard.node_timeout_ms)
    if absent.most_ms < shard.node_timeout_ms:
        return Prediction(
            failover=False,
            because=f"{absent.because}, before the node timeout of {shard.node_timeout_ms:g} ms",
            back_by_ms=shard.node_timeout_ms,
            due_ms=shard.node_timeout_ms,
        )
    voters = len(shard.masters) - len(gone & set(shard.masters))
    impossible = _impossible(shard, gone, voters)
    if impossible:
        powerless = any(fault.traits.takes is Takes.NODE for _, fault, _ in struck)
        for_good = set[str]().union(*(pods for pods, back_ms in away if math.isinf(back_ms)), {shard.master})
        back = not _impossible(shard, for_good, len(shard.masters) - len(for_good & set(shard.masters)))
        later = "; once the node is back, some start before others, and may replace them" if powerless else ""
        later = later or ("; whether those that restart by themselves do so in time is uncertain" if back else "")
        return Prediction(failover=None if later else False, because=impossible + later)
    return Prediction(
        failover=True if absent.least_ms >= decided_ms else None,
        because=f"the master is down for longer than the node timeout of {shard.node_timeout_ms:g} ms "
        f"({absent.because}), and {voters} of {len(shard.masters)} masters can vote"
        if absent.least_ms >= decided_ms
        else f"{absent.because}, which is too close to the node timeout of {shard.node_timeout_ms:g} ms to be certain",
        bounds=bounds,
        retry_ms=2 * max(2 * shard.node_timeout_ms, 2000.0),
    )


def _impossible(shard: ShardAtRisk, gone: set[str], voters: int) -> str:
    """Why no replica can be promoted while these are gone; "" where one can."""
    if voters < shard.majority:
        return f"only {voters} of {len(shard.masters)} masters are left to vote, no majority ({shard.majority})"
    return "this shard has no replica left to promote" if gone.issuperset(shard.replicas) else ""


def _lasts_ms(fault: Fault, policy: RestartPolicy) -> float:
    comeback = policy.comeback(fault.traits.back_by)
    if comeback:
        return comeback.most_ms
    return math.inf if fault.for_s is None else fault.for_s * 1e3


def _struck(fault: Fault, shard: ShardAtRisk) -> set[str]:
    """Pods that a fault takes out, with all that is on their node where it takes that."""
    if fault.traits.peers_see is PeersSee.NOTHING:
        return set()
    pods = _targets(fault, shard)
    return pods.union(*(shard.co_located.get(pod, ()) for pod in pods)) if fault.traits.takes is Takes.NODE else pods


def _targets(fault: Fault, shard: ShardAtRisk) -> set[str]:
    """Roles mean what they mean before the first fault."""
    match fault.target:
        case "master":
            return {shard.masters[0]}
        case "master-majority":
            return set(shard.masters[: shard.majority])
        case "replica":
            return {shard.replica}
        case "every-server":
            return {*shard.masters, *shard.replicas}
        case target:
            return {target.partition("/")[0]}


def _bounds(shard: ShardAtRisk, *, load: Load | None, silent: bool) -> tuple[Bound, ...]:
    timeout_ms = shard.node_timeout_ms
    pinged_ms = timeout_ms / 2 + TICK_MS
    pfail = Bound(
        name=instants.SDOWN_AT,
        origin=instants.FAULT_AT,
        lower_ms=timeout_ms - EXCHANGE_MS,
        upper_ms=pinged_ms + timeout_ms + TICK_MS,
        because="a node timeout after the PING that went unanswered, sent half a node timeout after the last reply at "
        "the latest; looked at ten times a second",
    )
    fail = Bound(
        name=instants.ODOWN_AT,
        origin=instants.SDOWN_AT,
        lower_ms=0.0,
        upper_ms=(pfail.upper_ms - timeout_ms) + pinged_ms + EXCHANGE_MS,
        because="a majority of the masters finds it by itself and hears of each other with the next PING",
    )
    promoted = Bound(
        name=instants.PROMOTED_AT,
        origin=instants.ODOWN_AT,
        lower_ms=ELECTION_MS - EXCHANGE_MS,
        upper_ms=ELECTION_MS + RANDOM_MS + RANK_MS * max(len(shard.replicas) - 1, 0) + 2 * (TICK_MS + EXCHANGE_MS),
        because="the replica waits 500 ms, up to 500 ms more, and 1 s a replica with newer data, then asks for votes",
    )
    told_ms = TICK_MS + EXCHANGE_MS
    chain = [
        pfail,
        fail,
        promoted,
        _told(instants.FIRST_SWITCH_AT, EXCHANGE_MS, "its own table has it at once"),
        _told(instants.QUORUM_SWITCH_AT, told_ms, "the new master announces itself to all nodes at once"),
        _told(
            instants.LAST_SWITCH_AT,
            pinged_ms + TICK_MS + EXCHANGE_MS,
            "or with the next PING where a link is being re-established",
        ),
    ]
    following = [group for group in load.writers if group.follows] if load else []
    if load and following:
        stuck_ms = max(group.timeout_ms for group in following) if silent else 0
        chain.append(
            _told(
                instants.FIRST_WRITE_AT,
                pinged_ms + TICK_MS + load.reconnect_ms + 2 * EXCHANGE_MS + stuck_ms,
                "clients ask any node again and connect",
            )
        )
    total = Bound(
        name=instants.FIRST_SWITCH_AT,
        origin=instants.FAULT_AT,
        lower_ms=pfail.lower_ms + promoted.lower_ms,
        upper_ms=sum(bound.upper_ms for bound in chain[:4]),
        because="all of the phases before it",
    )
    return (*chain, total)


def _told(name: str, upper_ms: float, because: str) -> Bound:
    return Bound(name=name, origin=instants.PROMOTED_AT, lower_ms=0.0, upper_ms=upper_ms, because=because)
