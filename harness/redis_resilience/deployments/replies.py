"""Shapes of Redis replies that several callers parse."""

from __future__ import annotations

from redis_resilience.probe.protocol import Value


def pairs(value: Value) -> dict[str, str]:
    """A flat list of names and values as a dictionary of texts; empty for anything else."""
    if not isinstance(value, list):
        return {}
    return {str(name): str(told) for name, told in zip(value[::2], value[1::2], strict=False)}


def entries(value: Value) -> list[dict[str, str]]:
    """A list of such flat lists, as SENTINEL SENTINELS and REPLICAS return it; empty for anything else."""
    return [pairs(entry) for entry in value] if isinstance(value, list) else []


def fields(value: Value) -> dict[str, str]:
    """The lines "name:value" of INFO and CLUSTER INFO; empty for anything else."""
    lines = value.splitlines() if isinstance(value, str) else []
    return dict(line.split(":", 1) for line in lines if ":" in line)
