"""Who is what right now, and is it healthy: asked of every server and every Sentinel through the probe.

One look, no waiting: `eventually` does that. Reply shapes of RESP2 are unified here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from redis_resilience.deployments.deployment import Deployment
from redis_resilience.deployments.probe import Probe
from redis_resilience.deployments.replies import entries, fields, pairs
from redis_resilience.faults.target import View
from redis_resilience.model.endpoint import Endpoint, pod_at
from redis_resilience.model.environment import SentinelView, Server
from redis_resilience.topologies.topology import System
from redis_resilience.trials.cluster_survey import survey_cluster
from redis_resilience.trials.seen import Survey, state_of

_SETTINGS = (
    "appendfsync",
    "appendonly",
    "cluster-announce-ip",
    "cluster-node-timeout",
    "cluster-replica-validity-factor",
    "cluster-require-full-coverage",
    "maxmemory",
    "maxmemory-policy",
    "min-replicas-max-lag",
    "min-replicas-to-write",
    "repl-backlog-size",
    "repl-diskless-sync",
    "replica-priority",
    "save",
)


def survey(deployment: Deployment) -> Survey:
    """Ask every server for its ROLE and every Sentinel, or every node, for its master; errors are answers too."""
    return survey_cluster(deployment) if deployment.topology.system is System.CLUSTER else _survey(deployment)


def _survey(deployment: Deployment) -> Survey:
    probe, endpoints = deployment.probe, deployment.servers()
    servers = {name: state_of(probe.query(endpoint, "ROLE"), endpoints) for name, endpoint in endpoints.items()}
    masters = [name for name, state in servers.items() if state.role == "master"]
    replicas = tuple(name for name, state in servers.items() if state.role == "replica")
    named: dict[str, str] = {}
    answering: list[str] = []
    wrong: list[str] = []
    stale_sentinels = 0
    epochs: dict[str, str] = {}
    watchers = deployment.sentinels()
    for name, endpoint in watchers.items():
        answer = probe.query(endpoint, "SENTINEL", "MASTER", deployment.topology.master_name)
        facts = pairs(answer.value)
        named[name] = pod_at(facts.get("ip", ""), int(facts.get("port", "0") or 0), endpoints)
        if not answer.unreachable:
            answering.append(name)
        epochs[name] = facts.get("config-epoch", "")
        flags = facts.get("flags", answer.error or answer.unreachable)
        if flags != "master" or [named[name]] != masters:
            wrong.append(f"Sentinel of {name}: {named[name] or 'no server'} ({flags})")
            continue
        peers = entries(probe.query(endpoint, "SENTINEL", "SENTINELS", deployment.topology.master_name).value)
        reached = sum(not {"s_down", "disconnected"} & set(peer["flags"].split(",")) for peer in peers)
        stale_sentinels = max(stale_sentinels, len(peers) + 1 - len(watchers))
        if int(facts["num-slaves"]) < len(endpoints) - 1 or reached < len(watchers) - 1:
            wrong.append(
                f"Sentinel of {name} knows {facts['num-slaves']} replicas and reaches {reached} other Sentinels"
            )
    wrong += _missing(deployment, servers, named)
    if len(masters) != 1:
        wrong.append(f"{len(masters)} masters: {', '.join(masters) or 'none'}")
    for name, state in servers.items():
        if state.role == "replica" and (state.link != "connected" or [state.source] != masters):
            wrong.append(f"{name} follows {state.source or 'no known server'} ({state.link})")
        elif state.role not in ("master", "replica"):
            wrong.append(f"{name}: {state.role}")
    if not wrong and any(servers[name].replicas < len(replicas) for name in masters):
        wrong.append(f"{masters[0]} has {servers[masters[0]].replicas} replicas connected")
    watching = tuple(name for name in named if name not in servers)
    return Survey(
        servers=servers,
        sentinels=named,
        view=View(
            master=masters[0] if len(masters) == 1 else "",
            replicas=replicas,
            sentinels=tuple(answering),
            members=tuple(endpoints),
            watching=watching,
        ),
        whole=not wrong,
        stale_sentinels=stale_sentinels,
        epochs=frozenset(epochs.values()) - {""},
        text="; ".join(wrong) or f"{masters[0]} is master of {', '.join(replicas)}; {len(answering)} Sentinels agree",
    )


def _missing(deployment: Deployment, servers: Collection[str], sentinels: Collection[str]) -> list[str]:
    """Containers of the topology that did not exist to be asked: the others may well agree without them."""
    there = {"redis": servers, "sentinel": sentinels}
    return [
        f"no {pod.name}/{container}"
        for pod in deployment.topology.pods
        for container in deployment.topology.successor(
            pod.name
        ).containers  # what an adopted pod had may be gone for good
        if container in there and pod.name not in there[container]
    ]


def caught_up(seen: Survey) -> bool:
    """Whether every server is at its master's replication offset; meaningful once the load has stopped."""
    return all(len({seen.servers[name].offset for name in group}) == 1 for group in _groups(seen))


