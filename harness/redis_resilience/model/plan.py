"""What a trial is going to do, decided and saved before anything starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from redis_resilience.model.errors import UsageError
from redis_resilience.model.faults import Fault
from redis_resilience.model.numbers import LONGEST_S, MOST_REPLICAS, MOST_WRITERS, must_be_within

SCHEMA = 2
MASTER_OF_SENTINELS = "master"
SERVICE = "service/"
"""Begins the target of clients that go through a Service of the cluster."""
SIMULATION = "memory"
"""The backend without real servers."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where applications connect to, whichever server is behind it. port: 0 for the servers' own."""

    host: str
    port: int


def entrance_of(target: str) -> Entrance | None:
    """Of "service/NAME", "service/NAME:PORT" and "HOST:PORT"; None for any other target."""
    named = target.removeprefix(SERVICE)
    host, _, port = named.rpartition(":")
    if host and port.isdecimal():
        return Entrance(host.strip("[]"), int(port))
    return Entrance(named, 0) if named != target else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Writers:
    """A group of clients that write or read, each with one connection and one request in flight.

    target: "master" (asks the Sentinels, as a well-behaved application does), the name of a server
    ("redis-1": pinned to that pod, whatever its role), any host name ("redis-0.redis": follows the name), or an
    entrance that applications use: a Service ("service/redis", "service/redis:6380") or an address ("proxy:6380").
    rate: operations a second of the whole group, evenly spaced and staggered; 0 = as fast as replies come back.
    timeout_ms: a request without a reply for so long is `info`; its connection is given up.
    kind: "read" for clients that read keys that writers of this trial reported as written.
    wait: a write counts as acknowledged once WAIT says that so many replicas have it; WAIT is given half of timeout_ms.

    Raises UsageError for a number that makes no sense.
    """

    target: str = MASTER_OF_SENTINELS
    count: int = 4
    rate: float = 1000.0
    timeout_ms: int = 1000
    kind: Literal["write", "read"] = "write"
    wait: int = 0

    @property
    def entrance(self) -> Entrance | None:
        """The Service or the address that they go through; None where they ask for the master, or name a server."""
        return entrance_of(self.target)

    @property
    def follows(self) -> bool:
        """Whether they write to the master that the Sentinels, or the nodes, name."""
        return self.kind == "write" and self.target == MASTER_OF_SENTINELS

    def __post_init__(self) -> None:
        must_be_within("a number of writers", self.count, 1, MOST_WRITERS)
        if self.target.startswith(SERVICE) and not (self.entrance and self.entrance.host.replace("-", "").isalnum()):
            raise UsageError(f"expected service/NAME or service/NAME:PORT as the target; got {self.target!r}")
        if not 0 <= self.rate < 1e6:
            raise UsageError(
                f"expected a rate of 0 (as fast as it goes) to 1000000 operations a second; got {self.rate:g}"
            )
        must_be_within("a time-out", self.timeout_ms, 1, LONGEST_S * 1e3, "ms")
        must_be_within("a number of replicas to wait for", self.wait, 0, MOST_REPLICAS)
        if self.wait and self.kind == "read":
            raise UsageError(f"expected wait={self.wait} of clients that write; got it of readers; leave it out there")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """All writers of a trial, and what must be reached for the trial to count.

    min_share: share of the planned operations that must be acknowledged in the baseline; a stall of the machine
    costs some, and shows as noise and scheduling delay besides.
    max_scheduling_delay_ms: the load generator's own p99 scheduling delay above which nothing is concluded.
    reconnect_ms: a client without a connection tries again this often, staggered between the clients.

    Raises UsageError for a number that makes no sense, or without a group that writes.
    """

    writers: tuple[Writers, ...] = (Writers(),)
    min_share: float = 0.5
    max_scheduling_delay_ms: float = 20.0
    reconnect_ms: float = 10.0

    def __post_init__(self) -> None:
        must_be_within("min_share, a share of the planned operations,", self.min_share, 0.0, 1.0)
        must_be_within("max_scheduling_delay_ms", self.max_scheduling_delay_ms, 0.0, LONGEST_S * 1e3, "ms")
        if not any(group.kind == "write" for group in self.writers):
            raise UsageError("expected a group that writes; got readers alone; call trial.load() for writers, too")
        must_be_within("reconnect_ms", self.reconnect_ms, 0.1, LONGEST_S * 1e3, "ms")

    @property
    def counted(self) -> tuple[Writers, ...]:
        """The clients whose writes define an outage: those that follow the master; where none does, all writers."""
        writing = tuple(group for group in self.writers if group.kind == "write")
        return tuple(group for group in writing if group.follows) or writing

    @property
    def spacing_ms(self) -> float | None:
        """Between two operations of the counted clients, by plan; None where one of them waits for the reply alone."""
        rates = [group.rate for group in self.counted]
        return 1e3 / sum(rates) if rates and all(rates) else None


