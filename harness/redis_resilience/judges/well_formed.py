"""Whether each operation makes sense by itself, and beside the others: one that cannot have happened proves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from redis_resilience.judges.evidence import sent
from redis_resilience.judges.reading import Reading
from redis_resilience.model.cluster import SLOTS, slots_of
from redis_resilience.model.columns import Columns
from redis_resilience.model.environment import Shard
from redis_resilience.model.events import LoadEnd
from redis_resilience.model.operations import Cause, Result, key_text, result_of

_RESULTS = np.array(
    [result_of(Cause(code)) if code in list(Cause) else 0 for code in range(max(Cause) + 1)], dtype=np.uint8
)

_FEW = 1 << 16
_SPARSE = 8
"""Numbers are looked for up to so many times as many as there are records: one that is absurd must cost no memory."""

_Flags = NDArray[np.bool_]
_Keys = NDArray[np.uint64]


def malformed(reading: Reading) -> list[str]:
    """What is wrong with the writes, each kind once, with the first key; empty where all make sense."""
    return [*_alone(reading), *_numbers(reading), *_counts(reading), *_two_at_once(reading)]


def _alone(reading: Reading) -> Iterator[str]:
    rows = reading.rows
    answered = (rows["outcome"] != Result.INFO) | (rows["cause"] == Cause.UNREPLICATED)
    acknowledged = rows["outcome"] == Result.OK
    unknown_server = rows["server"] >= len(reading.environment.servers)
    for wrong, what in (
        (rows["outcome"] != _RESULTS[rows["cause"]], "whose outcome contradicts its cause"),
        (answered & (rows["return_ns"] < rows["call_ns"]), "that returned before its call"),
        (~answered & (rows["return_ns"] != 0), "without an answer that has a time of return"),
        (rows["call_ns"] < rows["due_ns"], "that was called before it was due"),
        (rows["value"] != rows["key"].view(np.int64), "of a value that is not its key's"),
        (acknowledged & (unknown_server | (rows["connection"] == 0)), "acknowledged by no known server"),
        (rows["client"] == 0, "of no client"),
    ):
        if wrong.any():
            yield _counted(reading, rows, wrong, what)


def _counted(reading: Reading, rows: Columns, wrong: _Flags, what: str) -> str:
    first = int(np.argmax(wrong))
    key, outcome, cause = (int(rows[name][first]) for name in ("key", "outcome", "cause"))
    others = int(np.count_nonzero(wrong)) - 1
    told = f"{Result(outcome).name.lower()}, cause {Cause(cause).name.lower()}"
    also = f", and {others} more" if others else ""
    return f"a write {what}: {key_text(reading.plan.trial, key)} ({told}){also}"


def _numbers(reading: Reading) -> Iterator[str]:
    """Keys are drawn in order, each once, so that a missing record is a missing number.

    A load that was broken off leaves those of its requests in flight without a record.
    """
    keys = reading.rows["key"]
    if not len(keys):
        return
    drawn = np.zeros(min(int(keys.max()), _SPARSE * len(keys) + 1024) + 1, dtype=np.bool_)
    drawn[keys[keys < len(drawn)]] = True
    if np.count_nonzero(drawn) < len(keys):
        ordered = np.sort(keys)
        repeated = ordered[1:][ordered[1:] == ordered[:-1]]
        if len(repeated):
            yield f"{len(repeated)} records of a key that has one already, first {_text(reading, repeated[0])}"
    missing = _missing(reading, keys, drawn) if reading.of(LoadEnd) else keys[:0]
    if len(missing):
        yield f"no record of {len(missing)} keys that were drawn before others, first {_text(reading, missing[0])}"


def _counts(reading: Reading) -> Iterator[str]:
    """The probe counts what it records: also the last of it may be missing."""
    for event in reading.of(LoadEnd):
        if event.writes is not None and event.writes != len(reading.rows):
            yield f"{len(reading.rows)} records of {event.writes} writes"


def _missing(reading: Reading, keys: _Keys, drawn: _Flags) -> _Keys:
    """In a cluster a number may wait for a client of its shard: there it is missing only before that shard's last."""
    absent: _Keys = np.flatnonzero(~drawn).astype(np.uint64)
    shards = reading.environment.shards
    if not shards or not len(absent):
        return absent
    trial = reading.plan.trial
    lanes, theirs = _lane_of(shards)[slots_of(trial, keys)], _lane_of(shards)[slots_of(trial, absent)]
    last = np.zeros(len(shards) + 1, dtype=np.uint64)
    np.maximum.at(last, lanes, keys)
    return absent[absent < last[theirs]]


def _lane_of(shards: Sequence[Shard]) -> NDArray[np.intp]:
    """The number of each slot's shard; one more than the last for slots of none."""
    found = np.full(SLOTS, len(shards), dtype=np.intp)
    for number, shard in enumerate(shards):
        for first, last in shard.slots:
            found[first : last + 1] = number
    return found


def _two_at_once(reading: Reading) -> Iterator[str]:
    """A client has one request in flight, and its keys are in the order in which it drew them."""
    rows = _by_client(reading.rows[sent(reading.rows)])
    wrong = np.concatenate(([False], _same_client(rows) & (rows["call_ns"][1:] < rows["return_ns"][:-1])))
    if wrong.any():
        yield _counted(reading, rows, wrong, "that its client sent before its last one had returned")


def _by_client(rows: Columns) -> Columns:
    """Client by client, each one's by key, as they were recorded already where it had one request in flight."""
    clients = rows["client"]
    if len(clients) and clients.max() < _FEW:
        clients = clients.astype(np.uint16)  # numpy sorts those in one pass
    found = rows[np.argsort(clients, kind="stable")]
    if (_same_client(found) & (found["key"][1:] < found["key"][:-1])).any():
        return rows[np.lexsort((rows["key"], clients))]
    return found


def _same_client(rows: Columns) -> _Flags:
    """Of each but the first: whether the one before it is of the same client."""
    found: _Flags = rows["client"][1:] == rows["client"][:-1]
    return found


def _text(reading: Reading, key: np.uint64) -> str:
    return key_text(reading.plan.trial, int(key))
