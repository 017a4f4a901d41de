"""Wall-clock times of a trial, to line them up with logs and dashboards. Always UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from redis_resilience.model.environment import Environment


def utc(environment: Environment, at_ns: int) -> datetime:
    """at_ns: on the history's clock."""
    return datetime.fromtimestamp((at_ns - environment.clock_ns + environment.wall_ns) / 1e9, UTC)


def utc_text(environment: Environment, at_ns: int) -> str:
    """As in "2026-11-28 12:28:11.379"."""
    return utc(environment, at_ns).replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")


def epoch_ms(environment: Environment, at_ns: int) -> float:
    """Milliseconds since 1970."""
    return round((at_ns - environment.clock_ns + environment.wall_ns) / 1e6, 3)
