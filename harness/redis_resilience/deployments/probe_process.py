"""The harness's end of the line to a probe: any two byte streams, a thread that reads, a deadline on every request.

It knows nothing of where the probe runs. The code that started it provides how it ends (`on_stop`) and, if known, its
last error output (`last_words`).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from pathlib import Path
from typing import IO, Self, TypeVar

import msgspec

from redis_resilience.deployments.probe import Clocks
from redis_resilience.model.access import OPEN, Access
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import ProbeError
from redis_resilience.model.events import Event
from redis_resilience.model.plan import Load
from redis_resilience.probe import protocol as p

Body = p.Greeting | p.Done | p.Answer | p.Status | p.Swept | p.Refused
T = TypeVar("T", p.Greeting, p.Done, p.Answer, p.Status, p.Swept)

REPLY_S = 20.0
"""For commands that only change something inside the probe; a busy node has let one wait for more than 5 s."""
READ_BACK_S = 120.0
EXIT_S = 1.0
LAST_WORDS_BYTES = 2000
EXCHANGES = 5


def _nothing() -> None:
    pass


def _silence() -> str:
    return ""


class _Child:
    """A probe as a child of this process. Its stderr goes to a file, so that it need not be read in time."""

    def __init__(self, command: Sequence[str]) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        self._words = ""
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints
        )
        assert self._process.stdin is not None  # noqa: S101 - PIPE was requested
        assert self._process.stdout is not None  # noqa: S101 - PIPE was asked for
        self.stdin = self._process.stdin
        self.stdout = self._process.stdout

    def last_words(self) -> str:
        if not self._complaints.closed:
            self._complaints.seek(0)
            self._words = self._complaints.read()[-LAST_WORDS_BYTES:].decode(errors="backslashreplace").strip()
        return self._words

    def end(self) -> None:
        """It was asked to end: wait, then kill."""
        try:
            self._process.wait(timeout=EXIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.last_words()
        self._complaints.close()


class ProbeProcess:
    """`redis_resilience.deployments.probe.Probe` over two byte streams.

    same_clock: the probe runs on this host, so that its monotonic clock is this process's; it is checked, not
    corrected. on_stop: makes sure that the probe is gone, after it was asked to end.
    """

    def __init__(
        self,
        reader: IO[bytes],
        writer: IO[bytes],
        *,
        on_stop: Callable[[], None] = _nothing,
        last_words: Callable[[], str] = _silence,
        same_clock: bool = True,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_stop = on_stop
        self._last_words = last_words
        self._same_clock = same_clock
        self._lock = threading.Lock()
        self._number = 0
        self._waiting: dict[int, tuple[p.Command, Future[Body]]] = {}
        self._events: list[Event] = []
        self._status = p.Status(clock_ns=0)
        self._gone = ""
        self._load_s = 0.0
        self._stopped = False
        self._thread = threading.Thread(target=self._listen, name="probe replies", daemon=True)
        self._thread.start()

    @classmethod
    def spawn(cls, *prefix: str) -> Self:
        """A probe as a child process; `prefix` is a command to run it under (nsenter, for example)."""
        child = _Child((*prefix, sys.executable, "-m", "redis_resilience.probe"))
        return cls(child.stdout, child.stdin, on_stop=child.end, last_words=child.last_words)

    def clocks(self) -> Clocks:
        """Best of a few exchanges: the shortest one bounds the difference of the clocks best.

        Raises ProbeError where a probe of this host has another clock.
        """
        best: Clocks | None = None
        for _ in range(EXCHANGES):
            before_ns = time.monotonic_ns()
            greeting = self.greet()
            after_ns = time.monotonic_ns()
            error_ns = (after_ns - before_ns + 1) // 2
            if best is None or error_ns < best.error_ns:
                best = Clocks(
                    offset_ns=greeting.clock_ns - (before_ns + after_ns) // 2,
                    error_ns=error_ns,
                    clock_ns=greeting.clock_ns,
                    wall_ns=greeting.wall_ns,
                )
        assert best is not None  # noqa: S101 - EXCHANGES is positive
        if not self._same_clock:
            return best
        if abs(best.offset_ns) > best.error_ns:
            raise ProbeError(
                f"expected the probe on this host to have this host's monotonic clock; it is "
                f"{best.offset_ns / 1e6:.3f} ms off. Is it in another time namespace?"
            )
        return Clocks(clock_ns=best.clock_ns, wall_ns=best.wall_ns)

    def greet(self) -> p.Greeting:
        """The identity of the probe and what its clocks show."""
        return self._ask(p.Hello(), p.Greeting, REPLY_S)

    def watch(
        self,
        *,
        servers: Mapping[str, Endpoint],
        sentinels: Mapping[str, Endpoint],
        master_name: str,
        interval_ms: float = 10.0,
        access: Access = OPEN,
        cluster: bool = False,
    ) -> None:
        command = p.Watch(
            servers=dict(servers),
            sentinels=dict(sentinels),
            master_name=master_name,
            interval_ms=interval_ms,
            access=access,
            cluster=cluster,
        )
        self._ask(command, p.Done, REPLY_S)

    def watch_names(self, names: Mapping[str, str]) -> None:
        """Resolve these names again and again, each that of a server; changes become events."""
        self._ask(p.WatchNames(names=dict(names)), p.Done, REPLY_S)

    def open(self, folder: Path, trial: str) -> None:
        self._ask(p.Open(folder=str(folder), trial=trial), p.Done, REPLY_S)

    def start_load(self, load: Load) -> None:
        self._load_s = max(writers.timeout_ms for writers in load.writers) / 1000
        self._ask(p.StartLoad(load=load), p.Done, REPLY_S)

    def stop_load(self) -> p.Status:
        return self._ask(p.StopLoad(), p.Status, REPLY_S + self._load_s)

    def query(self, endpoint: Endpoint, *command: str, timeout_s: float = 1.0) -> p.Answer:
        query = p.Query(endpoint=endpoint, command=command, timeout_ms=max(round(timeout_s * 1000), 1))
        return self._ask(query, p.Answer, REPLY_S + timeout_s)

    def read_back(self) -> None:
        self._ask(p.ReadBack(), p.Done, READ_BACK_S)

    def sweep(self, trial: str) -> p.Swept:
        return self._ask(p.Sweep(trial=trial), p.Swept, READ_BACK_S)

    def close(self) -> None:
        self._ask(p.Close(), p.Done, READ_BACK_S)

    def status(self) -> p.Status:
        return self._status

    def events(self, since: int = 0) -> tuple[Event, ...]:
        with self._lock:
            return tuple(self._events[since:])

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        with suppress(ProbeError):  # gone already, or `on_stop` takes care of it
            self._ask(p.Exit(), p.Done, EXIT_S)
        with suppress(OSError):  # the other end closed first
            self._writer.close()
        self._on_stop()
        self._thread.join(timeout=EXIT_S)
        if not self._thread.is_alive():
            self._reader.close()

    def _ask(self, command: p.Command, kind: type[T], within_s: float) -> T:
        name = type(command).__struct_config__.tag
        answer: Future[Body] = Future()
        with self._lock:
            if self._gone:
                raise ProbeError(self._gone_text(str(name)))
            self._number += 1
            number = self._number
            self._waiting[number] = (command, answer)
            try:
                self._writer.write(msgspec.json.encode(p.Request(number, command)) + b"\n")
                self._writer.flush()
            except (OSError, ValueError) as error:
                self._waiting.pop(number)
                raise ProbeError(self._gone_text(str(name), str(error))) from error
        try:
            body = answer.result(within_s)
        except FutureTimeout as error:
            with self._lock:
                self._waiting.pop(number, None)
            raise ProbeError(
                f"expected the probe to answer {name!r} within {within_s:g} s; got nothing. Is the machine overloaded?"
            ) from error
        if isinstance(body, p.Refused):
            raise ProbeError(f"the probe refused {name!r}: {body.text}")
        if not isinstance(body, kind):
            raise ProbeError(f"expected {kind.__name__} in answer to {name!r}; got {type(body).__name__}")
        return body

    def _listen(self) -> None:
        decoder = msgspec.json.Decoder(p.FromProbe)
        reason = "its output ended"
        try:
            for line in self._reader:
                self._dispatch(decoder.decode(line))
        except (OSError, ValueError) as error:
            reason = str(error)
        with self._lock:
            self._gone = reason
            waiting = list(self._waiting.values())
            self._waiting.clear()
        for command, answer in waiting:
            answer.set_exception(ProbeError(self._gone_text(str(type(command).__struct_config__.tag))))

    def _dispatch(self, message: p.FromProbe) -> None:
        match message:
            case p.Notice(event=event):
                with self._lock:
                    self._events.append(event)
            case p.Progress(status=status):
                self._status = status
            case p.Reply(number=number, body=body):
                with self._lock:
                    command, answer = self._waiting.pop(number, (None, None))
                    if isinstance(command, p.Open):
                        self._events.clear()
                if isinstance(body, p.Status):
                    self._status = body
                if answer is not None:
                    answer.set_result(body)

    def _gone_text(self, command: str, reason: str = "") -> str:
        words = self._last_words()
        return f"the probe is gone ({reason or self._gone}), so {command!r} was not answered" + (
            f"; its last words:\n{words}" if words else ""
        )
