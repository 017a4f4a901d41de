"""When operations are due, and a timer precise enough to send them then.

Due times come from the plan alone: start + k / rate. A slow reply or a stalled process moves none of them, so that an
outage is counted from when an operation should have been sent (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
from collections.abc import Callable

_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1
_NS = 1_000_000_000

_libc = ctypes.CDLL(None, use_errno=True)


class _TimeSpec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("it_interval", _TimeSpec), ("it_value", _TimeSpec))


class Schedule:
    """Operation number k of a group is due at `due_ns(k)`; consecutive ones go to consecutive clients."""

    def __init__(self, *, start_ns: int, rate: float) -> None:
        self.start_ns = start_ns
        self.rate = rate

    def due_ns(self, k: int) -> int:
        """Computed from k, never summed up: no drift."""
        return self.start_ns + round(k * _NS / self.rate)


def next_attempt_ns(*, now_ns: int, interval_ns: int, member: int, members: int) -> int:
    """The next instant after now at which client `member` of `members` may try to connect again.

    The clients share the interval evenly, so that one of them tries every interval / members.
    """
    phase_ns = interval_ns * member // members
    return now_ns + interval_ns - (now_ns - phase_ns) % interval_ns


class Timer:
    """Calls back at an instant of the monotonic clock. asyncio's own timers round up to the next millisecond.

    Raises OSError where the kernel gives no timer.
    """

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._file = _libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._spec = _TimerSpec()
        asyncio.get_running_loop().add_reader(self._file, self._fired)

    def arm(self, at_ns: int) -> None:
        """Call back at `at_ns`, at once where that is past; replaces what was armed."""
        self._spec.it_value.tv_sec, self._spec.it_value.tv_nsec = divmod(max(at_ns, 1), _NS)
        if _libc.timerfd_settime(self._file, _TFD_TIMER_ABSTIME, ctypes.byref(self._spec), None) < 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime")

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._file)
        os.close(self._file)

    def _fired(self) -> None:
        try:
            os.read(self._file, 8)
        except BlockingIOError:
            return  # armed again after it had fired
        self._callback()


async def sleep_until(at_ns: int) -> None:
    """Until this instant of the monotonic clock. The loop's own timers count milliseconds."""
    reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = Timer(lambda: None if reached.done() else reached.set_result(None))
    timer.arm(at_ns)
    try:
        await reached
    finally:
        timer.close()


class Ticks:
    """Calls everyone who was added, with the instant, each interval: one timer, and the calls together.

    A tick that is late moves the later ones; none is made up for.
    """

    def __init__(self, interval_ms: float) -> None:
        self._interval_ns = round(interval_ms * 1e6)
        self._listeners: list[Callable[[int], None]] = []
        self._due_ns = 0
        self._timer: Timer | None = None

    def add(self, listener: Callable[[int], None]) -> None:
        self._listeners.append(listener)
        if self._timer is None:
            self._timer = Timer(self._tick)
            self._arm(time.monotonic_ns())

    def discard(self, listener: Callable[[int], None]) -> None:
        self._listeners.remove(listener)
        if self._timer is not None and not self._listeners:
            self._timer.close()
            self._timer = None

    def _tick(self) -> None:
        now_ns = time.monotonic_ns()
        self._arm(now_ns)
        for listener in tuple(self._listeners):
            listener(now_ns)

    def _arm(self, now_ns: int) -> None:
        self._due_ns = max(self._due_ns + self._interval_ns, now_ns)
        if self._timer is not None:
            self._timer.arm(self._due_ns)


class Pacer:
    """Calls `issue(k, due_ns)` of each group for every operation that is due, in order, none left out."""

    def __init__(self) -> None:
        self._groups: list[tuple[Schedule, Callable[[int, int], None]]] = []
        self._next: list[int] = []
        self._timer: Timer | None = None

    def add(self, schedule: Schedule, issue: Callable[[int, int], None]) -> None:
        self._groups.append((schedule, issue))
        self._next.append(0)

    def start(self) -> None:
        if self._groups:
            self._timer = Timer(self._due)
            self._due()

    def stop(self) -> None:
        if self._timer:
            self._timer.close()
            self._timer = None

    def _due(self) -> None:
        now_ns = time.monotonic_ns()
        earliest_ns = now_ns + _NS
        for index, (schedule, issue) in enumerate(self._groups):
            k = self._next[index]
            due_ns = schedule.due_ns(k)
            while due_ns <= now_ns:
                issue(k, due_ns)
                k += 1
                due_ns = schedule.due_ns(k)
            self._next[index] = k
            earliest_ns = min(earliest_ns, due_ns)
        if self._timer:
            self._timer.arm(earliest_ns)
