"""A documented way to deploy Redis, as data: pods, roles, Sentinel settings, who boots as master."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from redis_resilience.model.errors import UsageError
from redis_resilience.model.periods import PING_MS, connected_by_ms, no_room_for_info
from redis_resilience.topologies.security import MONITORING_USER, Security

_UNGUARDED = Security()
OF_A_TRIAL = "of a trial"
"""Marks a field that no description of a topology may set."""
ATTACHED = "attached"
"""The name of the topology of a Redis that was not described, but found; of its profile, too, until D is known."""
REDIS_PORT = 6379
SENTINEL_PORT = 26379
_BUS = 10_000
"""The port of a cluster's bus is so much higher."""


class System(StrEnum):
    """What decides which server is master."""

    SENTINEL = "sentinel"
    CLUSTER = "cluster"  # Redis Cluster: the masters among themselves


class Boot(StrEnum):
    """How a starting pod finds its role. The first pod is the first that has a data server."""

    MASTER = "master"  # always master
    FOLLOW = "follow"  # always a replica of the first pod, by its name
    FIRST = "first"  # the first pod as MASTER, every other as FOLLOW
    ASK = "ask"  # asks the Sentinels who is master, its own pod's last; without an answer as FIRST
    ASK_OR_WAIT = "ask-or-wait"  # asks them until one names another server that answers, and follows that one


