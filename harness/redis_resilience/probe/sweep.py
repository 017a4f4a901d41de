"""Deletes a trial's own keys, where the keyspace also belongs to others.

Exactly those that this harness writes: the trial's prefix, a key's number, and that number as the value. UNLINK on the
masters; their replicas follow. Everything else stays as it is, keys under the prefix that are none of these too.
A master of a Redis Cluster has keys of many slots, so each key is read and deleted by a command of its own.
"""

from __future__ import annotations

import hiredis

from redis_resilience.model.access import Login
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.events import Role
from redis_resilience.model.operations import key_prefix
from redis_resilience.probe.protocol import Swept
from redis_resilience.probe.readback import REPLY_S, each, key_numbers, right_values
from redis_resilience.probe.watchers import parse_role
from redis_resilience.probe.wire import NoReply, RawReply, connect

BATCH = 1000
"""Keys scanned at once: few enough that other clients do not notice."""


async def sweep_server(endpoint: Endpoint, *, trial: str, login: Login) -> Swept | None:
    """What was deleted there, and what is left under the prefix; None where it is no master.

    Raises Lost or NoReply where it does not answer to the end.
    """
    wire = await connect(endpoint, within_s=1.0, login=login)

    async def call(*command: str | bytes) -> RawReply:
        reply = await wire.call(*command, within_s=REPLY_S)
        if isinstance(reply, hiredis.ReplyError):
            raise NoReply(f"{command[0]!s} was answered with {reply}")
        return reply

    try:
        if parse_role(await call("ROLE")).role is not Role.MASTER:
            return None
        prefix = key_prefix(trial).encode()
        deleted = 0
        left: set[bytes] = set()
        cursor = b"0"
        while True:
            cursor, keys = await call("SCAN", cursor, "MATCH", prefix + b"*", "COUNT", str(BATCH))
            numbers, named, others = key_numbers(keys, prefix)
            left.update(others)
            if named:
                right = right_values(numbers, await each(wire, [(b"GET", key) for key in named])).tolist()
                own = [key for key, good in zip(named, right, strict=True) if good]
                left.update(key for key, good in zip(named, right, strict=True) if not good)
                deleted += sum(await each(wire, [(b"UNLINK", key) for key in own])) if own else 0
            if cursor == b"0":
                return Swept(deleted=deleted, left=len(left))
    finally:
        wire.abort("swept")
