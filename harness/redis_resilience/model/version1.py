"""What trials of version 1 of the format hold, in today's types; pure conversion.

There every operation was a write, and had no value. An event was a kind, a text and facts by name, lists of names
comma-separated.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from redis_resilience.model.events import AnyEvent, Event, Role, Scalar
from redis_resilience.model.operations import Kind

OPERATION_1 = np.dtype(
    [
        ("key", "<u8"),
        ("due_ns", "<i8"),
        ("call_ns", "<i8"),
        ("return_ns", "<i8"),
        ("connection", "<u4"),
        ("client", "<u4"),
        ("server", "<u2"),
        ("outcome", "u1"),
        ("cause", "u1"),
    ]
)
_SENTINELS_OWN = ("+", "-")
_TEXT_IS = {
    "before": "proof",
    "ckquorum": "answer",
    "container-ended": "reason",
    "container-waiting": "reason",
    "fault-effect": "proof",
    "heal-end": "proof",
    "named": "address",
    "probe-error": "reason",
    "problem": "reason",
    "unread": "reason",
    "wait-timeout": "reason",
    "writing-failed": "reason",
}
_SWEPT = re.compile(r"(?P<deleted>\d+) keys of this trial deleted, (?P<left>\d+) others under its prefix")


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    at_ns: int
    source: str
    kind: str
    text: str = ""
    since_ns: int = 0
    data: dict[str, Scalar] = {}


_decode = msgspec.json.Decoder(_Line).decode


def upgrade_operations(old: NDArray[np.void], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Every one is a write of its key's number. dtype: that of operations today."""
    found = np.zeros(len(old), dtype=dtype)
    for name in OPERATION_1.names or ():
        found[name] = old[name]
    found["kind"], found["value"] = Kind.WRITE, old["key"]
    return found


def upgrade_event(line: bytes) -> AnyEvent:
    """Raises msgspec.DecodeError or ValueError where the line is no event of version 1."""
    told = _decode(line)
    facts: dict[str, Any] = {"at_ns": told.at_ns, "since_ns": told.since_ns, "source": told.source}
    if told.kind.startswith(_SENTINELS_OWN):
        facts |= {"kind": "sentinel-message", "name": told.kind, "text": told.text}
    else:
        facts |= {"kind": told.kind, **_typed(told.kind, told.data)}
        if told.kind in _TEXT_IS:
            facts[_TEXT_IS[told.kind]] = told.text
        if match := _SWEPT.fullmatch(told.text):
            facts |= {name: int(count) for name, count in match.groupdict().items()}
    event: AnyEvent = msgspec.convert(facts, AnyEvent)
    return event


def _typed(kind: str, data: dict[str, Scalar]) -> dict[str, Any]:
    """The facts under today's names and types."""
    facts: dict[str, Any] = {name: value for name, value in data.items() if name not in Event.__struct_fields__}
    if "fault" in facts:
        facts["fault_kind"] = facts.pop("kind", "")
        for name in ("pods", "unreplaced"):
            facts[name] = [word for word in str(facts.get(name, "")).split(",") if word]
    if kind == "owner":
        first, _, last = str(facts["slots"]).partition("-")
        facts["slots"] = (int(first), int(last or first))
    if kind == "role":
        facts |= {name: Role[str(facts[name]).upper()] for name in ("role", "before")}
    return facts
