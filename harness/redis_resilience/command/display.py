"""What moves on a terminal while a run goes on: a line for the run, a line for each trial that runs now."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.spinner import Spinner
from rich.text import Text

from redis_resilience.trials.observer import Progress

_NUMBER = re.compile(r"-(\d+)of(\d+)$")


class Display:
    """Renders itself anew several times a second, so that seconds pass on it although nothing is reported.

    stage: what goes on where no trial runs. refresh: called before each rendering.
    """

    def __init__(
        self, trials: int, *, refresh: Callable[[], None] = lambda: None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._trials, self._refresh, self._clock = trials, refresh, clock
        self._began = self._stage_began = clock()
        self._stage = "starting"
        self._spinner = Spinner("dots")
        self._running: dict[str, tuple[Progress, float]] = {}
        """By trial; and when what it does began."""
        self._judged = 0
        self._first_began: float | None = None

    def stage(self, name: str) -> None:
        """Of the whole run; no trial goes on in it."""
        self._running.clear()
        self._wait(name)

    def _wait(self, name: str) -> None:
        self._stage, self._stage_began = name, self._clock()

    def progress(self, progress: Progress) -> None:
        now = self._clock()
        self._first_began = now if self._first_began is None else self._first_began
        before, since = self._running.get(progress.trial, (None, now))
        if before is None or (before.phase, before.doing) != (progress.phase, progress.doing):
            since = now
        self._running[progress.trial] = (progress, since)

    def judged(self, trial: str) -> None:
        self._running.pop(trial, None)
        self._judged += 1
        self._wait("waiting for the next trial")

    def __rich__(self) -> RenderableType:
        self._refresh()
        now = self._clock()
        self._spinner.update(text=self._head(now))
        return Group(self._spinner, *(self._line(*each, now) for each in self._running.copy().values()))

    def _head(self, now: float) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        if self._running:
            text.append(f"{self._judged} of {self._trials} trials judged")
        else:
            text.append(f"{self._stage} {now - self._stage_began:.0f} s")
        text.append(f"  {minutes(now - self._began)}")
        if self._first_began is not None and 0 < self._judged < self._trials:
            left = (now - self._first_began) / self._judged * (self._trials - self._judged)
            text.append(f", about {minutes(left)} left")
        return text

    def _line(self, progress: Progress, since: float, now: float) -> Text:
        number = _NUMBER.search(progress.trial)
        name = f"trial {number[1]} of {number[2]}" if number else "trial"
        line = Text(f"  {name}  ", no_wrap=True, overflow="ellipsis")
        line.append(f"{progress.phase} {now - since:.1f} s", style="bold")
        if progress.doing:
            line.append(f"  {progress.doing}")
        if progress.issued:
            line.append(f"  {progress.acknowledged} of {progress.issued} writes acknowledged")
        if progress.master:
            line.append(f"  master {progress.master}")
        line.append(f"  {progress.last_event}" if progress.last_event else "", style="dim")
        return line


def minutes(seconds: float) -> str:
    """As in 0:07, 12:30, 1:02:03."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
