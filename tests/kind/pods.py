"""Waiting for pods that a controller has yet to make."""

from __future__ import annotations

from collections.abc import Callable


def must_be_ready(kubectl: Callable[..., object], pod: str, *where: str, **how: float) -> None:
    """`kubectl wait` for a pod that is not there yet fails at once, so its creation is waited for first."""
    for event in ("create", "condition=Ready"):
        kubectl(*where, "wait", f"--for={event}", f"pod/{pod}", "--timeout=120s", **how)
