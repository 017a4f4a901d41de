"""SIGINT (Ctrl-C) and SIGTERM: the first one is raised as an exception, later ones do not interrupt what cleans up.

Imported when pytest starts, so it imports nothing heavy.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """SIGTERM: to pytest, and to whatever cleans up, the same as Ctrl-C."""


class Stop:
    """While it is entered, the first signal raises KeyboardInterrupt or Terminated; a later one raises nothing.

    received: the first signal, None for none. announce: whether signals are answered on stderr, as where there is
    something to be removed. A signal that was ignored when the program started stays ignored; outside the main thread
    nothing is handled.
    """

    def __init__(self, *, announce: bool = True) -> None:
        self.received: signal.Signals | None = None
        self.announce = announce
        self._ending = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._arrived) for number in heard}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    @property
    def unanswered(self) -> bool:
        """Whether a signal was received, and what was going on then did not see to its own end."""
        return self.received is not None and not self._ending

    @property
    def exit_code(self) -> int:
        """As shells have it, 128 and the signal's number: 130 or 143. 0 without a signal."""
        return 128 + self.received if self.received else 0

    def ending(self) -> None:
        """What follows cleans up or writes results: a signal is noted, but no longer raised."""
        self._ending = True

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        first, self.received = self.received is None, self.received or signal.Signals(number)
        if self.announce:
            again = f"`kill -9 {os.getpid()}` ends it now, `redis-resilience heal` removes what is left"
            text = "\nstopping: what was deployed is removed\n" if first else f"\nstill cleaning up; {again}\n"
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, text.encode())
        if first and not self._ending:
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt
