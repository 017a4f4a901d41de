"""One request of the load: what can become of it, and the text of its key.

`fail` means that it certainly did not happen, `info` that it is not known: it may still take effect much later, so it
stays open to the end of the history and its client goes on under a new identity.
"""

from __future__ import annotations

from enum import IntEnum

KEY_DIGITS = 12


class Kind(IntEnum):
    """What was asked. The kind says what an operation's value is."""

    WRITE = 0  # the value that was written: the key's own number
    READ = 1  # the value that was seen: a number, ABSENT or FOREIGN


ABSENT = -1
"""Value of a read: there was no such key, or there was no answer."""
FOREIGN = -2
"""Value of a read: something that this trial never wrote."""


class Result(IntEnum):
    FAIL = 0
    OK = 1
    INFO = 2


class Cause(IntEnum):
    """Why an operation is not `ok`. The result follows from the cause: `result_of`."""

    NONE = 0
    REFUSED = 1  # connect refused, unreachable or timed out: never sent
    NO_MASTER = 2  # no Sentinel, no node of the cluster named a master that could be asked: never sent
    WAITING = (
        3  # the client still waited for a reply to its one request when this was due: never sent, no error of Redis
    )
    READONLY = 4
    LOADING = 5
    MASTERDOWN = 6
    NOREPLICAS = 7
    OOM = 8
    MISCONF = 9
    CLUSTERDOWN = 10
    MOVED = 11
    NOAUTH = 12
    TAKEN = 13  # SET NX found the key: a write was carried out twice, or the keyspace was not clean
    REJECTED = 14  # any other error reply
    ASK = 15  # the key's slot is being moved, and the key may be elsewhere already
    TRYAGAIN = 16
    TIMEOUT = 20  # sent, no reply in time
    CLOSED = 21  # sent, then the connection ended
    UNFINISHED = 22  # sent, the load ended first
    UNREPLICATED = 23  # the master has it, but fewer replicas than WAIT asked for acknowledged it in time


def result_of(cause: Cause) -> Result:
    """`ok` without a cause, `info` where it was sent and may stay or go, `fail` else."""
    if cause is Cause.NONE:
        return Result.OK
    return Result.INFO if cause >= Cause.TIMEOUT else Result.FAIL


def key_prefix(trial: str) -> str:
    """What all keys of a trial start with."""
    return f"rr:{trial}:"


def key_text(trial: str, key: int) -> str:
    """The name of key number `key`; its value is the same number, so that a foreign value shows."""
    return f"{key_prefix(trial)}{key:0{KEY_DIGITS}d}"
