"""The history's files, append-only: records and events gather in memory and go to disk in one write a tick.

A write that fails (disk full) ends that file for good: what is on disk stays valid, and the hole is reported once. The
measurement goes on; a judge calls it `unknown`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

from redis_resilience.model.errors import ProbeError
from redis_resilience.model.events import Event
from redis_resilience.model.events.lines import EVENTS_HEADER, encode_event
from redis_resilience.model.operations import Cause, Kind, Result, result_of
from redis_resilience.model.records import NO_SERVER, header
from redis_resilience.probe.watchers import RoleTold

PACK_OPERATION = struct.Struct("<QqqqIIHBBBq").pack
PACK_SAMPLE = struct.Struct("<qqqHHBBBx").pack

_RESULTS = {cause: result_of(cause) for cause in Cause}


class AppendOnly:
    """One file that only grows. `pending` is what the next flush writes; on_failure hears of the first failed write.

    Raises ProbeError where the file cannot be created.
    """

    def __init__(self, path: Path, first: bytes, on_failure: Callable[[str], None]) -> None:
        self._path = path
        self._on_failure = on_failure
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ProbeError(
                f"expected to begin {path.name} in {path.parent}; got: {error.strerror}. A history is never written "
                f"over: name a new, existing folder"
            ) from error
        self.pending = bytearray(first)
        self.failed = False

    def flush(self) -> None:
        if not self.pending:
            return
        data, self.pending = self.pending, bytearray()
        if self.failed:
            return
        try:
            _write_all(self._file, data)
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        """Flush, sync, close."""
        self.flush()
        try:
            os.fsync(self._file)
        except OSError as error:
            self._fail(error)
        os.close(self._file)

    def _fail(self, error: OSError) -> None:
        if not self.failed:
            self.failed = True
            self._on_failure(f"writing {self._path.name}: {error.strerror}; everything after it is missing")


def _write_all(file: int, data: bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


class Tally:
    """Counts of the writes since the history began. last_server: number of the server of the last acknowledgement."""

    __slots__ = ("_counts", "issued", "last_server")

    def __init__(self) -> None:
        self.issued = 0
        self.last_server = NO_SERVER
        self._counts = [0, 0, 0]

    def count(self, outcome: Result, server: int) -> None:
        self._counts[outcome] += 1
        if outcome is Result.OK:
            self.last_server = server

    def of(self, outcome: Result) -> int:
        return self._counts[outcome]

    @property
    def recorded(self) -> int:
        return sum(self._counts)


class Recorder:
    """operations.bin, samples.bin and events.jsonl of one history."""

    def __init__(self, folder: Path, trial: str, on_failure: Callable[[str], None]) -> None:
        self.folder = folder
        self.trial = trial
        self.tally = Tally()
        self.writing_failed = ""
        self._on_failure = on_failure
        self.operations = AppendOnly(folder / "operations.bin", header("operations"), self.failed)
        self.samples = AppendOnly(folder / "samples.bin", header("samples"), self.failed)
        self.events = AppendOnly(folder / "events.jsonl", EVENTS_HEADER, self.failed)
        self._files = (self.operations, self.samples, self.events)
        self.flush()

    def operation(
        self,
        *,
        key: int,
        due_ns: int,
        call_ns: int,
        return_ns: int,
        connection: int,
        client: int,
        server: int,
        cause: Cause,
        kind: Kind,
        value: int,
    ) -> None:
        outcome = _RESULTS[cause]
        if kind is Kind.WRITE:
            self.tally.count(outcome, server)
        self.operations.pending += PACK_OPERATION(
            key, due_ns, call_ns, return_ns, connection, client, server, outcome, cause, kind, value
        )

    def sample(self, *, server: int, source: int, call_ns: int, return_ns: int, told: RoleTold) -> None:
        self.samples.pending += PACK_SAMPLE(
            call_ns, return_ns, told.offset, server, source, told.role, told.link, told.replicas
        )

    def tell(self, event: Event) -> None:
        """Events are few and each may be the last before a crash: on disk at once."""
        self.events.pending += encode_event(event)
        self.events.flush()

    def flush(self) -> None:
        for file in self._files:
            file.flush()

    def close(self) -> None:
        for file in self._files:
            file.close()

    def failed(self, text: str) -> None:
        """Part of the history could not be written: reported once, the measurement goes on."""
        if not self.writing_failed:
            self.writing_failed = text
            self._on_failure(text)
