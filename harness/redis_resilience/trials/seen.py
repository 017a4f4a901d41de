"""What a survey saw: every server's role, the state in words, and how a reply to ROLE is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redis_resilience.faults.target import View
from redis_resilience.model.cluster import SlotRange
from redis_resilience.model.endpoint import Endpoint, pod_at
from redis_resilience.probe.protocol import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """The reply to ROLE. role: "master", "replica", an error reply, or "unreachable"; source: a replica's master."""

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
    """Pod of the master as each Sentinel names it; "" where it did not answer or names no known server."""
    view: View
    whole: bool
    text: str
    shards: Mapping[tuple[SlotRange, ...], tuple[str, ...]] = field(default_factory=dict)
    """Of a Redis Cluster: by their slots the pods that serve them, each master first."""
    stale_sentinels: int = 0
    """The most stale Sentinels that one of them knows: they count for the majority."""
    epochs: frozenset[str] = frozenset()
    """The configuration epochs of all Sentinels: several while a failover is not known to all of them."""


def state_of(answer: Answer, endpoints: Mapping[str, Endpoint]) -> ServerState:
    match answer.value:
        case ["master", int(offset), list(replicas)]:
            return ServerState(role="master", offset=offset, replicas=len(replicas))
        case ["slave", host, int(port), link, int(offset)]:
            return ServerState(role="replica", offset=offset, link=str(link), source=pod_at(str(host), port, endpoints))
        case _:
            return ServerState(role=answer.error or "unreachable")
