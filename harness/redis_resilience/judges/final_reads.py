"""Whether the final reads show what each server held after the end."""

from __future__ import annotations

from collections.abc import Iterator

from redis_resilience.judges.evidence import phase_at
from redis_resilience.judges.offsets import misplaced
from redis_resilience.judges.reading import Reading
from redis_resilience.model.events import FaultEffect, HealEnd, LoadEnd, Phase
from redis_resilience.model.history import FinalRead

_WITHOUT_INSTANTS = 1
"""The version of the format whose final reads have none."""


def misread(reading: Reading) -> list[str]:
    """What is wrong with the final reads, in words; only what the scenario left broken may be missing."""
    wrong = []
    for server in reading.environment.servers:
        final = reading.finals.get(server.name)
        if final is not None:
            wrong += [f"{server.name} {why}" for why in _wrong(reading, final)]
        elif reading.plan.expect.heals or not _left_broken(reading, server.name):
            wrong.append(f"{server.name} was not read")
    return wrong


def _left_broken(reading: Reading, server: str) -> bool:
    hits = [event for event in reading.of(FaultEffect, HealEnd) if server in event.servers]
    return bool(hits) and isinstance(hits[-1], FaultEffect)


def _wrong(reading: Reading, final: FinalRead) -> Iterator[str]:
    if not final.run_id_before or final.run_id_before != final.run_id_after:
        yield "was restarted during the read"
    yield from _mistimed(reading, final)
    found = len(final.keys) + len(final.wrong) + len(final.unexpected)
    if found > final.dbsize or (reading.environment.owns_data and found < final.dbsize):
        yield f"has {final.dbsize} keys (DBSIZE), and {found} were read"
    if reading.version != _WITHOUT_INSTANTS and (elsewhere := misplaced(reading, final)):
        yield elsewhere


def _mistimed(reading: Reading, final: FinalRead) -> Iterator[str]:
    """A read counts once the load is over, all is healed, and replication had its time."""
    if reading.version == _WITHOUT_INSTANTS:
        return
    if not final.begin_ns or final.end_ns < final.begin_ns:
        yield "was read at a time that is not known"
        return
    last_ns = max((event.at_ns for event in reading.of(LoadEnd)), default=0)
    read_ns = next((event.earliest_ns for event in reading.of(Phase) if event.name == "read"), last_ns)
    done_ns = phase_at(reading, "done")
    if final.begin_ns < max(read_ns, last_ns):
        yield f"was read {(max(read_ns, last_ns) - final.begin_ns) / 1e6:.0f} ms before the phase of final reads"
    elif done_ns is not None and final.end_ns > done_ns:
        yield f"was read until {(final.end_ns - done_ns) / 1e6:.0f} ms after the trial had ended"
