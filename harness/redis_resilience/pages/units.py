"""How numbers are written everywhere: milliseconds, counts, lower bounds, and nothing where the value is not known."""

from __future__ import annotations

import math

from redis_resilience.model.instants import Instant
from redis_resilience.model.verdict import PhaseCheck

NOTHING = "-"
NOT_KNOWN = "not known"


def ms_text(value: float | None, *, censored: bool = False) -> str:
    """Milliseconds with as many digits as mean something; ">" before a bound that the truth lies beyond."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "no limit"
    if value == 0 and not censored:
        return "0"
    size = abs(value)
    digits = 2 if size < 10 else 1 if size < 100 else 0
    return f"{'>' if censored else ''}{value:.{digits}f}"


def count_text(value: int) -> str:
    """A count with thousands separators, in one word that no line break splits."""
    return f"{value:,}"


def plural(count: int, noun: str) -> str:
    """A count and its noun: "1 write", "3 writes"."""
    return f"{count_text(count)} {noun}{'' if count == 1 else 's'}"


def error_text(instant: Instant, origin: Instant) -> str:
    """How far the distance from `origin` to `instant`, both as quoted, may be off: "-0.2 +1.0" in ms."""
    return f"-{instant.error_ms:.1f} +{origin.error_ms:.1f}"


def phase_name(phase: PhaseCheck) -> str:
    """A phase by both its ends: one instant may be predicted from several others."""
    return f"{spoken(phase.origin)} to {spoken(phase.name)}"


def spoken(instant_name: str) -> str:
    """An instant's name as prose: "first_switch_at" is "first switch"."""
    return instant_name.removesuffix("_at").replace("_", " ")
