"""What a trial is going to do, decided and saved before anything starts."""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.model.errors import UsageError

SCHEMA = 1
MASTER_OF_SENTINELS = "master"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writers:
    """A group of writing clients, each with one connection and one request in flight.

    target: "master" (asks the Sentinels, as a well-behaved application does), the name of a server
    ("redis-1": pinned to that pod, whatever its role), or any host name ("redis-0.redis": follows the name).
    rate: operations a second of the whole group, evenly spaced and staggered; 0 = as fast as replies come back.
    timeout_ms: a request without a reply for so long is `info`; its connection is given up.
    """

    target: str = MASTER_OF_SENTINELS
    count: int = 4
    rate: float = 1000.0
    timeout_ms: int = 1000

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UsageError(f"expected 1 writer or more; got {self.count}")
        if not 0 <= self.rate < 1e6:
            raise UsageError(
                f"expected a rate of 0 (as fast as it goes) to 1000000 operations a second; got {self.rate:g}"
            )
        if self.timeout_ms < 1:
            raise UsageError(f"expected a time-out of 1 ms or more; got {self.timeout_ms} ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """All writers of a trial, and what must be reached for the trial to count.

    min_share: share of the planned operations that must be acknowledged in the control window; a stall of the machine
    costs some, and shows as noise and lateness besides.
    max_lateness_ms: the load generator's own p99 lateness above which nothing is concluded.
    reconnect_ms: a client without a connection tries again this often, staggered between the clients.
    """

    writers: tuple[Writers, ...] = (Writers(),)
    min_share: float = 0.5
    max_lateness_ms: float = 20.0
    reconnect_ms: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """One fault in words; `redis_resilience.faults` has the real one.

    after_s: so long after the fault before it (the first: after the control window). lasts_s: healed so long after it
    took effect; None = in the heal phase. silent: peers see silence instead of broken connections. whole_pod: its
    Sentinel is out, too.
    """

    kind: str
    target: str
    after_s: float = 0.0
    lasts_s: float | None = None
    silent: bool = False
    whole_pod: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What the scenario claims; a judge compares it with what happened.

    failover: True, False, or None where the prediction from the live configuration decides.
    max_lost: acknowledged writes that may be gone; None = any number, it is only reported.
    max_outage_s: longest time without an acknowledged write; None = only reported.
    heals: whether the deployment must be whole again at the end.
    two_masters_s: how long two masters may take writes at once; above 0 they must, or the scenario is wrong.
    """

    failover: bool | None = None
    max_lost: int | None = 0
    max_outage_s: float | None = None
    heals: bool = True
    two_masters_s: float = 0.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """trial: the id that the keys carry. before: done and healed before anything is measured. repeat: the command that
    does it again.
    """

    trial: str
    scenario: str
    topology: str
    profile: str
    backend: str
    seed: int
    load: Load
    faults: tuple[FaultPlan, ...]
    expect: Expect
    windows: Windows
    before: tuple[FaultPlan, ...] = ()
    repeat: str = ""
    schema: int = SCHEMA
