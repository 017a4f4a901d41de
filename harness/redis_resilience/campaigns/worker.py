"""One trial in a process of its own: `python -m redis_resilience.campaigns.worker WORK.json`.

It ends itself, its deployment with it, as soon as its standard input closes: when the campaign is interrupted, and when
it is killed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from redis_resilience.plugin import COLLECTOR, REPEAT_WORDS
from redis_resilience.plugin.reports import Reports
from redis_resilience.shipped import SCENARIOS
from redis_resilience.trials.documents import decode_json, encode_json
from redis_resilience.trials.folder import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """node: the test, as pytest is given it. options: of the plugin, by name. outcome: file to write at the end.

    repeat: the shell command that repeats it, without the seed.
    """

    node: str
    options: dict[str, str]
    repeat: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """folder: of the trial; "" where there is none, and then `problem` says why. missing: what this machine lacks."""

    folder: str = ""
    test: str = ""
    ended: str = ""
    problem: str = ""
    missing: list[str] = field(default_factory=list)


class _Quiet:
    """A pytest plugin that gathers the trial, and shows nothing."""

    def __init__(self, repeat: str) -> None:
        self._repeat = repeat
        self.reports = Reports()
        self.problems: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[REPEAT_WORDS] = self._repeat

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        session.config.pluginmanager.unregister(name=COLLECTOR)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.reports.add(report)
        if report.failed or report.skipped:
            text = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            self.problems.append(str(text).removeprefix("Skipped: "))


def run(work: Work) -> None:
    """Run the test, and write its outcome: that of a trial where one was judged, also if the campaign stopped then."""
    quiet = _Quiet(work.repeat)
    words = [work.node, "-c", os.devnull, "--rootdir", str(Path.cwd()), "--confcutdir", str(SCENARIOS), "--tb=short"]
    words += ["-p", "no:cacheprovider", "-p", "redis_resilience.plugin", "--import-mode=importlib", "-s", "-q"]
    words += [f"--{name.replace('_', '-')}={value}" for name, value in work.options.items()]
    code = pytest.main(words, plugins=[quiet])
    ran = next(iter(quiet.reports.ran.values()), None)
    if ran and (ran.folder / "verdict.json").is_file():
        outcome = Outcome(folder=str(ran.folder), test=ran.test, ended=ran.ended)
    else:
        problem = "; ".join(quiet.problems) or f"no trial was run; pytest ended with {code!r}"
        outcome = Outcome(problem=problem, missing=quiet.reports.missing)
    write_whole(Path(work.outcome), encode_json(outcome))


def _end_with(stream: object) -> None:
    """Block until the campaign's end of the pipe is closed; then stop this process in order."""
    os.read(stream.fileno(), 1)  # type: ignore[attr-defined]
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()
    run(decode_json(Path(sys.argv[1]).read_bytes(), Work))


if __name__ == "__main__":
    main()
