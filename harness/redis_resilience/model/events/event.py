"""What every event has: when, and who reports it."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Annotated

import msgspec

Scalar = str | int | float | bool | None
Ns = Annotated[int, msgspec.Meta(ge=-(1 << 62), le=1 << 62)]
"""Nanoseconds on the history's clock."""


class Role(IntEnum):
    """What a server reported of itself in ROLE."""

    UNREACHABLE = 0
    MASTER = 1
    REPLICA = 2
    LOADING = 3
    OTHER = 4  # an error reply, NOAUTH for example


class Link(IntEnum):
    """State of a replica's link to its master, as ROLE reports it."""

    NONE = 0
    CONNECT = 1
    CONNECTING = 2
    SYNC = 3
    CONNECTED = 4


def _tag(name: str) -> str:
    """The name of a class as a kind: "ServerUp" is "server-up"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=_tag):
    """Something happened in [since_ns, at_ns] on the history's clock (since_ns = 0: exactly at_ns).

    source: who reports it: "sentinel:redis-0" (its pub/sub), "log:redis-0" (its log), "server:redis-1" (a watcher of
    it), "node:redis-1" (its table of the cluster), "kubernetes:redis-1", "probe", "harness".
    """

    at_ns: Ns
    source: str
    since_ns: Ns = 0

    @property
    def earliest_ns(self) -> int:
        return self.since_ns or self.at_ns

    @property
    def teller(self) -> str:
        """Name of the source, without its kind: "redis-0"; "" for the probe and the harness."""
        return self.source.partition(":")[2]

    @property
    def label(self) -> str:
        """Its kind, as in the file."""
        return str(type(self).__struct_config__.tag)

    @property
    def words(self) -> str:
        """What else it says, for people."""
        own = (name for name in self.__struct_fields__ if name not in Event.__struct_fields__)
        told = ((name.replace("_", " "), _word(getattr(self, name))) for name in own)
        return ", ".join(f"{name} {word}" for name, word in told if word)


def _word(value: object) -> str:
    match value:
        case Role():
            return value.name.lower()
        case (int() as first, int() as last):
            return f"{first}-{last}"
        case tuple():
            return " ".join(map(str, value))
    return str(value)
