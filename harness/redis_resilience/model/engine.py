"""What a server runs, by its own INFO."""

from __future__ import annotations

_FIELDS = (("valkey_version", "Valkey"), ("redis_version", "Redis"))
"""Valkey reports a redis_version, too: the one that it is compatible with."""


def engine_of(info: str) -> str:
    """Name and version ("Redis 8.0.2") in a reply to INFO server; "" where it has none."""
    told = dict(line.strip().split(":", 1) for line in info.splitlines() if ":" in line)
    return next((f"{name} {told[field]}" for field, name in _FIELDS if told.get(field)), "")
