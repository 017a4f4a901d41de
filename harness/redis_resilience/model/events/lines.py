"""Files of events: a line that names the version, then one event per line. Bytes to events; opens no file."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from redis_resilience.model.errors import BrokenRecords
from redis_resilience.model.events import AnyEvent, Event
from redis_resilience.model.version1 import upgrade_event

EVENTS_HEADER = b'{"records": "events", "version": 2}\n'
_DESCRIBES = b'{"records":'
_decode = msgspec.json.Decoder(AnyEvent).decode


def encode_event(event: Event) -> bytes:
    """One line, its end included."""
    return msgspec.json.encode(event) + b"\n"


def decode_events(data: bytes, *, having: bytes = b"") -> tuple[list[AnyEvent], int]:
    """The events in `data`, of version 1 too, and how many bytes of a torn last line were dropped.

    having: only of lines with these bytes; the others are not looked at. Raises BrokenRecords, which names the line,
    where one is no event, or the first names another version.
    """
    lines = data.split(b"\n")
    torn = len(lines.pop())
    described = bool(lines) and lines[0].startswith(_DESCRIBES)
    if described and lines[0] + b"\n" != EVENTS_HEADER:
        raise BrokenRecords(f"line 1: expected events of version 2; got {lines[0][:80]!r}")
    read: Callable[[bytes], AnyEvent] = _decode if described else upgrade_event
    found = []
    for number, line in enumerate(lines[described:], start=1 + described):
        if having not in line:
            continue
        try:
            found.append(read(line))
        except (msgspec.DecodeError, ValueError, KeyError) as error:
            raise BrokenRecords(f"line {number}: expected an event; {error}; got {line[:120]!r}") from error
    return found, torn
