"""Numbers of a plan that must make sense before anything is done with them."""

from __future__ import annotations

from redis_resilience.model.errors import UsageError

LONGEST_S = 86_400.0
"""Of any duration in a plan: a day."""
MOST_REPLICAS = 100
MOST_WRITERS = 10_000
"""Of a group; each has a connection, and a server accepts 10000 of them by default."""


def must_be_within(what: str, value: float, least: float, most: float, unit: str = "") -> None:
    """Raises UsageError for a number outside [least, most], and for NaN."""
    if not least <= value <= most:
        tail = f" {unit}" if unit else ""
        raise UsageError(f"expected {what} of {least:.10g} to {most:.10g}{tail}; got {value:.10g}{tail}")
