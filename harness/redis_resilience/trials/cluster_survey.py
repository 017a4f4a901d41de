"""Who is what in a Redis Cluster right now, in the words of a survey; and its shards, with what must happen to each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.nodes import ShardSeen, look_at
from redis_resilience.faults.target import View
from redis_resilience.model.cluster import ranges_text
from redis_resilience.model.environment import Server, Shard
from redis_resilience.model.events import Connected, Event, Owner
from redis_resilience.model.plan import Plan
from redis_resilience.prediction.cluster import ShardAtRisk, predict_shard
from redis_resilience.trials.seen import ServerState, Survey, state_of

_NOBODY = ShardSeen(slots=(), master="", replicas=())


def survey_cluster(deployment: Deployment) -> Survey:
    """Whole: every node agrees on who serves all slots, and every replica is linked to its master."""
    probe, endpoints = deployment.probe, deployment.servers()
    look = look_at(probe, endpoints)
    servers = {name: state_of(probe.query(endpoint, "ROLE"), endpoints) for name, endpoint in endpoints.items()}
    wrong = [f"no {pod.name}" for pod in deployment.topology.pods if pod.name not in endpoints]
    wrong += look.wrong
    if look.shards and len(look.shards) != deployment.topology.shards:
        wrong.append(f"{len(look.shards)} masters have slots, {deployment.topology.shards} had at the beginning")
    for shard in look.shards:
        for name in (shard.master, *shard.replicas):
            state = servers.get(name, ServerState(role="unreachable"))
            if state.role != ("master" if name == shard.master else "replica"):
                wrong.append(f"{name or 'an unknown node'}: {state.role}")
            elif name != shard.master and state.link != "connected":
                wrong.append(f"{name} is not linked ({state.link})")
    alive = {name for name, state in servers.items() if state.role in ("master", "replica")}
    masters = tuple(shard.master for shard in look.shards if shard.master in alive)
    first = look.shards[0] if look.shards else _NOBODY
    told = (f"{ranges_text(shard.slots)}: {shard.master} of {', '.join(shard.replicas)}" for shard in look.shards)
    return Survey(
        servers=servers,
        sentinels={},
        view=View(
            master=first.master if first.master in alive else "",
            replicas=tuple(name for name in first.replicas if name in alive),
            sentinels=(),
            masters=masters,
            members=tuple(endpoints),
        ),
        whole=bool(look.shards) and not wrong,
        text="; ".join(wrong or told),
        shards={shard.slots: (shard.master, *shard.replicas) for shard in look.shards},
    )


def describe_shards(deployment: Deployment, seen: Survey, servers: tuple[Server, ...], plan: Plan) -> tuple[Shard, ...]:
    """The shards as they are before the faults; none where there is no cluster."""
    settings: Mapping[str, Server] = {server.name: server for server in servers}
    masters = tuple(members[0] for members in seen.shards.values())
    cares = {name: deployment.policy(name) for members in seen.shards.values() for name in members}
    return tuple(
        Shard(
            name=ranges_text(slots),
            slots=slots,
            master=members[0],
            servers=members,
            prediction=predict_shard(
                plan.faults,
                ShardAtRisk(
                    master=members[0],
                    replicas=members[1:],
                    masters=masters,
                    node_timeout_ms=float(settings[members[0]].config.get("cluster-node-timeout", "15000")),
                    replica=min(seen.view.replicas, default=""),
                    co_located={name: policy.co_located for name, policy in cares.items()},
                ),
                load=plan.load,
                policy=cares[members[0]],
            ),
        )
        for slots, members in seen.shards.items()
    )


def all_announced(events: Iterable[Event], shards: tuple[Shard, ...], alive: set[str]) -> bool:
    """Every live node reports a new master of every shard that must get one, and a client has found it."""
    waiting = {(shard.master, node) for shard in shards if shard.prediction.failover for node in alive}
    new: set[str] = set()
    found: set[str] = set()
    for event in events:
        match event:
            case Owner():
                waiting.discard((event.before, event.teller))
                new.add(event.owner)
            case Connected():
                found.add(event.server)
    return bool(new) and not waiting and new <= found
