"""How far each replica had replicated when it was read at the end, beside what its master had before.

Without a load offsets are equal to the byte; other clients of an attached Redis may write on, so that only what
the master had when the load ended is asked of its replicas.
"""

from __future__ import annotations

from dataclasses import dataclass

from redis_resilience.judges.evidence import phase_at, samples_of, server_index
from redis_resilience.judges.reading import Reading, once
from redis_resilience.model.events import LoadEnd, Role
from redis_resilience.model.history import FinalRead
from redis_resilience.model.records import NO_SERVER, Records

_UNDER_WAY_NS = 50_000_000
"""What a master had sent so shortly before may still arrive."""
_ROLES = {"master": Role.MASTER, "replica": Role.REPLICA}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A replica that had less than its master before it. proved: no sample of its watcher contradicts that."""

    text: str
    proved: bool


@once
def behind(reading: Reading) -> tuple[Behind, ...]:
    """The replicas that were behind at their final reads."""
    return tuple(found for final in reading.finals.values() if (found := _behind(reading, final)))


def _behind(reading: Reading, final: FinalRead) -> Behind | None:
    master = _master_of(reading, final)
    if not master:
        return None
    own = _offsets(samples_of(reading, server_index(reading, final.server)))
    reached = int(own["offset"][-1]) if len(own) else -1
    wanted, when_read = _had(reading, master), _had_when_read(reading, master, final)
    if final.offset >= wanted and max(final.offset, reached) >= when_read:
        return None
    missing = (wanted if final.offset < wanted else when_read) - final.offset
    return Behind(
        text=f"{final.server} was read at the replication offset {final.offset}, {missing} bytes less than {master} "
        "had before that",
        proved=max(final.offset, reached) < wanted,
    )


def _master_of(reading: Reading, final: FinalRead) -> str:
    """The server that this replica followed last; "" where it is none, or followed no known one."""
    own = samples_of(reading, server_index(reading, final.server))
    own = own[own["role"] == Role.REPLICA]
    source = int(own["source"][-1]) if final.role == "replica" and len(own) else NO_SERVER
    return "" if source == NO_SERVER else reading.environment.servers[source].name


def _had(reading: Reading, master: str) -> int:
    """The offset that this server is known to have had before the replicas were read; -1 where none is known."""
    until_ns = phase_at(reading, "read") if reading.environment.owns_data else _load_end_ns(reading)
    own = _offsets(samples_of(reading, server_index(reading, master)))
    own = own[own["return_ns"] < (until_ns or 0) - _UNDER_WAY_NS]
    return int(own["offset"][-1]) if len(own) else -1


def _had_when_read(reading: Reading, master: str, final: FinalRead) -> int:
    """Its offset at its own final read, if that was over before the replica's began; else -1.

    It may have sent the last of that a moment ago: what its replica has shortly afterwards counts, too.
    """
    first = reading.finals.get(master)
    return first.offset if first and 0 < first.end_ns <= final.begin_ns else -1


def _load_end_ns(reading: Reading) -> int | None:
    return min((event.at_ns for event in reading.of(LoadEnd)), default=None)


def misplaced(reading: Reading, final: FinalRead) -> str:
    """Where its watcher saw the server beyond that offset before the read, or short of it afterwards; else ""."""
    own = _offsets(samples_of(reading, server_index(reading, final.server)))
    own = own[own["role"] == _ROLES.get(final.role)]
    before = own["offset"][own["return_ns"] < final.begin_ns]
    after = own["offset"][own["call_ns"] > final.end_ns]
    if len(before) and before[-1] > final.offset >= 0:
        return f"was read at the replication offset {final.offset}, and had been at {before[-1]} before"
    if len(after) and after[0] < final.offset:
        return f"was read at the replication offset {final.offset}, and was at {after[0]} afterwards"
    return ""


def _offsets(samples: Records) -> Records:
    known: Records = samples[samples["offset"] >= 0]
    return known
