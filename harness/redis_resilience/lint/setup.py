"""A deployment as the rules see it, wherever it was read from.

What could not be read is None or unreadable, never a default: a rule says so instead of guessing. Settings of servers
and of Sentinels share one shape, so that a rule asks for a name and gets value, place, or that it was not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DEFAULTS: Mapping[str, str] = {
    "appendfsync": "everysec",
    "appendonly": "no",
    "bind": "* -::*",
    "cluster-announce-hostname": "",
    "cluster-announce-ip": "",
    "cluster-enabled": "no",
    "cluster-require-full-coverage": "yes",
    "masterauth": "",
    "maxmemory": "0",
    "min-replicas-max-lag": "10",
    "min-replicas-to-write": "0",
    "port": "6379",
    "protected-mode": "yes",
    "rename-command": "",
    "repl-diskless-sync-delay": "5",
    "replica-announce-ip": "",
    "replica-announce-port": "0",
    "replica-priority": "100",
    "replicaof": "",
    "requirepass": "",
    "save": "3600 1 300 100 60 10000",
    "shutdown-timeout": "10",
    "tls-port": "0",
    "tls-replication": "no",
    # Sentinel's own
    "announce-hostnames": "no",
    "announce-ip": "",
    "auth-pass": "",
    "down-after-milliseconds": "30000",
    "failover-timeout": "180000",
    "myid": "",
    "parallel-syncs": "1",
    "ping-period": "1000",
    "resolve-hostnames": "no",
}
"""Of Redis 7.0 and newer, and of Valkey: of directives that rules ask for."""

OF_SENTINEL = frozenset(
    {
        "announce-hostnames",
        "announce-ip",
        "auth-pass",
        "down-after-milliseconds",
        "failover-timeout",
        "myid",
        "parallel-syncs",
        "ping-period",
        "resolve-hostnames",
    }
)
"""Those of them that no data server knows."""

_AMOUNT = re.compile(r"(-?\d+)(b|kb?|mb?|gb?)?", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 10**3, "kb": 2**10, "m": 10**6, "mb": 2**20, "g": 10**9, "gb": 2**30}

SECRET = "<set>"  # noqa: S105 - a placeholder, no password
"""Stands for any password: no description ever holds one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A value and the place where it stands."""

    value: str
    where: str

    @property
    def number(self) -> int:
        """The value as a whole number, in bytes where it has a unit; -1 where it is not one, which no rule takes for a
        setting.
        """
        match = _AMOUNT.fullmatch(self.value)
        return int(match[1]) * _UNITS[(match[2] or "").lower()] if match else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Directives:
    """The directives that a program starts with, as far as they can be known.

    complete: what is not listed stands at the engine's default. unreadable: directives that are set in a way that
    cannot be read (a script computes them), with the place.
    """

    where: str
    seen: Mapping[str, Seen] = field(default_factory=dict)
    complete: bool = True
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> Seen | None:
        """The value of a directive; None where it was not seen but may be set."""
        if name in self.seen:
            return self.seen[name]
        if name in self.unreadable or not self.complete or name not in DEFAULTS:
            return None
        return Seen(value=DEFAULTS[name], where=self.where)

    def why_not(self, name: str) -> str:
        """Why `get` is None, in words."""
        if name in self.unreadable:
            return f"{name} is set by {self.unreadable[name]}, which cannot be read"
        return f"{name} is not set where it can be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A data server, or several that are configured alike. workload: of its pods, "" where there are none.

    data: what becomes of its data with its pod: "kept", "emptyDir" (gone with the pod) or "container" (on no volume).
    idle_volume: a volume that is mounted for data, and that it does not write to.
    """

    name: str
    settings: Directives
    count: int = 1
    workload: str = ""
    data: Seen | None = None
    idle_volume: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinel:
    """A Sentinel, or several that are configured alike, and one master that they monitor: with two masters it is two of
    these, with one name. master: its name, "" where there is only one.

    monitored: host of its monitor line. state: "kept" where it keeps its identity when its pod is re-created, else
    "lost". read_only: whether its configuration file cannot be written. known, ckquorum: as a live one reports them.
    """

    name: str
    settings: Directives
    master: str = ""
    count: int = 1
    workload: str = ""
    monitored: Seen | None = None
    state: Seen | None = None
    read_only: Seen | None = None
    known: int | None = None
    ckquorum: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A liveness or a readiness probe. text: the command, with the script that it runs where that can be read; None
    where not.
    """

    kind: str
    text: str | None
    first_after_s: int
    period_s: int
    failures: int
    startup_probe: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """role: "redis", "sentinel" or "other". pre_stop_s: the longest that its preStop hook says it sleeps, 0 where it
    specifies none. ports: that it declares. swallows_signals: a shell is its first process, and forwards none.
    """

    name: str
    role: str
    image: str
    where: str
    liveness: Probe | None = None
    readiness: Probe | None = None
    pre_stop: bool = False
    pre_stop_s: int = 0
    ports: tuple[tuple[str, int], ...] = ()
    cpu_limit_m: int | None = None
    memory_limit: int | None = None
    swallows_signals: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Pods of one controller, or a bare pod. service: that names its pods ("" = none). resolver_ms: longest wait of a
    name that does not resolve. spread: anything that keeps its pods on different nodes.
    """

    name: str
    where: str
    kind: str
    count: int
    containers: tuple[Container, ...]
    service: str = ""
    spread: bool = False
    grace_s: int = 30
    resolver_ms: int = 10_000

    def holds(self, *roles: str) -> bool:
        return any(container.role in roles for container in self.containers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """ports: that it leads to; a server's or a Sentinel's own as 6379 and 26379, whatever their numbers. selects: names
    of workloads whose pods it leads to.
    """

    name: str
    where: str
    headless: bool
    publishes_not_ready: bool
    ports: tuple[int, ...]
    selects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A PodDisruptionBudget; exactly one of the two numbers is set, where they are numbers."""

    where: str
    selects: tuple[str, ...]
    max_unavailable: int | None = None
    min_available: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """subject: what was read. live: from running servers. pods: whether Kubernetes objects were there to be read.
    counted: whether it is known how many servers and Sentinels there are; one configuration file does not say.

    boot: how a starting server finds its role: "first" (a pod's number or role decides), "asks" (it asks the
    Sentinels), "asks-else-master" (and is master where none answers), "alone" (every one is master), "no-master" (every
    one follows).
    """

    subject: str
    servers: tuple[Server, ...] = ()
    sentinels: tuple[Sentinel, ...] = ()
    pods: bool = False
    live: bool = False
    counted: bool = True
    workloads: tuple[Workload, ...] = ()
    services: tuple[Service, ...] = ()
    budgets: tuple[Budget, ...] = ()
    boot: Seen | None = None

    @property
    def clustered(self) -> bool:
        """Whether this is a Redis Cluster, which has no Sentinels."""
        return any((seen := server.settings.get("cluster-enabled")) and seen.value == "yes" for server in self.servers)

    @property
    def sentinel_count(self) -> int:
        return sum({sentinel.name: sentinel.count for sentinel in self.sentinels}.values())

    @property
    def server_count(self) -> int:
        return sum(server.count for server in self.servers)

    @property
    def beside_master(self) -> int:
        """The most Sentinels that go with one server's pod; 0 where they have pods of their own."""
        homes = {server.workload for server in self.servers if server.workload}
        return int(any(sentinel.workload in homes for sentinel in self.sentinels))

    def watches_here(self, sentinel: Sentinel) -> bool:
        """Whether the master that it monitors is one of these servers; of several, one with a name unknown here is in
        another deployment.
        """
        if not sentinel.master or sentinel.monitored is None:
            return True
        host = sentinel.monitored.value.partition(".")[0]
        named = {workload.name.partition(" ")[2] for workload in self.workloads} | {each.name for each in self.services}
        return host in named or host.rpartition("-")[0] in named or any(server.name == host for server in self.servers)

    def containers(self, *roles: str) -> Iterator[tuple[Workload, Container]]:
        for workload in self.workloads:
            for container in workload.containers:
                if container.role in roles:
                    yield workload, container

    def workload(self, name: str) -> Workload | None:
        return next((workload for workload in self.workloads if workload.name == name), None)
