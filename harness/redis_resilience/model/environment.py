"""Where a trial ran: the servers by name, the live Sentinel settings, and the fingerprint of machine and software."""

from __future__ import annotations

from dataclasses import dataclass, field

from redis_resilience.model.cluster import SlotRange
from redis_resilience.model.events import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A data server at the start of the trial. Its index in Environment.servers is its number in the records."""

    name: str
    address: str
    role: str
    run_id: str
    evicted_keys: int = 0
    expired_keys: int = 0
    """Before the trial; both are counted since the server's start."""
    config: dict[str, str] = field(default_factory=dict)
    """Settings that decide about loss: appendonly, appendfsync, save, maxmemory-policy, min-replicas-to-write, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelView:
    """One Sentinel's live view of the master before the fault (SENTINEL MASTER, CKQUORUM)."""

    name: str
    address: str
    run_id: str
    master_name: str
    master_address: str
    down_after_ms: int
    failover_timeout_ms: int
    quorum: int
    known_sentinels: int
    """Itself included, dead ones too."""
    known_replicas: int
    ckquorum: str
    ping_period_ms: int = 1000
    """Of its PINGs and of its attempts to connect; the engine's own, unless the profile sets another."""
    tls: bool = False
    """Whether it reaches servers by TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A phase of the failover: the least and the most time that the configuration allows, in ms after its origin.

    alternative: of all such bounds on one phase the one that ends last holds, as it waits for every origin.
    """

    name: str
    origin: str
    lower_ms: float
    upper_ms: float
    because: str
    alternative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the live configuration says must happen after the fault.

    failover: True / False / None (cannot be predicted). because: the reason in words.
    retry_ms: how much later everything is after one failed election (2 x failover-timeout).
    planned_failover: the bounds that hold instead where the master is replaced before any Sentinel finds it down.
    back_by_ms, due_ms: where no failover is predicted because the master is back in time: the latest that would be in
    time, and the earliest at which it is missed. None: for another reason.
    """

    failover: bool | None
    because: str
    bounds: tuple[Bound, ...] = ()
    retry_ms: float = 0.0
    planned_failover: tuple[Bound, ...] = ()
    back_by_ms: float | None = None
    due_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A master and its replicas in a Redis Cluster, at the start of the trial. name: its slots ("0-5460").

    servers: the master first. prediction: what must happen to this shard.
    """

    name: str
    slots: tuple[SlotRange, ...]
    master: str
    servers: tuple[str, ...]
    prediction: Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """wall_ns - clock_ns maps the history's monotonic clock to wall time (display and server logs only)."""

    servers: tuple[Server, ...]
    sentinels: tuple[SentinelView, ...]
    master: str
    clock_ns: int
    wall_ns: int
    keys_before: int
    """Keys found before the load, of this trial's prefix alone where the data is not the harness's: must be 0."""
    healthy_before: bool
    health_text: str
    prediction: Prediction
    owns_data: bool = True
    """Whether no other client writes there: only then do keys that expire mean anything."""
    fingerprint: dict[str, Scalar] = field(default_factory=dict)
    shards: tuple[Shard, ...] = ()
    """Of a Redis Cluster, by their first slots; `master` and `prediction` are then those of the first. Else none."""
