"""The proof that a fault, or its undoing, took effect."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """It took effect in [begin_ns, end_ns] of the harness's monotonic clock; proof says how that was seen.

    begin_ns: just before the call that caused it. end_ns: when it was observed (PID gone, process state T, a
    peer that cannot connect). asked_ns: where a cluster was asked to do it, from just before that until it accepted.
    pods: all that are out as a whole, where these are more than the target's. unreplaced: containers ("pod/sentinel")
    that a pod had and its successor has not.
    """

    begin_ns: int
    end_ns: int
    proof: str
    asked_ns: tuple[int, int] | None = None
    pods: tuple[str, ...] = ()
    unreplaced: tuple[str, ...] = ()


def unreplaced(pod: str, had: tuple[str, ...], has: tuple[str, ...]) -> tuple[str, ...]:
    """What `pod` had, and its successor has not."""
    return tuple(f"{pod}/{container}" for container in had if container not in has)
