"""How a run looks on a terminal while it goes on: one moving line there, plain lines in CI."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from redis_resilience.command.twins import in_commands_words
from redis_resilience.model.tried import Ended, Tried
from redis_resilience.plugin import COLLECTOR, OBSERVER, REPEAT_WORDS
from redis_resilience.plugin.reports import Reports
from redis_resilience.results.publishing import tried
from redis_resilience.trials.observer import Progress

_COLOURS = {"pass": "green", "unknown": "yellow", "fail": "red"}


class LiveRun:
    """A pytest plugin and the engine's observer in one: shows each trial while it runs and when it is judged.

    With pytest-xdist the trials run in other processes; then only the judged ones are shown.
    """

    def __init__(self, console: Console, trials: int, *, repeat: str = "") -> None:
        self._console, self._trials, self._repeat = console, trials, repeat
        self._live = Live(console=console, refresh_per_second=10, transient=True) if console.is_terminal else None
        self._shown_phase = ""
        self._shown_bring_ups = 0
        self.reports = Reports()
        self.problems = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[OBSERVER] = self
        if self._repeat:
            config.stash[REPEAT_WORDS] = self._repeat

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
        number = len(self.reports.ran) + 1
        if self._live:
            self._live.update(self._line(progress, number))
        elif self._trials == 1 and progress.phase != self._shown_phase:
            self._shown_phase = progress.phase
            self._console.print(f"phase {progress.phase}", highlight=False)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line for every trial that was judged; what went wrong in words for every one that was not."""
        ran = self.reports.add(report)
        for bring_up in list(self.reports.bring_ups)[self._shown_bring_ups :]:
            self._shown_bring_ups += 1
            self._console.print(f"bring-up: {bring_up}", highlight=False)
        if ran:
            self._judged(tried(ran))
        if report.failed or (report.skipped and (not ran or ran.ended == Ended.XFAILED)):
            self.problems += not ran and report.when != "teardown"
            self._console.print(Text(in_commands_words(_reason(report))))
        elif report.when == "call" and not ran:
            self._console.print(f"{report.nodeid.rpartition('::')[2]} passed; it measures nothing", highlight=False)

    def _judged(self, trial: Tried) -> None:
        judgement = trial.judgement
        first = judgement.timeline.ms("first_switch_at")
        line = Text(f"trial {len(self.reports.ran)}/{self._trials} ")
        line.append(judgement.verdict, style=_COLOURS[judgement.verdict])
        line.append(f"  outage {judgement.availability.outage_ms:.0f} ms")
        line.append(f"  first switch {first:.0f} ms" if first is not None else "  no failover")
        line.append(f"  lost {judgement.writes.lost}")
        if trial.verdict is not judgement.verdict:
            line.append(f"  test {trial.ended}", style=_COLOURS[trial.verdict])
        self._console.print(line)

    def _line(self, progress: Progress, number: int) -> Text:
        line = Text(f"trial {number}/{self._trials}  ", no_wrap=True, overflow="ellipsis")
        line.append(f"{progress.phase} {progress.seconds:.1f} s", style="bold")
        line.append(f"  {progress.acknowledged} of {progress.issued} writes acknowledged")
        line.append(f"  master {progress.master or '-'}")
        line.append(f"  {progress.last_event}", style="dim")
        return line


def _reason(report: pytest.TestReport) -> str:
    """Why a test was skipped, failed, or failed as it was expected to."""
    if expected := getattr(report, "wasxfail", ""):
        return f"as expected: {expected.removeprefix('reason: ')}"
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    return str(text).removeprefix("Skipped: ")
