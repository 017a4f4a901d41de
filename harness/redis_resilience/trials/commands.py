"""What INFO commandstats says of commands that neither this harness nor a Sentinel sends while a trial runs.

A replica executes the writes of its master, so those count on masters only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

WRITING = (
    *(
        "append",
        "copy",
        "decr",
        "decrby",
        "del",
        "expire",
        "expireat",
        "flushall",
        "flushdb",
        "getdel",
        "getex",
        "getset",
    ),
    *("hset", "incr", "incrby", "incrbyfloat", "lpush", "migrate", "move", "mset", "msetnx", "persist", "pexpire"),
    *("pexpireat", "psetex", "rename", "renamenx", "restore", "rpush", "sadd", "set", "setbit", "setex", "setnx"),
    *("setrange", "swapdb", "unlink", "xadd", "zadd"),
)
"""Those that change keys. SET is the probe's own too: how many are somebody else's is for a judge to tell."""
_MOVING = ("cluster|", "del", "migrate", "restore")
_ADMINISTRATIVE = (
    *("acl|deluser", "acl|load", "acl|setuser", "client|kill", "client|pause", "cluster|addslots", "cluster|delslots"),
    *("cluster|failover", "cluster|flushslots", "cluster|forget", "cluster|meet", "cluster|replicate", "cluster|reset"),
    *("cluster|setslot", "config|resetstat", "config|set", "debug", "failover", "function|delete", "function|flush"),
    *("function|kill", "module|load", "module|unload", "replicaof", "save", "script|flush", "script|kill", "slaveof"),
)
_CALLS = re.compile(r"calls=(\d+)")
_ROLES = ("replicaof", "slaveof")
_WITHOUT_SUBCOMMANDS = ("4", "5", "6")
_KILLS_OF_A_SENTINEL = 2
"""A Sentinel makes a server master or replica in one transaction: SLAVEOF, CONFIG REWRITE, CLIENT KILL twice."""

Calls = Mapping[str, int]


def calls_in(told: Mapping[str, str]) -> dict[str, int]:
    """How often each was executed; those that were not are left out. told: INFO by field.

    Before Redis 7 subcommands are not counted: what a Sentinel sends looks like what others send, and is left out.
    """
    found = {command: _CALLS.match(told.get(f"cmdstat_{command}", "")) for command in (*WRITING, *_ADMINISTRATIVE)}
    calls = {command: int(match[1]) for command, match in found.items() if match}
    if told.get("redis_version", "").partition(".")[0] in _WITHOUT_SUBCOMMANDS:
        calls = {command: count for command, count in calls.items() if command not in _ROLES}
    return calls


def since(now: Calls, before: Calls) -> dict[str, int]:
    """Between the two; all of them where they were reset meanwhile."""
    counts = {command: count - before.get(command, 0) for command, count in now.items()}
    return {command: now[command] if count < 0 else count for command, count in counts.items() if count}


def administrative(calls: Calls, *, moves_slots: bool) -> dict[str, int]:
    """Those that change the server, and that no Sentinel sent. moves_slots: the trial itself does."""
    found = {command: calls[command] for command in _ADMINISTRATIVE if command in calls}
    if moves_slots:
        found = {command: count for command, count in found.items() if not command.startswith(_MOVING)}
    made = sum(found.get(command, 0) for command in _ROLES)
    kills = found.get("client|kill", 0)
    if kills >= _KILLS_OF_A_SENTINEL * made:
        by_sentinels = {"client|kill": kills - _KILLS_OF_A_SENTINEL * made, "replicaof": 0, "slaveof": 0}
        found = {command: by_sentinels.get(command, count) for command, count in found.items()}
    return {command: count for command, count in found.items() if count}


def writing(calls: Calls, *, moves_slots: bool) -> dict[str, int]:
    """Those that change keys, without SET."""
    own = _MOVING if moves_slots else ()
    return {each: calls[each] for each in WRITING if each in calls and each != "set" and not each.startswith(own)}


def in_words(calls: Calls) -> str:
    """As in "CLIENT KILL 2, CONFIG SET 1"."""
    return ", ".join(f"{command.replace('|', ' ').upper()} {count}" for command, count in sorted(calls.items()))
