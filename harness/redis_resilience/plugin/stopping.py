"""A run that is stopped by Ctrl-C or SIGTERM: everything is undone, and the trials that were judged are reported."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import pytest

from redis_resilience.signals import Stop

STOP: pytest.StashKey[Stop] = pytest.StashKey()
"""Set by the command, which handles signals from its start to its end."""


def arm(config: pytest.Config) -> None:
    """From now to the session's end, signals stop this run in order; once a process."""
    if config.pluginmanager.has_plugin(_Stopping.NAME):
        return
    if STOP not in config.stash:
        stop = config.stash[STOP] = Stop(announce=not hasattr(config, "workerinput"))
        config.add_cleanup(lambda: stop.__exit__(None, None, None))
        stop.__enter__()
    config.pluginmanager.register(_Stopping(config.stash[STOP]), _Stopping.NAME)


class _Stopping:
    """The workers of pytest-xdist are stopped with their controller, also by a signal that reached it alone."""

    NAME = "redis-resilience-stopping"

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._workers: list[int] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: Any) -> None:
        """One on another machine is not this process's to signal."""
        program = getattr(node.gateway._io, "popen", None)  # noqa: SLF001 - the only way to the worker's process
        if program is not None:
            self._workers.append(program.pid)

    def pytest_keyboard_interrupt(self) -> None:
        """A worker that got the signal, too, does not care for another."""
        for worker in self._workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGTERM)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """SIGTERM ends pytest with exit status 143; Ctrl-C with pytest's own, 2."""
        self._stop.ending()
        result = yield
        if self._stop.received is not None and not hasattr(session.config, "workerinput"):
            by_term = self._stop.received == signal.SIGTERM
            session.exitstatus = self._stop.exit_code if by_term else pytest.ExitCode.INTERRUPTED
        return result