class ControllerKind(StrEnum):
    """What recreates a pod, in Kubernetes' terms."""

    STATEFUL_SET = "StatefulSet"
    DEPLOYMENT = "Deployment"
    REPLICA_SET = "ReplicaSet"
    REPLICATION_CONTROLLER = "ReplicationController"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """The object of a cluster that manages a pod, and can be scaled."""

    kind: ControllerKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Volume(StrEnum):
    """What becomes of a pod's data when its container is restarted, and when the pod is recreated."""

    CONTAINER = "container"  # gone with the container, whatever volume is mounted elsewhere
    EMPTY_DIR = "emptyDir"  # gone with the pod
    CLAIM = "claim"  # kept, as a PersistentVolumeClaim is


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """name: as in Kubernetes ("redis-0"). containers: of "redis" and "sentinel", on the usual ports.

    boot, volume: None for the topology's. controller: None for a bare pod, which nothing recreates. Pods of other
    controllers than StatefulSets have random names in a cluster; this one is the place that one of them takes. adopted:
    created manually; its controller replaces it by a pod like its others.
    introduced: its Sentinel, when it is new, asks another pod's for the Sentinels that it knows, and begins with them.
    """

    name: str
    containers: tuple[str, ...] = ("redis", "sentinel")
    boot: Boot | None = None
    volume: Volume | None = None
    controller: Controller | None = None
    adopted: bool = False
    introduced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Sentinel's times, or a cluster's. Numbers of different profiles are never compared.

    node_timeout_ms: of Redis Cluster, which has none of the others.
    hello_ms: 0, or the period of Sentinel's hello messages during bring-up only; it is put back to the engine's own
    2000 ms before anything is measured. ping_ms: 0, or the period of its PINGs and reconnects for the whole time: with
    the engine's own 1000 ms a D of a second or less takes a new master for dead that no Sentinel has connected to yet.
    Both need SENTINEL DEBUG (Redis 7.0 and up, Valkey); `artefacts` says what the period must leave room for.
    based_on: the profile that a trial set another D of; "" where none did.
    """

    name: str
    down_after_ms: int = 0
    failover_timeout_ms: int = 0
    hello_ms: int = 0
    ping_ms: int = 0
    node_timeout_ms: int = 0
    based_on: str = field(default="", metadata={OF_A_TRIAL: True})

    @property
    def dead_after_ms(self) -> int:
        """How long a server must be silent to be taken for dead: D, or the cluster's node timeout."""
        return self.node_timeout_ms or self.down_after_ms

    @property
    def ping_period_ms(self) -> int:
        """Of Sentinel's PINGs and of its attempts to connect."""
        return self.ping_ms or PING_MS

    @property
    def artefacts(self) -> tuple[str, ...]:
        """Why a failover may fail by these periods alone; none where Sentinel's own arithmetic allows them."""
        if self.node_timeout_ms:
            return ()
        too_short = self.down_after_ms <= connected_by_ms(self.ping_period_ms)
        taken_for_dead = (
            f"D = {self.down_after_ms} ms is no longer than the {connected_by_ms(self.ping_period_ms):g} ms in which a "
            "Sentinel connects to a new master"
        )
        no_room = no_room_for_info(self.ping_period_ms)
        return (*((taken_for_dead,) if too_short else ()), *((no_room,) if no_room else ()))

    def with_dead_after(self, ms: int) -> Profile:
        """The same with another D or node timeout; its name says so."""
        base = self.based_on or self.name
        if self.node_timeout_ms:
            return replace(self, name=f"{base}, node timeout {ms} ms", node_timeout_ms=ms, based_on=base)
        return replace(self, name=f"{base}, D {ms} ms", down_after_ms=ms, based_on=base)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """service: the headless Service; pod redis-0 answers to the name "redis-0.<service>".
    services: further ones, behind whose names any pod may answer.

    planned_failover_ms, stays_away_ms: what its manifests add, and processes of a host do not have: a pod that is
    deleted makes another one master first, within so long; a container that comes back is master again only where it
    was missed for less than D minus this. 0: neither.
    fresh_sentinels: a Sentinel that starts, even in the same pod, has a new identity and asks others what to monitor.
    redis_config, sentinel_config: directives beyond address, port, directory and monitor line, as (name, value).
    port, sentinel_port: where each pod's server and Sentinel listen. ipv6: pods have IPv6 addresses, and no others.
    password: servers and Sentinels require one, which is drawn for each deployment and no part of this data.
    security: TLS, ACL users, and what else guards them.
    promises: what its document says will happen, in a few words; "" where it says nothing of that.
    manifests: folder with what is deployed to Kubernetes, for a topology of a user's own; "" for this project's.
    shards: masters of a Redis Cluster, the first so many pods; the others are their replicas in turn.
    spares: the last so many pods run, and are no part of the cluster: it can grow by them.
    fixed_addresses: each pod keeps its address for ever, as behind a Service of its own, and announces it.
    changed: directives that a trial set differently from the document and its manifests.
    """

    name: str
    document: str
    summary: str
    pods: tuple[Pod, ...]
    service: str
    boot: Boot
    volume: Volume
    profiles: tuple[Profile, ...]
    master_name: str = ""
    quorum: int = 0
    parallel_syncs: int = 0
    shards: int = 0
    spares: int = 0
    fixed_addresses: bool = False
    system: System = System.SENTINEL
    services: tuple[str, ...] = ()
    port: int = REDIS_PORT
    sentinel_port: int = SENTINEL_PORT
    ipv6: bool = False
    password: bool = False
    security: Security = _UNGUARDED
    redis_config: tuple[tuple[str, str], ...] = ()
    sentinel_config: tuple[tuple[str, str], ...] = ()
    fresh_sentinels: bool = False
    planned_failover_ms: int = 0
    stays_away_ms: int = 0
    promises: str = ""
    manifests: str = ""
    weaknesses: tuple[str, ...] = field(default=())
    changed: tuple[tuple[str, str], ...] = field(default=(), metadata={OF_A_TRIAL: True})

    @property
    def listening(self) -> tuple[int, ...]:
        """What peers of a pod connect to: its server, its node's cluster bus, its Sentinel."""
        return (self.port, self.port + _BUS, self.sentinel_port)

    @property
    def guarded(self) -> bool:
        """Whether servers require a password."""
        return self.password or bool(self.security.user)

    @property
    def monitoring_user(self) -> str:
        """With which Sentinels speak to the servers; "" for the default user."""
        given = dict(self.sentinel_config).get("auth-user", "").split()[1:]
        return given[0] if given else MONITORING_USER if self.security.user else ""

    def port_of(self, container: str) -> int:
        return self.sentinel_port if container == "sentinel" else self.port

    @property
    def first(self) -> str:
        """The first pod that has a data server: master of a new deployment."""
        return next(pod.name for pod in self.pods if "redis" in pod.containers)

    @property
    def standing_by(self) -> tuple[str, ...]:
        """The pods that are no part of a new deployment's cluster."""
        return tuple(pod.name for pod in self.pods[len(self.pods) - self.spares :])

    def pod(self, name: str) -> Pod:
        """The pod of that name; raises UsageError that lists the known ones."""
        for pod in self.pods:
            if pod.name == name:
                return pod
        known = ", ".join(pod.name for pod in self.pods)
        raise UsageError(f"topology {self.name} has no pod {name!r}; it has: {known}")

    def successor(self, name: str) -> Pod:
        """What replaces this pod once it is gone, under the same name: one like it, unless it is adopted."""
        gone = self.pod(name)
        if not gone.adopted:
            return gone
        like = next(pod for pod in self.pods if pod.controller == gone.controller and not pod.adopted)
        return replace(like, name=name)

    def controller_of(self, name: str) -> Controller:
        """What manages this pod and can be scaled; raises UsageError for a bare pod."""
        controller = self.pod(name).controller
        if controller is None:
            raise UsageError(
                f"expected a pod of {', '.join(ControllerKind)}; {name} is a bare pod and cannot be scaled"
            )
        return controller

    def same_controller(self, name: str) -> tuple[str, ...]:
        """Every pod that the same controller keeps, itself included; a bare pod is alone."""
        controller = self.pod(name).controller
        return tuple(pod.name for pod in self.pods if pod.controller == controller) if controller else (name,)

    def after(self, name: str) -> Topology:
        """The topology once this pod is gone and its successor is there."""
        pods = tuple(self.successor(pod.name) if pod.name == name else pod for pod in self.pods)
        return replace(self, pods=pods)

    def volume_of(self, name: str) -> Volume:
        return self.pod(name).volume or self.volume

    def boot_of(self, name: str) -> Boot:
        """The pod's own rule, else the topology's; FIRST comes out as what it means for this pod."""
        rule = self.pod(name).boot or self.boot
        if rule is not Boot.FIRST:
            return rule
        return Boot.MASTER if name == self.first else Boot.FOLLOW

    def profile(self, name: str) -> Profile:
        """The profile of that name; raises UsageError that lists the known ones."""
        for profile in self.profiles:
            if profile.name == name:
                return profile
        known = ", ".join(profile.name for profile in self.profiles)
        raise UsageError(f"topology {self.name} has no profile {name!r}; it has: {known}")

    def with_config(self, *directives: tuple[str, str]) -> Topology:
        """The same topology with these redis directives added or replaced; what changed by that is recorded."""
        names = {name for name, _ in directives}
        kept = tuple(pair for pair in self.redis_config if pair[0] not in names)
        changed = tuple(pair for pair in directives if pair not in self.redis_config)
        return replace(self, redis_config=(*kept, *directives), changed=(*self.changed, *changed))