class Since(StrEnum):
    """What the time of a fault counts from."""

    PREVIOUS = "previous"  # the effect of the fault before it in the plan; of the first fault: as START
    START = "start"  # the start of the fault phase, which follows the baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A fault and its time. Its own `for_s` is how long it lasts."""

    fault: Fault
    after_s: float = 0.0
    since: Since = Since.PREVIOUS

    def __post_init__(self) -> None:
        must_be_within(f"a time of fault {self.fault}", self.after_s, 0.0, LONGEST_S, "s")


def timed(schedule: Sequence[Scheduled]) -> tuple[tuple[float, Fault], ...]:
    """The faults in order of time (s after the start of the fault phase), where each takes effect at once."""
    at_s: list[float] = []
    for each in schedule:
        at_s.append(each.after_s + (at_s[-1] if at_s and each.since is Since.PREVIOUS else 0.0))
    return tuple(
        (at_s[number], schedule[number].fault) for number in sorted(range(len(schedule)), key=at_s.__getitem__)
    )


def in_order(schedule: Sequence[Scheduled]) -> tuple[Fault, ...]:
    """The faults in the order of their times."""
    return tuple(fault for _, fault in timed(schedule))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What the scenario claims; a judge compares it with what happened.

    failover: True, False, or None where the prediction from the live configuration decides.
    max_lost: acknowledged writes that may be gone; None = any number, it is only reported.
    max_outage_s: longest time without an acknowledged write, of all clients together, of each group that is not pinned
    to a server, and of each client; None = only reported, as long as it ends.
    heals: whether full redundancy must be restored at the end.
    two_masters_s: how long two masters may accept writes at once; above 0 they must, or the scenario is wrong.

    Raises UsageError for a number that makes no sense.
    """

    failover: bool | None = None
    max_lost: int | None = 0
    max_outage_s: float | None = None
    heals: bool = True
    two_masters_s: float = 0.0

    def __post_init__(self) -> None:
        if self.max_lost is not None and self.max_lost < 0:
            raise UsageError(f"expected max_lost of 0 or more; got {self.max_lost}")
        if self.max_outage_s is not None:
            must_be_within("max_outage_s", self.max_outage_s, 0.0, LONGEST_S, "s")
        must_be_within("two_masters_s", self.two_masters_s, 0.0, LONGEST_S, "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Lengths of the phases, in seconds.

    observe_s: a deadline, the phase ends when what is expected was seen; None = as the prediction allows. heal_s: a
    deadline too. linger_s: the load goes on so long after what was expected.
    """

    control_s: float = 0.5
    observe_s: float | None = None
    linger_s: float = 0.2
    heal_s: float = 30.0

    def __post_init__(self) -> None:
        for name in ("control_s", "linger_s", "heal_s"):
            must_be_within(name, getattr(self, name), 0.0, LONGEST_S, "s")
        if self.observe_s is not None:
            must_be_within("observe_s", self.observe_s, 0.0, LONGEST_S, "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """trial: the id that the keys carry. before: done and healed before anything is measured. repeat: the command that
    repeats it.

    profile: of the topology, by its name there. redis: directives in place of the topology's. down_after_ms: in place
    of the profile's down-after-milliseconds or node timeout; None: the profile's.
    """

    trial: str
    scenario: str
    topology: str
    profile: str
    backend: str
    seed: int
    load: Load
    faults: tuple[Scheduled, ...]
    expect: Expect
    windows: Windows
    before: tuple[Fault, ...] = ()
    redis: dict[str, str] = field(default_factory=dict)
    down_after_ms: int | None = None
    repeat: str = ""
    schema: int = SCHEMA

    @property
    def all_faults(self) -> tuple[Fault, ...]:
        """Those before the measurement, then those of the schedule, in the plan's order."""
        return (*self.before, *(each.fault for each in self.faults))

    @property
    def simulated(self) -> bool:
        """Whether it runs on a simulation instead of real servers."""
        return self.backend == SIMULATION

    @property
    def topology_text(self) -> str:
        """The topology; of a simulation it says so."""
        return f"{self.topology} (simulation)" if self.simulated else self.topology

    @property
    def profile_text(self) -> str:
        """The profile with what this plan changed of it, and WAIT: numbers of different ones are never compared."""
        changed = f", down after {self.down_after_ms} ms" if self.down_after_ms is not None else ""
        wait = max(group.wait for group in self.load.writers)
        return f"{self.profile}{changed}{f', WAIT {wait}' if wait else ''}"
