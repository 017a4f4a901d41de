"""A set-up as the rules see it, wherever it was read from.

What could not be read is None or unreadable, never a default: a rule says so instead of guessing. Settings of servers
and of Sentinels share one shape, so that a rule asks for a name and is told value, place, or that it was not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DEFAULTS: Mapping[str, str] = {
    "appendfsync": "everysec",
    "appendonly": "no",
    "cluster-announce-hostname": "",
    "cluster-announce-ip": "",
    "cluster-enabled": "no",
    "cluster-require-full-coverage": "yes",
    "masterauth": "",
    "maxmemory": "0",
    "min-replicas-max-lag": "10",
    "min-replicas-to-write": "0",
    "protected-mode": "yes",
    "rename-command": "",
    "repl-diskless-sync-delay": "5",
    "replica-priority": "100",
    "requirepass": "",
    "save": "3600 1 300 100 60 10000",
    "shutdown-timeout": "10",
    # Sentinel's own
    "announce-hostnames": "no",
    "auth-pass": "",
    "down-after-milliseconds": "30000",
    "failover-timeout": "180000",
    "myid": "",
    "parallel-syncs": "1",
    "ping-period": "1000",
    "resolve-hostnames": "no",
}
"""Of Redis 7.0 and newer, and of Valkey: of directives that rules ask for."""

SECRET = "<set>"  # noqa: S105 - what stands for a password, in place of it
"""Stands for any password: no description ever holds one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A value and the place where it stands."""

    value: str
    where: str

    @property
    def number(self) -> int:
        """The value as a whole number; -1 where it is none, which no rule takes for a setting."""
        return int(self.value) if self.value.lstrip("-").isdecimal() else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The directives that a program starts with, as far as they can be known.

    complete: what is not listed stands at the engine's default. unreadable: directives that are set in a way that
    cannot be read (a script computes them), with the place.
    """

    where: str
    seen: Mapping[str, Seen] = field(default_factory=dict)
    complete: bool = True
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> Seen | None:
        """The value of a directive; None where it was not seen and may be set all the same."""
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
    """A data server, or several that are set up alike. workload: of its pods, "" where there are none.

    data: what becomes of its data with its pod: "kept", "emptyDir" (gone with the pod) or "container" (on no volume).
    idle_volume: a volume that is mounted for data, and that it does not write to.
    """

    name: str
    settings: Settings
    count: int = 1
    workload: str = ""
    data: Seen | None = None
    idle_volume: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinel:
    """A Sentinel, or several that are set up alike.

    monitored: host of its monitor line. state: "kept" where it keeps its identity when its pod is re-created, else
    "lost". read_only: whether its configuration file cannot be written. known, ckquorum: a live one's own words.
    """

    name: str
    settings: Settings
    count: int = 1
    workload: str = ""
    monitored: Seen | None = None
    state: Seen | None = None
    read_only: Seen | None = None
    known: int | None = None
    ckquorum: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """A liveness probe. text: the command, with the script that it runs where that can be read; None where not."""

    kind: str
    text: str | None
    first_after_s: int
    period_s: int
    failures: int
    startup_probe: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """role: "redis", "sentinel" or "other". swallows_signals: a shell is its first process, and passes none on."""

    name: str
    role: str
    image: str
    where: str
    liveness: Liveness | None = None
    pre_stop: bool = False
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
    """selects: names of workloads whose pods it leads to."""

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

    boot: how the first master is found: "first" (a pod's number or role decides), "asks" (it asks the Sentinels).
    """

    subject: str
    servers: tuple[Server, ...] = ()
    sentinels: tuple[Sentinel, ...] = ()
    pods: bool = False
    live: bool = False
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
        return sum(sentinel.count for sentinel in self.sentinels)

    @property
    def server_count(self) -> int:
        return sum(server.count for server in self.servers)

    @property
    def beside_master(self) -> int:
        """The most Sentinels that go with one server's pod; 0 where they have pods of their own."""
        homes = {server.workload for server in self.servers if server.workload}
        return int(any(sentinel.workload in homes for sentinel in self.sentinels))

    def containers(self, *roles: str) -> Iterator[tuple[Workload, Container]]:
        for workload in self.workloads:
            for container in workload.containers:
                if container.role in roles:
                    yield workload, container

    def workload(self, name: str) -> Workload | None:
        return next((workload for workload in self.workloads if workload.name == name), None)
