"""The undo journal of a run: how to take back each change, on disk before the change begins.

One file a run, in a folder of the user's, of JSON lines that are only ever appended:

    {"schema":1,"run":"20261121t031056z-8b8e","results":"/home/me/results/20261121T031056Z-8b8e"}
    {"id":"5c1f09aa","undo":{"kind":"scale-back",...}}
    {"id":"5c1f09aa","done":"StatefulSet redis has 3 replicas again"}

Every process of the run holds a shared lock on it, which the kernel releases when the process dies: a journal that is
not locked is of a dead run, and `redis-resilience heal` undoes what it still names. It does not know how to undo.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from redis_resilience.deployments.locked import Locked
from redis_resilience.deployments.undo import DeleteCluster, Undo, kind_cluster_of
from redis_resilience.model.errors import BrokenJournal, DeploymentError, ResilienceError, UsageError

SCHEMA = 1
SUFFIX = ".journal"
_LOCK = ".lock"


class _Line(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Any line: the head, a change to undo, or that it is undone."""

    schema: int = 0
    run: str = ""
    results: str = ""
    id: str = ""
    undo: Undo | None = None
    done: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change that was begun, or was about to be."""

    id: str
    undo: Undo


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """left: changes that are not undone, in the order in which they were made. torn: truncated lines."""

    run: str
    results: str
    left: tuple[Entry, ...]
    torn: int


def state_folder(chosen: str = "", environ: Mapping[str, str] = os.environ) -> Path:
    """Where this user's journals are: `chosen`, the variable, or where the XDG base directories say."""
    if folder := chosen or environ.get("REDIS_RESILIENCE_STATE", ""):
        return Path(folder).absolute()
    base = environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "state") / "redis-resilience"


def parse(data: bytes, where: str = "a journal") -> Content:
    """What a journal contains. A line without its end was never acted upon, so it is counted and skipped.

    Raises BrokenJournal for one of another release: guessing at it would leave something broken.
    """
    head = _Line()
    entries: dict[str, Entry] = {}
    torn = 0
    decoder = msgspec.json.Decoder(_Line, dec_hook=_path)
    for number, text in enumerate(data.split(b"\n")):
        if not text:
            continue
        try:
            line = decoder.decode(text)
        except msgspec.ValidationError as error:
            raise BrokenJournal(
                f"expected a line of schema {SCHEMA} in {where}, line {number + 1}; got: {error}; "
                "heal with the release that wrote it"
            ) from error
        except msgspec.DecodeError:
            torn += 1
            continue
        if line.schema:
            head = line
        elif line.undo is not None:
            entries[line.id] = Entry(id=line.id, undo=line.undo)
        else:
            entries.pop(line.id, None)
    if head.schema not in (0, SCHEMA):
        raise BrokenJournal(
            f"expected schema {SCHEMA} in {where}; got {head.schema}; heal with the release that wrote it"
        )
    return Content(run=head.run, results=head.results, left=tuple(entries.values()), torn=torn)


def _path(kind: type, text: object) -> Path:
    """The only type of an undo that JSON has not."""
    if kind is not Path or not isinstance(text, str):
        raise NotImplementedError(f"{kind} in a journal")
    return Path(text)


