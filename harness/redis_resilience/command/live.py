"""How a run looks while it goes on: lines that move on a terminal, lines that stay in a log."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Self

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from redis_resilience.command.display import Display
from redis_resilience.command.everywhere import Detail
from redis_resilience.command.twins import in_commands_words
from redis_resilience.model.tried import Ended, Tried
from redis_resilience.plugin import COLLECTOR, OBSERVER, PROGRESS_ADDRESS, REPEAT_WORDS
from redis_resilience.plugin.reports import Reports
from redis_resilience.plugin.stopping import STOP
from redis_resilience.results.publishing import tried
from redis_resilience.results.ran import Ran
from redis_resilience.signals import Stop
from redis_resilience.trials.observer import Progress
from redis_resilience.trials.relay import Receiver

_COLOURS = {"pass": "green", "unknown": "yellow", "fail": "red"}
_LISTENS_EVERY_S = 0.2


class LiveRun:
    """A pytest plugin and the engine's observer in one; entered for as long as the run goes on.

    console: of stderr, stdout is for the table.
    """

    def __init__(
        self, console: Console, trials: int, *, stop: Stop, detail: Detail = Detail.NORMAL, repeat: str = ""
    ) -> None:
        self._console, self._trials, self._stop, self._repeat = console, trials, stop, repeat
        self._detail = detail
        self._receiver = Receiver(self)
        self._display = Display(trials, refresh=self._receiver.receive)
        moves = console.is_terminal and detail is not Detail.QUIET
        self._live = (
            Live(self._display, console=console, refresh_per_second=10, transient=True, redirect_stdout=False)
            if moves
            else None
        )
        self._over = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._shown: dict[str, tuple[str, str]] = {}
        """By trial, the phase and the step that a line was printed of."""
        self._shown_bring_ups = 0
        self.reports = Reports()
        self.problems = 0

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        else:
            self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()
        else:
            self._over.set()
            self._listener.join()
        self._receiver.close()

    def _listen(self) -> None:
        while not self._over.wait(_LISTENS_EVERY_S):
            self._receiver.receive()

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[OBSERVER] = self
        config.stash[PROGRESS_ADDRESS] = self._receiver.address
        config.stash[STOP] = self._stop
        if self._repeat:
            config.stash[REPEAT_WORDS] = self._repeat

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """The command shows its own table."""
        session.config.pluginmanager.unregister(name=COLLECTOR)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        self._display.stage("removing what was deployed")

    def say(self, line: str) -> None:
        """One line above the rest, which stays."""
        self._print(Text(line))

    def publishing(self) -> None:
        """From now on pages are written."""
        self._display.stage(f"writing {len(self.reports.ran)} pages")

    def progress(self, progress: Progress) -> None:
        """From the engine, many times a second; or from a worker of pytest-xdist, by way of the receiver."""
        self._display.progress(progress)
        what = (progress.phase, progress.doing)
        if self._live or self._shown.get(progress.trial) == what or self._detail is Detail.QUIET:
            return
        self._shown[progress.trial] = what
        if self._detail is Detail.VERBOSE or self._trials == 1 or progress.phase == "deploy":
            name = "" if self._trials == 1 else f"{progress.trial}: "
            self._print(Text(f"{name}phase {progress.phase}{' ' + progress.doing if progress.doing else ''}"))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line for every trial that was judged; what went wrong in words for every one that was not."""
        ran = self.reports.add(report)
        for bring_up in list(self.reports.bring_ups)[self._shown_bring_ups :]:
            self._shown_bring_ups += 1
            self._print(Text(f"bring-up: {bring_up}"))
        if ran:
            self._receiver.receive()
            self._display.judged(ran.folder.name)
            self._print(self._judged(ran, tried(ran)))
        if report.failed or (report.skipped and (not ran or ran.ended == Ended.XFAILED)):
            self.problems += not ran and report.when != "teardown"
            self._console.print(Text(in_commands_words(_reason(report))))
        elif report.when == "call" and not ran:
            self._print(Text(f"{report.nodeid.rpartition('::')[2]} passed; it measures nothing"))

    def _print(self, line: Text) -> None:
        if self._detail is not Detail.QUIET:
            with suppress(OSError):  # a log that takes no more must not cost the trial
                self._console.print(line, soft_wrap=self._live is None)

    def _judged(self, ran: Ran, trial: Tried) -> Text:
        judgement = trial.judgement
        first = judgement.timeline.ms("first_switch_at")
        line = Text(f"trial {len(self.reports.ran)}/{self._trials} ")
        line.append(judgement.verdict, style=_COLOURS[judgement.verdict])
        line.append(f"  outage {judgement.availability.outage_ms:.0f} ms")
        line.append(f"  first switch {first:.0f} ms" if first is not None else "  no failover")
        allowed = judgement.verdict == "pass" and judgement.writes.lost > 0
        line.append(f"  lost {judgement.writes.lost}{' (allowed by the scenario)' if allowed else ''}")
        if trial.verdict is not judgement.verdict:
            line.append(f"  test {trial.ended}", style=_COLOURS[trial.verdict])
        if self._detail is Detail.VERBOSE:
            line.append(f"  {ran.folder}", style="dim")
        return line


def _reason(report: pytest.TestReport) -> str:
    """Why a test was skipped, failed, or failed as it was expected to."""
    if expected := getattr(report, "wasxfail", ""):
        return f"as expected: {expected.removeprefix('reason: ')}"
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    return str(text).removeprefix("Skipped: ")
