"""The observer of a running trial: a terminal, a log, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a person would want to see now.

    trial: name of its folder. phase: of the engine, or what comes before and after: "deploy" (doing: of what, and which
    step), "judge". seconds: since the phase began.
    """

    trial: str
    phase: str
    seconds: float = 0.0
    doing: str = ""
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
