"""Who is told how a trial goes while it runs: a terminal, a log, nobody."""

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
        """Called some times a second, from the engine's own thread; must return at once."""


class Silent:
    """Tells nobody."""

    def progress(self, progress: Progress) -> None:
        """Nobody wants to know."""


SILENT = Silent()
