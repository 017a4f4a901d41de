"""A run as `run.json` keeps it: every trial with its numbers, what was asked for, and where it ran.

A later release reads the same schema; `results/run.schema.json` is its JSON Schema. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from redis_resilience.model.errors import UsageError
from redis_resilience.model.events import Scalar
from redis_resilience.model.tried import Ended
from redis_resilience.model.verdict import Verdict

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A duration in ms; the truth lies between `least_ms` and `most_ms`.

    censored: the trial ended before what was measured, so that the truth is `ms` or more; `most_ms` is then None.
    """

    ms: float
    least_ms: float
    most_ms: float | None
    censored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A finding that is no pass. name: "<judge>.<question>"."""

    name: str
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The environment of a trial: trials are compared only where machine and software are alike.

    machine: architecture and processor. engine_version: of the servers under test; images: of their containers, "" for
    processes. tool_version: of redis-resilience when the trial ran. Empty or 0: not recorded. more: whatever else the
    backend reported.
    """

    backend: str
    machine: str = ""
    kernel: str = ""
    cpus: int = 0
    engine: str = ""
    engine_version: str = ""
    images: str = ""
    tool_version: str = ""
    more: dict[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """One trial. Its key is the run's name and `folder`; `id` is what its keys in Redis carry.

    test: the id of its test, the same for all of its trials. asked: faults and load in words.
    profile: by its name, with what the trial changed of it; redis: directives in place of the topology's.
    variant: what distinguishes it in its campaign beside these; "" for nothing.
    verdict: the judges'; ended: pytest's outcome of the test; counts_as: what both come to in the run.
    refused: why none of its numbers may enter a statistic; "" where they may.
    outage, first_switch, last_switch, first_write: after the fault; None where it did not happen and was not expected,
    or nothing was measured. lost: None where it is not known. max_lost: what the scenario allows; None: any number.
    page: "" where there is none.
    """

    id: str
    test: str
    scenario: str
    topology: str
    profile: str
    backend: str
    seed: int
    redis: dict[str, str]
    asked: str
    verdict: Verdict
    ended: Ended
    counts_as: Verdict
    refused: str
    reasons: tuple[Reason, ...]
    outage: Measured | None
    first_switch: Measured | None
    last_switch: Measured | None
    first_write: Measured | None
    acknowledged: int
    lost: int | None
    max_lost: int | None
    noise_ms: float
    scheduling_delay_p99_ms: float
    started: str
    finished: str
    where: Where
    folder: str
    page: str
    repeat: str
    variant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A trial that ran and cannot be read, so that it is in none of the numbers."""

    folder: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """run: the name of its folder. verdict: of all trials; `unknown` at best where one was left out.

    pruned: trials that were removed since. Those left are no sample of the run: they are the ones that failed.

    Raises UsageError for one of another schema.
    """

    run: str
    verdict: Verdict
    started: str
    finished: str
    tool_version: str
    trials: tuple[TrialRecord, ...]
    left_out: tuple[LeftOut, ...] = ()
    pruned: int = 0
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise UsageError(f"expected schema {SCHEMA} of a run; got {self.schema}, of another release")
