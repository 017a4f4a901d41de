"""Events of version 1, one of each shape that its files have, are the events of today."""

from __future__ import annotations

import json
from typing import Any

import pytest

from redis_resilience.model.errors import BrokenRecords
from redis_resilience.model.events import (
    Ckquorum,
    Connected,
    ContainerEnded,
    Event,
    FaultAsked,
    FaultEffect,
    HealEnd,
    Named,
    Owner,
    Phase,
    PodReady,
    Problem,
    Role,
    RoleChanged,
    SentinelMessage,
    Swept,
    TableDown,
    TimedOut,
    Unread,
)
from redis_resilience.model.events.lines import decode_events

WHERE: dict[str, Any] = {"fault": 0, "kind": "kill", "pod": "redis-0", "container": "redis", "pods": "redis-0,redis-1"}
HIT: dict[str, Any] = {
    "fault": 0,
    "fault_kind": "kill",
    "pod": "redis-0",
    "container": "redis",
    "pods": ("redis-0", "redis-1"),
}


def upgraded(source: str, kind: str, text: str = "", /, **data: Any) -> Event:
    line = {"at_ns": 7, "source": source, "kind": kind, "text": text, "since_ns": 3, "data": data}
    ((event,), torn) = decode_events(json.dumps(line).encode() + b"\n")
    assert torn == 0
    return event


@pytest.mark.parametrize(
    ("old", "kind", "facts"),
    [
        (("sentinel:a", "+sdown", "master m"), SentinelMessage, {"name": "+sdown", "text": "master m"}),
        (("server:a", "role"), RoleChanged, {"server": "a", "role": Role.MASTER, "before": Role.REPLICA}),
        (("node:a", "owner"), Owner, {"slots": (0, 8191), "owner": "b", "before": "a", "epoch": 7}),
        (("node:a", "table-down"), TableDown, {"cause": "gone"}),
        (("harness", "phase"), Phase, {"name": "control"}),
        (("harness", "fault-asked", "accepted by the cluster"), FaultAsked, HIT),
        (("harness", "fault-effect", "gone"), FaultEffect, {**HIT, "proof": "gone"}),
        (("harness", "heal-end", "back"), HealEnd, {**HIT, "proof": "back", "unreplaced": ("redis-0/sentinel",)}),
        (("harness", "named", "10.0.0.1:6379"), Named, {"sentinel": "a", "address": "10.0.0.1:6379"}),
        (("harness", "ckquorum", "OK 3"), Ckquorum, {"sentinel": "a", "answer": "OK 3"}),
        (
            ("harness", "swept", "3 keys of this trial deleted, 1 others under its prefix"),
            Swept,
            {"deleted": 3, "left": 1},
        ),
        (("harness", "wait-timeout", "waited"), TimedOut, {"reason": "waited"}),
        (("harness", "problem", "full"), Problem, {"reason": "full"}),
        (("server:a", "unread", "no reply"), Unread, {"server": "a", "reason": "no reply"}),
        (("kubernetes:a", "pod-ready", "a is ready"), PodReady, {"pod": "a", "uid": "u"}),
        (
            ("kubernetes:a", "container-ended", "a/redis ended: Error"),
            ContainerEnded,
            {"pod": "a", "uid": "u", "container": "redis", "id": "c", "reason": "a/redis ended: Error"},
        ),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_each_shape_of_an_old_event_has_fields_now(
    old: tuple[str, ...], kind: type[Event], facts: dict[str, Any]
) -> None:
    data = {**facts}
    if "fault" in facts:
        data = {**WHERE, **({"unreplaced": "redis-0/sentinel"} if "unreplaced" in facts else {})}
    data |= {name: value.name.lower() for name, value in facts.items() if isinstance(value, Role)}
    if "slots" in facts:
        data["slots"] = "0-8191"

    assert upgraded(*old, **data) == kind(at_ns=7, since_ns=3, source=old[0], **facts)


def test_a_connection_that_no_sentinel_named_has_none() -> None:
    """Trials from before Sentinels' names were kept leave them out."""
    facts: dict[str, Any] = {"connection": 1, "client": 2, "server": "a", "address": "x:1", "run_id": "r"}

    assert upgraded("probe", "connected", **facts) == Connected(at_ns=7, since_ns=3, source="probe", **facts)


def test_an_old_kind_that_never_was_is_named_with_its_line() -> None:
    good = b'{"at_ns":1,"source":"probe","kind":"load-begin","text":"","since_ns":0,"data":{}}\n'

    with pytest.raises(BrokenRecords, match=r"^line 2: expected an event; Invalid value 'load-fun'"):
        decode_events(good + good.replace(b"load-begin", b"load-fun"))
