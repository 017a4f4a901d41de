"""A trial's folder: the truth on disk, written in steps, each whole file by atomic rename.

    plan.json          before anything starts
    environment.json   before the load
    lint.json          with it: what the live settings allow to happen
    trial.jsonl        the harness's events: phases, faults, problems; appended
    operations.bin samples.bin events.jsonl finals/   the probe's history
    logs/              what each container logged
    SHA256SUMS         once the trial ended: a checksum of every file
    verdict.json report.html   at the end, and whenever they are made again

What was killed half-way has no checksums and is still readable: a torn last record or line is cut and named as a
problem. What has checksums and does not fit them is not read at all.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TypeVar

import numpy as np

from redis_resilience.model import records
from redis_resilience.model.environment import Environment
from redis_resilience.model.errors import BrokenTrial, UsageError
from redis_resilience.model.events import AnyEvent, Event, Phase, ProbeFailed, Problem, WritingFailed
from redis_resilience.model.events.lines import EVENTS_HEADER, decode_events, encode_event
from redis_resilience.model.history import History
from redis_resilience.model.lint import LintReport
from redis_resilience.model.plan import Plan
from redis_resilience.model.sentinel_log import parse_log
from redis_resilience.model.verdict import Judgement
from redis_resilience.trials.checksums import (
    SHA256SUMS,
    encode_sums,
    must_be_regular,
    must_fit,
    read_sums,
    stamp_of,
    sums_of,
)
from redis_resilience.trials.documents import decode_json, encode_json
from redis_resilience.trials.final_reads import read_finals
from redis_resilience.trials.plan_file import decode_plan

T = TypeVar("T")
_VERDICT, _REPORT = "verdict.json", "report.html"
_PHASE = b'"phase"'
"""The kind of the event, in its line."""
_MADE = (_VERDICT, SHA256SUMS)
_RECORDED = ("plan.json", "environment.json", "lint.json", "*.jsonl", "*.bin", "finals/*", "logs/**/*.log")


class TrialFolder:
    """Reads and writes one trial's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known_sums: tuple[object, dict[str, str] | None] = (None, None)

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def report(self) -> Path:
        return self.path / _REPORT

    def create(self, plan: Plan) -> None:
        """Make the folder and save the plan; raises BrokenTrial where a trial is kept there already."""
        if (self.path / "plan.json").exists():
            raise BrokenTrial(f"expected no trial in {self.path}; got one; choose another folder")
        for folder in (self.path, self.logs, self.path / "finals"):
            folder.mkdir(parents=True, exist_ok=True)
        self._save("plan.json", plan)

    def save_environment(self, environment: Environment) -> None:
        self._save("environment.json", environment)

    def save_lint(self, lint: LintReport) -> None:
        self._save("lint.json", lint)

    def lint(self) -> LintReport | None:
        """None where the trial is older than lint, or did not come so far."""
        return self._load("lint.json", LintReport) if (self.path / "lint.json").is_file() else None

    def seal(self) -> None:
        """Write the checksums: from now on nothing changes but the verdict and the page."""
        self._save_sums(sums_of(self.path, self._recorded()))

    def save_judgement(self, judgement: Judgement) -> None:
        self._save(_VERDICT, judgement)
        sums = read_sums(self.path)
        if sums is not None:
            self._save_sums(sums | sums_of(self.path, [_VERDICT]))

    def save_report(self, page: str) -> None:
        write_whole(self.report, page.encode())

    def note(self, event: Event) -> None:
        """Append one of the harness's own events; raises BrokenTrial where the disk refuses."""
        path = self.path / "trial.jsonl"
        try:
            with path.open("ab") as file:
                if not file.tell():
                    file.write(EVENTS_HEADER)
                file.write(encode_event(event))
        except OSError as error:
            raise BrokenTrial(f"could not write {path}: {error.strerror}; make room and run it again") from error

    def plan(self) -> Plan:
        """Of an older release too. Raises BrokenTrial where it is missing or makes no sense."""
        data = self._bytes("plan.json")
        try:
            return decode_plan(data)
        except UsageError as error:
            raise BrokenTrial(f"expected a plan in {self.path / 'plan.json'}; {error}") from error

    def environment(self) -> Environment:
        return self._load("environment.json", Environment)

    def span_ns(self) -> tuple[int, int]:
        """When its first and its last phase began, on the history's clock; 0 where there was none."""
        told = [event.at_ns for event in self._events("trial.jsonl", [], having=_PHASE) if isinstance(event, Phase)]
        return (told[0], told[-1]) if told else (0, 0)

    def judgement(self) -> Judgement:
        return self._load(_VERDICT, Judgement)

    def history(self) -> History:
        """Everything that was kept, as the judges want it. Raises BrokenTrial where a file is missing or broken.

        A trial that did not reach its end may lack what its probe took with it: a problem, and so `unknown`, no error.
        """
        self._must_be_undamaged()
        plan = self.plan()
        environment = self.environment()
        problems: list[str] = []
        events = [*self._events("trial.jsonl", problems), *self._events("events.jsonl", problems)]
        complete = any(isinstance(event, Phase) and event.name == "done" for event in events)
        operations = self._records("operations", problems, needed=complete)
        samples = self._records("samples", problems, needed=complete)
        problems += [event.reason for event in events if isinstance(event, Problem | ProbeFailed | WritingFailed)]
        for sentinel in environment.sentinels:
            log = self.logs / f"{sentinel.name}-sentinel.log"
            if log.is_file():
                text = log.read_text(errors="replace")
                events += parse_log(
                    text, name=sentinel.name, clock_ns=environment.clock_ns, wall_ns=environment.wall_ns
                )
        events.sort(key=lambda event: (event.at_ns, event.source, event.label))
        return History(
            plan=plan,
            environment=environment,
            operations=operations,
            samples=samples,
            events=tuple(events),
            finals={final.server: final for final in read_finals(self.path / "finals")},
            complete=complete,
            problems=tuple(problems),
            version=self._version(),
        )

    def files(self) -> tuple[str, ...]:
        """Names of the files to look into, logs last; not the page itself."""
        made = {name for name in _MADE if (self.path / name).is_file()}
        return tuple(sorted(self._recorded() | made, key=_logs_last))

    def _recorded(self) -> set[str]:
        """Names of the files that the trial left."""
        found = (path for pattern in _RECORDED for path in self.path.glob(pattern) if path.is_file())
        return {path.relative_to(self.path).as_posix() for path in found}

    def _must_be_undamaged(self) -> None:
        """All that was recorded fits its checksum, where the trial has any; the verdict is made of it, and is not."""
        sums = read_sums(self.path)
        if sums is not None:
            must_fit(self.path, sums, sorted((self._recorded() | sums.keys()) - {_VERDICT}))

    def _version(self) -> int:
        """Of the format in which the operations were recorded; today's where there are none."""
        path = self.path / "operations.bin"
        if not path.is_file():
            return records.VERSION
        with path.open("rb") as file:
            return records.version_of("operations", file.read(4096))

    def _records(self, kind: str, problems: list[str], *, needed: bool) -> records.Records:
        path = self.path / f"{kind}.bin"
        if not needed and not path.is_file():
            problems.append(f"{path.name} is missing: the trial broke off, and its probe's history was not to be had")
            return records.empty(kind)
        try:
            if path.stat().st_size == 0:
                raise BrokenTrial(f"expected {kind} in {path}; the file is empty: the probe never began it")
            data = np.memmap(path, dtype=np.uint8, mode="r")
        except OSError as error:
            raise BrokenTrial(f"expected {kind} in {path}; {error.strerror}; is this the folder of a trial?") from error
        try:
            found, torn = records.decode(kind, data.data)
        except BrokenTrial as error:
            raise BrokenTrial(f"{path}: {error}") from error
        if torn:
            problems.append(f"{path.name}: the last record was truncated; its {torn} bytes were removed")
        return found

    def _events(self, name: str, problems: list[str], *, having: bytes = b"") -> list[AnyEvent]:
        path = self.path / name
        if not path.is_file():
            problems.append(f"{name} is missing")
            return []
        try:
            events, torn = decode_events(path.read_bytes(), having=having)
        except OSError as error:
            raise BrokenTrial(f"expected one event a line in {path}; {error.strerror}") from error
        except BrokenTrial as error:
            raise BrokenTrial(f"{path}, {error}") from error
        if torn:
            problems.append(f"{name}: the last line was truncated and has been removed")
        return events

    def _load(self, name: str, kind: type[T]) -> T:
        data = self._bytes(name)
        try:
            return decode_json(data, kind)
        except BrokenTrial as error:
            raise BrokenTrial(f"{self.path / name}: {error}") from error

    def _bytes(self, name: str) -> bytes:
        must_be_regular(self.path / name)
        try:
            data = (self.path / name).read_bytes()
        except OSError as error:
            raise BrokenTrial(
                f"expected {name} in {self.path}; {error.strerror}; is this the folder of a trial?"
            ) from error
        sums = self._sums()
        if sums is not None:
            must_fit(self.path, sums, [name])
        return data

    def _sums(self) -> dict[str, str] | None:
        """Read anew only where the file is another one, as several documents of a folder are mostly read together."""
        stamp = stamp_of(self.path)
        if stamp is None or stamp != self._known_sums[0]:
            self._known_sums = (stamp, read_sums(self.path))
        return self._known_sums[1]

    def _save_sums(self, sums: dict[str, str]) -> None:
        write_whole(self.path / SHA256SUMS, encode_sums(sums))

    def _save(self, name: str, value: object) -> None:
        write_whole(self.path / name, encode_json(value))


def _logs_last(name: str) -> tuple[bool, str]:
    return name.startswith("logs/"), name


def must_take_results(folder: Path) -> None:
    """Make the folder for results; raises UsageError where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
        reason = "it cannot be written to"
    except OSError as error:
        writable, reason = False, error.strerror or str(error)
    if not writable:
        raise UsageError(f"expected a folder for results that can be written to; got {folder}: {reason}; name another")


def write_whole(path: Path, data: bytes) -> None:
    """The complete file or none of it: written beside, then renamed. Raises BrokenTrial where the disk refuses."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise BrokenTrial(f"could not write {path}: {error.strerror}; make room and run it again") from error
