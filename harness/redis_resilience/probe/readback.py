"""The final reads: every key of the trial from one server, with its identity before and after.

SCAN and MGET are pipelined here: nothing is measured any more. A restart in the middle shows as two run_ids.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import hiredis
import msgspec
import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.access import Login
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.history import FinalFacts
from redis_resilience.model.operations import KEY_DIGITS, key_prefix
from redis_resilience.probe.watchers import parse_role
from redis_resilience.probe.wire import Lost, NoReply, RawReply, Wire, connect, info_field, pack

BATCH = 5000
REPLY_S = 10.0
FINALS = "finals"
_READS_WHEN_DOWN = "cluster-allow-reads-when-down"
"""The content of a cluster that serves no requests must be known, too; set for the time of the read."""

Numbers = NDArray[np.uint64]

_POWERS = 10 ** np.arange(KEY_DIGITS - 1, -1, -1, dtype=np.uint64)


def key_numbers(keys: Sequence[bytes], prefix: bytes) -> tuple[Numbers, list[bytes], list[bytes]]:
    """The numbers that the keys carry, the keys that carry one (in the same order), and the others."""
    length = len(prefix) + KEY_DIGITS
    whole = [key for key in keys if len(key) == length]
    digits = np.frombuffer(b"".join(whole), dtype=np.uint8).reshape(-1, length)[:, len(prefix) :] - np.uint8(ord("0"))
    numeric = np.all(digits <= 9, axis=1)
    good_ones: list[bool] = numeric.tolist()
    named = [key for key, good in zip(whole, good_ones, strict=True) if good]
    others = [key for key in keys if len(key) != length]
    others += [key for key, good in zip(whole, good_ones, strict=True) if not good]
    return digits[numeric].astype(np.uint64) @ _POWERS, named, others


def right_values(numbers: Numbers, values: Sequence[bytes | None]) -> NDArray[np.bool_]:
    """Which values are the number of their key."""
    expected = [b"%d" % number for number in numbers.tolist()]
    if expected == values:
        return np.ones(len(expected), dtype=np.bool_)
    return np.fromiter((a == b for a, b in zip(expected, values, strict=True)), dtype=np.bool_, count=len(expected))


async def read_server(
    name: str, endpoint: Endpoint, *, trial: str, login: Login, cluster: bool = False
) -> tuple[FinalFacts, Numbers]:
    """cluster: a node, whose keys are of many slots and which, as a replica, answers only after READONLY.

    Raises Lost or NoReply where the server does not answer to the end.
    """
    begin_ns = time.monotonic_ns()
    wire = await connect(endpoint, within_s=1.0, login=login)

    async def call(*command: str | bytes) -> RawReply:
        reply = await wire.call(*command, within_s=REPLY_S)
        if isinstance(reply, hiredis.ReplyError):
            raise NoReply(f"{command[0]!s} was answered with {reply}")
        return reply

    try:
        if cluster:
            await call("READONLY")
            allowed = await call("CONFIG", "GET", _READS_WHEN_DOWN)
            await call("CONFIG", "SET", _READS_WHEN_DOWN, "yes")
        run_id_before = info_field(await call("INFO", "server"), "run_id")
        told = parse_role(await call("ROLE"))
        prefix = key_prefix(trial).encode()
        found: list[Numbers] = []
        wrong: set[bytes] = set()
        unexpected: set[bytes] = set()
        cursor = b"0"
        while True:
            cursor, keys = await call("SCAN", cursor, "MATCH", prefix + b"*", "COUNT", str(BATCH))
            numbers, named, others = key_numbers(keys, prefix)
            unexpected.update(others)
            if named:
                values = await each(wire, [(b"GET", key) for key in named]) if cluster else await call("MGET", *named)
                right = right_values(numbers, values)
                found.append(numbers[right])
                for key, value, good in zip(named, values, right.tolist(), strict=True) if not right.all() else ():
                    if not good and value is not None:
                        wrong.add(key)
            if cursor == b"0":
                break
        stats = await call("INFO", "stats")
        if cluster:
            await call("CONFIG", "SET", *allowed[:2])
        facts = FinalFacts(
            server=name,
            role=told.role.name.lower(),
            run_id_before=run_id_before,
            run_id_after=info_field(await call("INFO", "server"), "run_id"),
            offset=told.offset,
            dbsize=await call("DBSIZE"),
            wrong=_texts(wrong),
            unexpected=_texts(unexpected),
            evicted_keys=int(info_field(stats, "evicted_keys") or 0),
            expired_keys=int(info_field(stats, "expired_keys") or 0),
            begin_ns=begin_ns,
            end_ns=time.monotonic_ns(),
        )
        return facts, np.unique(np.concatenate([np.empty(0, dtype=np.uint64), *found]))
    finally:
        wire.abort("read to the end")


async def each(wire: Wire, commands: Sequence[tuple[bytes, ...]]) -> list[RawReply]:
    """The reply to each command, of one key, so that its slot does not matter; all of them are sent at once.

    Raises NoReply for an error reply, and where one is missing.
    """
    replies: list[RawReply] = []
    complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def heard(reply: RawReply, at_ns: int) -> None:
        del at_ns
        replies.append(reply)
        if len(replies) == len(commands) and not complete.done():
            complete.set_result(None)

    def lost(cause: str) -> None:
        if not complete.done():
            complete.set_exception(Lost(cause))

    wire.on_reply, wire.on_lost = heard, lost
    wire.write(b"".join(map(pack, commands)))
    name = commands[0][0].decode()
    try:
        async with asyncio.timeout(REPLY_S):
            await complete
    except TimeoutError as error:
        seen = f"{len(replies)} of {len(commands)} {name}s were answered within {REPLY_S:g} s"
        raise NoReply(seen) from error
    wrong = next((reply for reply in replies if isinstance(reply, hiredis.ReplyError)), None)
    if wrong is not None:
        raise NoReply(f"{name} was answered with {wrong}")
    return replies


def save(folder: Path, facts: FinalFacts, numbers: Numbers) -> None:
    """finals/NAME.npy, then finals/NAME.json: where the facts exist, the numbers are complete."""
    finals = folder / FINALS
    finals.mkdir(exist_ok=True)
    np.save(finals / f"{facts.server}.npy", numbers)
    (finals / f"{facts.server}.json").write_bytes(msgspec.json.encode(facts))


def _texts(keys: set[bytes]) -> tuple[str, ...]:
    return tuple(sorted(key.decode(errors="backslashreplace") for key in keys))
