"""A trial's folder: the truth on disk, written in steps, each whole file by atomic rename.

    plan.json          before anything starts
    environment.json   before the load
    lint.json          with it: what the live settings allow to happen
    trial.jsonl        the harness's events: phases, faults, problems; appended
    operations.bin samples.bin events.jsonl finals/   the probe's history
    logs/              what each container logged
    verdict.json report.html   at the end, and whenever they are made again

What was killed half-way is still readable: a torn last record or line is cut and named as a problem.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from redis_resilience.model import records
from redis_resilience.model.environment import Environment
from redis_resilience.model.errors import BrokenTrial, UsageError
from redis_resilience.model.events import AnyEvent, Event, Phase, ProbeFailed, Problem, WritingFailed
from redis_resilience.model.events.lines import EVENTS_HEADER, decode_events, encode_event
from redis_resilience.model.history import FinalFacts, FinalRead, History
from redis_resilience.model.lint import LintReport
from redis_resilience.model.plan import Plan
from redis_resilience.model.sentinel_log import parse_log
from redis_resilience.model.verdict import Judgement
from redis_resilience.trials.plan_file import plan_of

T = TypeVar("T")
_FACTS = tuple(field.name for field in fields(FinalFacts))


class TrialFolder:
    """Reads and writes one trial's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

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

    def save_judgement(self, judgement: Judgement) -> None:
        self._save("verdict.json", judgement)

    def save_report(self, page: str) -> None:
        write_whole(self.report, page.encode())

    def note(self, event: Event) -> None:
        """Append one of the harness's own events."""
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
            return plan_of(msgspec.json.decode(data))
        except (UsageError, msgspec.DecodeError) as error:
            raise BrokenTrial(f"expected a plan in {self.path / 'plan.json'}; {error}") from error

    def judgement(self) -> Judgement:
        return self._load("verdict.json", Judgement)

    def history(self) -> History:
        """Everything that was kept, as the judges want it. Raises BrokenTrial where a file is missing or broken.

        A trial that did not reach its end may lack what its probe took with it: a problem, and so `unknown`, no error.
        """
        plan = self.plan()
        environment = self._load("environment.json", Environment)
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
            finals={final.server: final for final in self._finals()},
            complete=complete,
            problems=tuple(problems),
        )

    def _finals(self) -> list[FinalRead]:
        found = []
        for path in sorted((self.path / "finals").glob("*.json")):
            try:
                keys = np.load(path.with_suffix(".npy"), allow_pickle=False)
                facts = msgspec.json.decode(path.read_bytes(), type=FinalFacts)
                found.append(FinalRead(keys=keys, **{name: getattr(facts, name) for name in _FACTS}))
            except (OSError, ValueError, msgspec.DecodeError) as error:
                raise BrokenTrial(f"expected a final read in {path} and its .npy; {error}") from error
        return found

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

    def _events(self, name: str, problems: list[str]) -> list[AnyEvent]:
        path = self.path / name
        if not path.is_file():
            problems.append(f"{name} is missing")
            return []
        try:
            events, torn = decode_events(path.read_bytes())
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
            return msgspec.json.decode(data, type=kind)
        except msgspec.DecodeError as error:
            raise BrokenTrial(f"expected a {kind.__name__} in {self.path / name}; {error}") from error

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise BrokenTrial(
                f"expected {name} in {self.path}; {error.strerror}; is this the folder of a trial?"
            ) from error

    def _save(self, name: str, value: object) -> None:
        write_whole(
            self.path / name, msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=1) + b"\n"
        )


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
    """The whole file or none of it: written beside, then renamed."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise BrokenTrial(f"could not write {path}: {error.strerror}; make room and run it again") from error
