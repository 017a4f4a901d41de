"""The observer of a running trial: a terminal, a log, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a person would want to see now."""

    phase: str
    seconds: float
    issued: int = 0
    acknowledged: int = 0
    master: str = ""
    last_event: str = ""


class Observer(Protocol):
    def progress(self, progress: Progress) -> None:
        """Called several times a second, from the engine's own thread; must return at once."""


class Silent:
    """Reports nothing."""

    def progress(self, progress: Progress) -> None:
        """Nothing is shown."""


SILENT = Silent()
