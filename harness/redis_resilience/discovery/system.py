"""What was found, as frozen data: each fact with the evidence that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from redis_resilience.deployments.nodes import ShardSeen
from redis_resilience.lint.setup import Seen
from redis_resilience.model.cluster import Node

_NOT_LET_IN = ("NOAUTH", "NOPERM", "WRONGPASS")
NO_CLIENT = "executable file not found"
"""What Kubernetes says of a program that a container does not have."""


class Role(StrEnum):
    """What a container runs, in the terms of lint."""

    REDIS = "redis"
    SENTINEL = "sentinel"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    """A value of a Secret. of: the role that it proves itself to; None for both. value is never read into this."""

    name: str
    key: str
    where: str
    of: Role | None = None

    def __str__(self) -> str:
        return f"{self.name}/{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A server or a Sentinel: one container of one pod that runs.

    tls: the setting that makes it speak TLS; None where none was seen. certificate: paths in its container of the one
    that it shows to others as a client, and of its key; () where none was seen. owner: kind and name of the controller,
    two empty texts for a bare pod. clustered: a node of a Redis Cluster. volumes: by path, the kind of what is mounted.
    secret_folders: by name of a Secret, the path of the folder where it is mounted.
    subdomain: the headless Service that its pod's name is under, "" for none.
    """

    pod: str
    container: str
    role: Role
    address: str
    image: str
    port: Seen
    owner: tuple[str, str]
    labels: Mapping[str, str]
    tls: Seen | None = None
    certificate: tuple[str, str] | tuple[()] = ()
    clustered: Seen | None = None
    volumes: Mapping[str, str] = field(default_factory=dict)
    secret_folders: Mapping[str, str] = field(default_factory=dict)
    subdomain: str = ""
    secrets: tuple[SecretKey, ...] = ()
    disturbances: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.pod}/{self.container}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitored:
    """A master as a Sentinel names it. servers, sentinels: run_ids, the master's first. replicas: their addresses."""

    name: str
    address: str
    quorum: int
    down_after_ms: int
    servers: tuple[str, ...]
    sentinels: tuple[str, ...]
    failover_timeout_ms: int = 0
    parallel_syncs: int = 0
    replicas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an instance said about itself. refused: why it did not, in its own words; then nothing else is known.

    run_id: as INFO or SENTINEL MYID gives it. linked: of a replica, whether the link to its master is up.
    table, state, node_timeout_ms: of a node of a Redis Cluster, as CLUSTER NODES, CLUSTER INFO and CONFIG GET give it.
    guarded: whether it took a password. tls: whether it answered only over TLS, which its settings did not say.
    settings: directives as CONFIG GET gives them. users: names of its ACL users.
    ping_period_ms: of a Sentinel's PINGs; 0 where it does not report that.
    """

    refused: str = ""
    run_id: str = ""
    version: str = ""
    role: str = ""
    follows: str = ""
    linked: bool = False
    clustered: bool = False
    monitored: tuple[Monitored, ...] = ()
    table: tuple[Node, ...] = ()
    state: str = ""
    node_timeout_ms: int = 0
    guarded: bool = False
    tls: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    ping_period_ms: int = 0

    @property
    def not_let_in(self) -> bool:
        """Whether it refused for want of the right user or password."""
        return self.refused.startswith(_NOT_LET_IN)

    @property
    def without_client(self) -> bool:
        """Whether its container has nothing to ask it with."""
        return NO_CLIENT in self.refused

    @property
    def node_id(self) -> str:
        """Its own in a Redis Cluster."""
        return next((node.id for node in self.table if "myself" in node.flags), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One Redis: data servers that share a master, or the nodes of one Redis Cluster, and what watches them.

    selector, sentinel_selector: labels that choose exactly these pods of the namespace; "" where there are none.
    masters: names that its Sentinels monitor it by. shards: of a Redis Cluster, by its newest table. announced: by pod,
    the address of a Service for it alone, where the others know it by that. fronts: Services that lead to its servers,
    and what stands between. boot: how a starting server finds its role, as in lint's `Setup`.
    not_known: what could not be found out, each with what would tell it. forming: those of them that time may change.
    """

    name: str
    servers: tuple[Instance, ...]
    sentinels: tuple[Instance, ...] = ()
    selector: str = ""
    sentinel_selector: str = ""
    masters: tuple[Monitored, ...] = ()
    shards: tuple[ShardSeen, ...] = ()
    fronts: tuple[str, ...] = ()
    boot: Seen | None = None
    announced: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    not_known: tuple[str, ...] = ()
    forming: tuple[str, ...] = ()

    def over_tls(self, instance: Instance) -> bool:
        """By its settings, or because it answered no other client."""
        answer = self.answers.get(instance.place)
        return bool(instance.tls or (answer and answer.tls))

    @property
    def clustered(self) -> bool:
        """Whether it is a Redis Cluster, by what the servers start with or by what they answer."""
        answers = (self.answers.get(each.place) for each in self.servers)
        return any(each.clustered for each in self.servers) or any(each.clustered for each in answers if each)

    @property
    def kind(self) -> str:
        """In words."""
        if self.clustered:
            return "Redis Cluster"
        return "Redis with Sentinel" if self.sentinels else "Redis without Sentinel"

    @property
    def locked(self) -> tuple[str, ...]:
        """Who refused to answer for want of the right user or password, and how."""
        return tuple(f"{place}: {answer.refused}" for place, answer in self.answers.items() if answer.not_let_in)

    @property
    def instances(self) -> tuple[Instance, ...]:
        return (*self.servers, *self.sentinels)

    @property
    def passwords(self) -> tuple[SecretKey, ...]:
        """Once each, in the order of the pods."""
        found = {(key.name, key.key, key.of): key for each in self.instances for key in each.secrets}
        return tuple(found.values())
