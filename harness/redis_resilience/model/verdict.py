"""What the judges found: three-valued, worst wins, and `unknown` never counts as `pass`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from redis_resilience.model.instants import NAMES, Instant

Figures = dict[str, str | int | float | bool | None]
NAMED = 1000
"""Lost and unexpected keys are listed by name up to this many; the counts are exact whatever their number."""

LOST = "ledger.lost"
"""The finding that says whether acknowledged writes are lost."""


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 - no password
    UNKNOWN = "unknown"
    FAIL = "fail"


_BADNESS = {Verdict.PASS: 0, Verdict.UNKNOWN: 1, Verdict.FAIL: 2}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """`fail` over `unknown` over `pass`; nothing judged is `unknown`."""
    return max(verdicts, key=_BADNESS.__getitem__, default=Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One judge's answer to one question. name: "<judge>.<question>", stable. text: expected and seen, in words."""

    name: str
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LostWrite:
    """An acknowledged write that the final master does not hold.

    server, run_id: who acknowledged it. offset_before/after: that server's replication offset in the last sample before
    the call and the first after the reply (-1 = no sample). cause: as far as the ledger can tell, or "unexplained".
    """

    key: str
    call_ns: int
    return_ns: int
    server: str
    run_id: str
    offset_before: int
    offset_after: int
    absent_on: tuple[str, ...]
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """The ledger's counts. lost_writes and the name lists hold the first `NAMED` by time; the counts are exact.

    final_master: the server whose data decides; "" where there was not exactly one at the end, and then nothing is
    known of lost, recovered, unexpected and diverged.
    """

    planned: int
    acknowledged: int
    failed: int
    info: int
    causes: dict[str, int]
    lost: int
    recovered: int
    unexpected: int
    diverged: int
    lost_seconds: float
    """From the first to the last lost write's acknowledgement."""
    lost_writes: tuple[LostWrite, ...] = ()
    lost_by_cause: dict[str, int] = field(default_factory=dict)
    unexpected_keys: tuple[str, ...] = ()
    absent_by_server: dict[str, int] = field(default_factory=dict)
    final_master: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time without an acknowledged write: from the last acknowledgement before to the first after (None = none).

    stalled_ms: for how much of it the probe itself stalled.
    """

    begin_ns: int
    end_ns: int | None
    client: str
    stalled_ms: float = 0.0

    @property
    def censored(self) -> bool:
        return self.end_ns is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """outage: the longest gap that the clients of the master saw after the fault, all clients taken together.

    noise_ms: the longest such gap in the baseline without fault: what this machine calls an outage by itself.
    scheduling_delay_*: scheduling delay of the load generator, in ms, of operations that were sent.
    stalled_max_ms: the longest time at once for which the probe stalled.
    """

    outage_ms: float
    censored: bool
    noise_ms: float
    spacing_ms: float
    by_client: tuple[Gap, ...]
    gap: Gap | None
    scheduling_delay_p50_ms: float
    scheduling_delay_p99_ms: float
    scheduling_delay_max_ms: float
    control_acknowledged: int
    control_planned: int
    stalled_max_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """`+switch-master` as one Sentinel published it. logged: by its own log's timestamp, where that line was found.

    address: of the new master, "host:port" as announced, "" = not given: the old one's name may have gone to a new pod.
    """

    sentinel: str
    heard: Instant
    logged: Instant | None
    old: str
    new: str
    leader: bool
    address: str = ""

    @property
    def at(self) -> Instant:
        """The earliest instant by which it is proved: by its log where that is earlier than its message."""
        return self.logged if self.logged and self.logged.latest_ns < self.heard.latest_ns else self.heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All instants that happened, by name (`redis_resilience.model.instants`), and every Sentinel's switch.

    planned_failover: the master was replaced on request, before any quorum found it down.
    Raises ValueError for an instant of another name.
    """

    instants: dict[str, Instant]
    switches: tuple[Switch, ...] = ()
    failover: bool = False
    planned_failover: bool = False
    old_master: str = ""
    new_master: str = ""

    def __post_init__(self) -> None:
        _must_be_instants(self.instants)

    def at(self, name: str) -> Instant | None:
        return self.instants.get(name)

    def ms(self, name: str, origin: str = "fault_at") -> float | None:
        """Milliseconds from `origin` to `name`; None where either did not happen."""
        begin, end = self.instants.get(origin), self.instants.get(name)
        return end.ms_after(begin) if begin and end else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseCheck:
    """A measured phase beside its predicted bounds. cause: where it is outside; "unexplained" where none is known.

    Raises ValueError where it begins or ends at no instant.
    """

    name: str
    origin: str
    lower_ms: float
    upper_ms: float
    measured_ms: float | None
    error_ms: float
    inside: bool
    cause: str = ""

    def __post_init__(self) -> None:
        _must_be_instants((self.origin, self.name))


def _must_be_instants(names: Iterable[str]) -> None:
    if unknown := set(names) - set(NAMES):
        raise ValueError(f"expected names of {', '.join(NAMES)}; got {', '.join(sorted(unknown))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardJudgement:
    """The measurements of one shard of a Redis Cluster. name: its slots."""

    name: str
    verdict: Verdict
    timeline: Timeline
    writes: Writes
    availability: Availability
    phases: tuple[PhaseCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Everything about one trial: the verdict, its findings, and the measurements behind them.

    figures: what other judges measured, by the judge's name.
    shards: of a Redis Cluster, each by itself. Timeline, availability, phases and figures are then those of the shard
    that lost most, findings the worst of all, writes the sums.
    """

    trial: str
    scenario: str
    verdict: Verdict
    assumptions: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    timeline: Timeline
    writes: Writes
    availability: Availability
    phases: tuple[PhaseCheck, ...]
    shards: tuple[ShardJudgement, ...] = ()
    figures: dict[str, Figures] = field(default_factory=dict)
    schema: int = 1


def headline(judgement: Judgement) -> str:
    """The verdict in capitals; of a pass with losses also that the scenario allows them, and how many."""
    if judgement.verdict is not Verdict.PASS or not judgement.writes.lost:
        return judgement.verdict.upper()
    lost = judgement.writes.lost
    return f"PASS: loss allowed by the scenario, {lost:,} acknowledged write{'s' * (lost > 1)} lost"


def loss_known(judgement: Judgement) -> bool:
    """Whether the ledger could determine what is lost; where it could not, its count of 0 means nothing."""
    return any(finding.name == LOST and finding.verdict is not Verdict.UNKNOWN for finding in judgement.findings)