class Journal:
    """The journal of one run, held by this process until `close`."""

    def __init__(self, path: Path, file: int, run: str) -> None:
        """For `begin` and `claim`; file: open, and locked."""
        self.path = path
        self.run = run
        self._file = file
        self._noted: set[str] = set()

    @classmethod
    def begin(cls, folder: Path, run: str, *, results: str = "") -> Self:
        """Begin it, or join the other processes of the run that hold it. Raises UsageError for an unusable folder."""
        path = folder / f"{run}{SUFFIX}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with Locked(folder / _LOCK):
                file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    os.close(file)
                    raise UsageError(
                        f"expected to begin the undo journal {path}; a run of that name died, and is being healed; "
                        "try again when that is over"
                    ) from error
                journal = cls(path, file, run)
                if os.fstat(file).st_size == 0:
                    journal._append(_Line(schema=SCHEMA, run=run, results=results))
                    _flush_folder(folder)
        except OSError as error:
            raise UsageError(
                f"expected to keep the undo journal {path}; got: {error.strerror}; "
                "name a folder that can be written with --redis-state"
            ) from error
        return journal

    @classmethod
    def claim(cls, path: Path) -> Self | None:
        """The journal of a dead run, for the process that undoes it; None while a process of the run holds it."""
        with Locked(path.parent / _LOCK):
            try:
                file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            except FileNotFoundError:  # its run has just ended well
                return None
            if not _claimed(file):
                os.close(file)
                return None
        return cls(path, file, path.name.removesuffix(SUFFIX))

    def note(self, undo: Undo) -> Entry:
        """Keep how to take a change back; on disk when this returns. Only then may the change begin."""
        entry = Entry(id=secrets.token_hex(4), undo=undo)
        self._append(_Line(id=entry.id, undo=undo))
        self._noted.add(entry.id)
        return entry

    def noted(self, entry: Entry) -> bool:
        """Whether it was this process that noted it."""
        return entry.id in self._noted

    def done(self, entry: Entry, proof: str) -> None:
        """It is undone, or was never done; proof: how that was seen."""
        with suppress(DeploymentError):  # a full disk: it is undone all the same, and undoing it again does no harm
            self._append(_Line(id=entry.id, done=proof))

    def content(self) -> Content:
        return parse(self.path.read_bytes(), str(self.path))

    def left(self) -> tuple[Entry, ...]:
        """What no process of the run has undone yet."""
        return self.content().left

    def leave(self) -> bool:
        """Release it where other processes hold it; else it stays with this one, which has to undo what is left: True.

        In one step: of two that leave at the same time, each might take the other for the last.
        """
        with Locked(self.path.parent / _LOCK):
            if _claimed(self._file):
                return True
            os.close(self._file)
            self._file = -1
        return False

    def close(self) -> None:
        """Release it; the last holder deletes the file where nothing is left to undo. Harmless when closed."""
        if self._file < 0:
            return
        file, self._file = self._file, -1
        with Locked(self.path.parent / _LOCK):
            try:
                if _claimed(file) and not self.left():
                    self.path.unlink()
            except BrokenJournal:  # one that cannot be read is kept for a release that can read it
                pass
            finally:
                os.close(file)

    def _append(self, line: _Line) -> None:
        # A newline before it too: what a dying process left unfinished must not swallow this line.
        data = b"\n" + msgspec.json.encode(line, enc_hook=str) + b"\n"
        try:
            written = os.write(self._file, data)
            os.fsync(self._file)
        except OSError as error:
            raise DeploymentError(
                f"expected to keep in {self.path} how a change is undone; got: {error.strerror}; "
                "nothing was changed; make room and run it again"
            ) from error
        if written != len(data):
            raise DeploymentError(f"expected to keep in {self.path} how a change is undone; the disk is full")


def is_held(path: Path) -> bool:
    """Whether a process of the run goes on, or its journal is being healed."""
    with Locked(path.parent / _LOCK):
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return not _claimed(file)
        finally:
            os.close(file)


def _claimed(file: int) -> bool:
    """Whether no other process held it, so that this one owns it; where another did, this one's lock may be gone."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _flush_folder(folder: Path) -> None:
    """The name of a new file is on disk only after this."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def journals(folder: Path) -> tuple[Path, ...]:
    """Every journal that is kept, the oldest first. Raises UsageError for what is no folder."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"expected the folder of the undo journals; got {folder}, which is no folder")
    return tuple(sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: (path.stat().st_mtime_ns, path.name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What became of one entry: the proof that it is undone, or why it is not."""

    entry: Entry
    proof: str = ""
    problem: str = ""


def undo_left(
    journal: Journal,
    undo: Callable[[Undo], str],
    *,
    tell: Callable[[Undone], None] = lambda _: None,
    only: Callable[[Entry], bool] = lambda _: True,
) -> tuple[Undone, ...]:
    """Undo what is left, the newest change first; one that fails stays in the journal and does not stop the others.

    undo: does it and says how that was seen; raises ResilienceError. only: of these. A cluster goes first: everything
    in it goes with it.
    """
    told = []
    gone: set[str] = set()
    left = [entry for entry in reversed(journal.left()) if only(entry)]
    for entry in sorted(left, key=lambda entry: not isinstance(entry.undo, DeleteCluster)):
        try:
            cluster = kind_cluster_of(entry.undo)
            proof = f"{entry.undo} went with cluster {cluster}" if cluster in gone else undo(entry.undo)
        except ResilienceError as error:
            undone = Undone(entry=entry, problem=str(error))
        else:
            journal.done(entry, proof)
            undone = Undone(entry=entry, proof=proof)
            if isinstance(entry.undo, DeleteCluster):
                gone.add(entry.undo.kind_cluster)
        told.append(undone)
        tell(undone)
    return tuple(told)
