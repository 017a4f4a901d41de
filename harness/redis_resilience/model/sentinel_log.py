"""Lines of a Sentinel's log as events on the history's clock.

A Sentinel logs an event in the same call that publishes it, so the line's timestamp is when it really happened, cut
to the millisecond; a message shows only when it was heard. Lines that are no event (start-up, settings, warnings) are
skipped, whatever they say. Timestamps are read as UTC: that is what a container without a time zone writes.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from redis_resilience.model.events import SentinelMessage

_LINE = re.compile(
    r"^\d+:X (?P<day>\d{2}) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4}) "
    r"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})\.(?P<ms>\d{3}) "
    r"[.\-*#] (?:(?P<kind>[+-][a-z][a-z-]*)(?: (?P<text>.*))?|Failed to resolve hostname '(?P<name>[^']*)')$"
)
UNRESOLVED = "unresolved"
"""Name of the message that a Sentinel found no address for a name, which is its text; Redis has no name for it."""
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_END_OF_TIME = 2262
"""Later years are no dates: nanoseconds since 1970 do not fit into 64 bits."""
_STAMP_NS = 1_000_000
"""The stamp is cut to whole milliseconds: the event happened somewhere in the millisecond that follows it."""


def parse_log(text: str, *, name: str, clock_ns: int, wall_ns: int) -> tuple[SentinelMessage, ...]:
    """Events of the Sentinel `name`, in the order of the log; source "log:NAME".

    clock_ns, wall_ns: the same moment on the history's clock and on the wall clock that the log is stamped with.
    """
    found = []
    for line in text.splitlines():
        match = _LINE.match(line)
        stamp_ns = _wall_ns(match) if match else None
        if match is None or stamp_ns is None:
            continue
        since_ns = stamp_ns - wall_ns + clock_ns
        found.append(
            SentinelMessage(
                at_ns=since_ns + _STAMP_NS,
                since_ns=since_ns,
                source=f"log:{name}",
                name=match["kind"] or UNRESOLVED,
                text=match["text"] or match["name"] or "",
            )
        )
    return tuple(found)


def master_of(name: str, text: str) -> str:
    """The name of the master that a Sentinel's message is about; "" where it names none."""
    words = text.split()
    if name == "+switch-master":
        return words[0] if words else ""
    if len(words) > 1 and words[0] == "master":
        return words[1]
    return words[words.index("@") + 1] if "@" in words[:-1] else ""


def _wall_ns(match: re.Match[str]) -> int | None:
    """The stamp in nanoseconds since 1970; None where it is no date."""
    month = _MONTHS.get(match["month"])
    if month is None:
        return None
    day, year, hour, minute, second = (int(match[part]) for part in ("day", "year", "hour", "minute", "second"))
    if year >= _END_OF_TIME:
        return None
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1_000_000_000 + int(match["ms"]) * 1_000_000
