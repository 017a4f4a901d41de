"""How a run looks on a terminal while it goes on: one moving line there, plain lines in CI."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from redis_resilience.model.verdict import Verdict
from redis_resilience.plugin import BRING_UP_PROPERTY, COLLECTOR, OBSERVER, TRIAL_PROPERTY
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.observer import Progress

_COLOURS = {"pass": "green", "unknown": "yellow", "fail": "red"}


class LiveRun:
    """A pytest plugin and the engine's observer in one: shows each trial while it runs and when it is judged.

    With pytest-xdist the trials run in other processes; then only the judged ones are shown.
    """

    def __init__(self, console: Console, trials: int) -> None:
        self._console, self._trials = console, trials
        self._live = Live(console=console, refresh_per_second=10, transient=True) if console.is_terminal else None
        self._shown_phase = ""
        self.folders: list[Path] = []
        self.verdicts: list[Verdict] = []
        self.problems = 0
        self._bring_ups: set[str] = set()

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[OBSERVER] = self

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """The command shows its own table."""
        session.config.pluginmanager.unregister(name=COLLECTOR)
        if self._live:
            self._live.start()

    def pytest_sessionfinish(self) -> None:
        if self._live:
            self._live.stop()

    def progress(self, progress: Progress) -> None:
        """From the engine, some times a second."""
        number = len(self.folders) + 1
        if self._live:
            self._live.update(self._line(progress, number))
        elif self._trials == 1 and progress.phase != self._shown_phase:
            self._shown_phase = progress.phase
            self._console.print(f"phase {progress.phase}", highlight=False)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line for every trial that was judged; what went wrong in words for every one that was not."""
        if report.when == "call" or report.failed or report.skipped:
            for name, value in report.user_properties:
                if name == BRING_UP_PROPERTY and value not in self._bring_ups:
                    self._bring_ups.add(str(value))
                    self._console.print(f"bring-up: {value}", highlight=False)
            folder = next((Path(str(value)) for name, value in report.user_properties if name == TRIAL_PROPERTY), None)
            if folder:
                self.folders.append(folder)
                self._judged(folder)
            if report.failed or (report.skipped and not folder):
                self.problems += not folder
                reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
                self._console.print(Text(str(reason).removeprefix("Skipped: ")))
            elif not folder:
                self._console.print(f"{report.nodeid.rpartition('::')[2]} passed; it measures nothing", highlight=False)

    def _judged(self, folder: Path) -> None:
        judgement = TrialFolder(folder).judgement()
        self.verdicts.append(judgement.verdict)
        first = judgement.timeline.ms("first_switch_at")
        line = Text(f"trial {len(self.folders)}/{self._trials} ")
        line.append(judgement.verdict, style=_COLOURS[judgement.verdict])
        line.append(f"  outage {judgement.availability.outage_ms:.0f} ms")
        line.append(f"  first switch {first:.0f} ms" if first is not None else "  no failover")
        line.append(f"  lost {judgement.writes.lost}")
        self._console.print(line)

    def _line(self, progress: Progress, number: int) -> Text:
        line = Text(f"trial {number}/{self._trials}  ", no_wrap=True, overflow="ellipsis")
        line.append(f"{progress.phase} {progress.seconds:.1f} s", style="bold")
        line.append(f"  {progress.acknowledged} of {progress.issued} writes acknowledged")
        line.append(f"  master {progress.master or '-'}")
        line.append(f"  {progress.last_event}", style="dim")
        return line
