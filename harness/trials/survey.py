"""Who is what right now, and is it whole: asked of every server and every Sentinel through the probe.

One look, no waiting: `eventually` does that. Reply shapes of RESP2 are unified here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from harness.deployments.port import Deployment
from harness.deployments.replies import pairs
from harness.faults.target import View
from harness.model.endpoint import Endpoint
from harness.model.environment import SentinelView, Server
from harness.probe.port import Probe
from harness.probe.protocol import Answer
from harness.topologies.phases import ENGINE_PING_MS

_SETTINGS = (
    "appendfsync",
    "appendonly",
    "maxmemory",
    "maxmemory-policy",
    "min-replicas-max-lag",
    "min-replicas-to-write",
    "repl-backlog-size",
    "repl-diskless-sync",
    "replica-priority",
    "save",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """What ROLE said. role: "master", "replica", an error reply, or "unreachable"; source: whom a replica follows."""

    role: str
    offset: int = -1
    link: str = ""
    source: str = ""
    replicas: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One look at everything. `whole`: one master, every server linked and caught up, every Sentinel agrees."""

    servers: Mapping[str, ServerState]
    sentinels: Mapping[str, str]
    """Pod of the master as each Sentinel names it; "" where it did not answer or names nobody known."""
    view: View
    whole: bool
    text: str


def survey(deployment: Deployment) -> Survey:
    """Ask every server for its ROLE and every Sentinel for its master; errors are answers too."""
    probe, endpoints = deployment.probe, deployment.servers()
    servers = {name: _state(probe.query(endpoint, "ROLE"), endpoints) for name, endpoint in endpoints.items()}
    masters = [name for name, state in servers.items() if state.role == "master"]
    replicas = tuple(name for name, state in servers.items() if state.role == "replica")
    named: dict[str, str] = {}
    answering: list[str] = []
    wrong: list[str] = []
    for name, endpoint in deployment.sentinels().items():
        answer = probe.query(endpoint, "SENTINEL", "MASTER", deployment.topology.master_name)
        facts = pairs(answer.value)
        named[name] = pod_at(facts.get("ip", ""), int(facts.get("port", "0") or 0), endpoints)
        if not answer.unreachable:
            answering.append(name)
        flags = facts.get("flags", answer.error or answer.unreachable)
        if flags != "master" or [named[name]] != masters:
            wrong.append(f"Sentinel of {name}: {named[name] or 'nobody'} ({flags})")
        elif int(facts["num-slaves"]) < len(endpoints) - 1 or int(facts["num-other-sentinels"]) < len(named) - 1:
            replicas_known, peers = facts["num-slaves"], facts["num-other-sentinels"]
            wrong.append(f"Sentinel of {name} knows {replicas_known} replicas and {peers} other Sentinels")
    wrong += _missing(deployment, servers, named)
    if len(masters) != 1:
        wrong.append(f"{len(masters)} masters: {', '.join(masters) or 'none'}")
    for name, state in servers.items():
        if state.role == "replica" and (state.link != "connected" or [state.source] != masters):
            wrong.append(f"{name} follows {state.source or 'nobody known'} ({state.link})")
        elif state.role not in ("master", "replica"):
            wrong.append(f"{name}: {state.role}")
    if not wrong and any(servers[name].replicas < len(replicas) for name in masters):
        wrong.append(f"{masters[0]} has {servers[masters[0]].replicas} replicas connected")
    return Survey(
        servers=servers,
        sentinels=named,
        view=View(master=masters[0] if len(masters) == 1 else "", replicas=replicas, sentinels=tuple(answering)),
        whole=not wrong,
        text="; ".join(wrong) or f"{masters[0]} is master of {', '.join(replicas)}; {len(answering)} Sentinels agree",
    )


def _missing(deployment: Deployment, servers: Collection[str], sentinels: Collection[str]) -> list[str]:
    """What the topology has and nobody was there to be asked: the others may well agree without it."""
    there = {"redis": servers, "sentinel": sentinels}
    return [
        f"no {pod.name}/{container}"
        for pod in deployment.topology.pods
        for container in pod.containers
        if container in there and pod.name not in there[container]
    ]


def caught_up(seen: Survey) -> bool:
    """Whether every server is at the same replication offset; meaningful once the load has stopped."""
    return len({state.offset for state in seen.servers.values()}) == 1


def describe_servers(deployment: Deployment, seen: Survey) -> tuple[Server, ...]:
    """Every server with its run_id and the settings that decide about loss."""
    found = []
    for name, endpoint in deployment.servers().items():
        config = pairs(deployment.probe.query(endpoint, "CONFIG", "GET", "*").value)
        found.append(
            Server(
                name=name,
                address=str(endpoint),
                role=seen.servers[name].role,
                run_id=info(deployment.probe, endpoint, "server").get("run_id", ""),
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
                ping_period_ms=deployment.profile.ping_ms or ENGINE_PING_MS,
            )
        )
    return tuple(found)


def info(probe: Probe, endpoint: Endpoint, section: str) -> dict[str, str]:
    """INFO of one section as a dictionary; empty where there was no answer."""
    value = probe.query(endpoint, "INFO", section).value
    lines = value.splitlines() if isinstance(value, str) else []
    return dict(line.split(":", 1) for line in lines if ":" in line)


def pod_at(host: str, port: int, endpoints: Mapping[str, Endpoint]) -> str:
    """The pod that this address or name means; "" where none is known."""
    for name, endpoint in endpoints.items():
        if port == endpoint.port and (host == endpoint.host or host.split(".", 1)[0] == name):
            return name
    return ""


def _state(answer: Answer, endpoints: Mapping[str, Endpoint]) -> ServerState:
    match answer.value:
        case ["master", int(offset), list(replicas)]:
            return ServerState(role="master", offset=offset, replicas=len(replicas))
        case ["slave", host, int(port), link, int(offset)]:
            return ServerState(role="replica", offset=offset, link=str(link), source=pod_at(str(host), port, endpoints))
        case _:
            return ServerState(role=answer.error or "unreachable")