def caught_up_with(begin: Survey) -> Callable[[Survey], bool]:
    """Whether every server has all that its master had then; while other clients write, offsets are never equal."""
    wanted = {name: max(begin.servers[one].offset for one in group) for group in _groups(begin) for name in group}
    return lambda seen: all(seen.servers[name].offset >= offset for name, offset in wanted.items())


def _groups(seen: Survey) -> tuple[tuple[str, ...], ...]:
    """Known servers that share a master: the shards of a Redis Cluster, each of which counts its own offsets."""
    groups = tuple(seen.shards.values()) or (tuple(seen.servers),)
    return tuple(tuple(name for name in group if name in seen.servers) for group in groups)


def describe_servers(deployment: Deployment, seen: Survey) -> tuple[Server, ...]:
    """Every server with its run_id and the settings that decide about loss."""
    found = []
    for name, endpoint in deployment.servers().items():
        config = pairs(deployment.probe.query(endpoint, "CONFIG", "GET", "*").value)
        stats = info(deployment.probe, endpoint, "stats")
        found.append(
            Server(
                name=name,
                address=str(endpoint),
                role=seen.servers[name].role,
                run_id=info(deployment.probe, endpoint, "server").get("run_id", ""),
                evicted_keys=int(stats.get("evicted_keys", "0")),
                expired_keys=int(stats.get("expired_keys", "0")),
                config={key: config[key] for key in _SETTINGS if key in config},
            )
        )
    return tuple(found)


def describe_sentinels(deployment: Deployment) -> tuple[SentinelView, ...]:
    """Every Sentinel's live view of the master, CKQUORUM included; one that does not answer is left out."""
    probe, master = deployment.probe, deployment.topology.master_name
    found = []
    for name, endpoint in deployment.sentinels().items():
        facts = pairs(probe.query(endpoint, "SENTINEL", "MASTER", master).value)
        if not facts:
            continue
        check = probe.query(endpoint, "SENTINEL", "CKQUORUM", master)
        found.append(
            SentinelView(
                name=name,
                address=str(endpoint),
                run_id=info(probe, endpoint, "server").get("run_id", ""),
                master_name=master,
                master_address=f"{facts['ip']}:{facts['port']}",
                down_after_ms=int(facts["down-after-milliseconds"]),
                failover_timeout_ms=int(facts["failover-timeout"]),
                quorum=int(facts["quorum"]),
                known_sentinels=int(facts["num-other-sentinels"]) + 1,
                known_replicas=int(facts["num-slaves"]),
                ckquorum=str(check.value or check.error or check.unreachable),
                ping_period_ms=deployment.profile.ping_period_ms,
                tls=deployment.access.servers.tls is not None,
            )
        )
    return tuple(found)


def info(probe: Probe, endpoint: Endpoint, section: str) -> dict[str, str]:
    """INFO of one section as a dictionary; empty where there was no answer."""
    return fields(probe.query(endpoint, "INFO", section).value)
