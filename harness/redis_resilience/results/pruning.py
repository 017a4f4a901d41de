"""Which runs and trials may go, and their removal. The last failing trial of each scenario always stays."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis_resilience.model.errors import BrokenRun, Unavailable, UsageError
from redis_resilience.model.run import RunRecord
from redis_resilience.model.verdict import Verdict
from redis_resilience.pages import run_page
from redis_resilience.results.indexing import INDEX, index, run_folders, unrecorded
from redis_resilience.results.run_file import RUN, read_run, write_run
from redis_resilience.trials.folder import write_whole

_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kMGT]?)i?B?")
_UNITS = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """days, runs: a run that either of them keeps stays. most_bytes: then the oldest go until no more is left.

    None: no such rule. Raises UsageError where there is none at all, or one that makes no sense.
    """

    days: float | None = None
    runs: int | None = None
    most_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.days is None and self.runs is None and self.most_bytes is None:
            raise UsageError("expected --keep-days, --keep-runs or --max-size; got none: which runs are to stay")
        if self.days is not None and not self.days >= 0:
            raise UsageError(f"expected --keep-days of 0 or more; got {self.days:g}")
        if self.runs is not None and self.runs < 1:
            raise UsageError(f"expected --keep-runs of 1 or more; got {self.runs}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A run on disk. begun: its start. sizes: bytes of each trial's folder; rest: of everything else of the run."""

    folder: Path
    run: RunRecord
    begun: datetime
    sizes: Mapping[str, int]
    rest: int

    @property
    def size(self) -> int:
        return self.rest + sum(self.sizes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """What is removed of a run. kept: trials that stay; none: the whole run goes. size: bytes that are freed."""

    stored: Stored
    kept: tuple[str, ...]
    size: int


def size_of(text: str) -> int:
    """Bytes of "500M", "10G"; raises UsageError for anything else."""
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise UsageError(f"expected a size like 500M or 10G; got {text!r}")
    return int(float(match["number"]) * _UNITS[match["unit"]])


def stored(results: Path) -> tuple[list[Stored], list[str]]:
    """The runs, the newest first; and what is left as it is, one line each: it is not known what it is worth."""
    found = []
    problems = [
        f"left as it is: {folder}: no {RUN}; the run goes on, was killed or is of an older release; "
        "for the latter try: redis-resilience index"
        for folder in unrecorded(results)
    ]
    for folder in run_folders(results):
        try:
            run = read_run(folder)
        except BrokenRun as error:
            problems.append(f"left as it is: {error}")
            continue
        sizes = {path.name: _bytes(path) for path in folder.iterdir() if path.is_dir() and not path.is_symlink()}
        rest = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
        found.append(Stored(folder=folder, run=run, begun=_begun(folder, run), sizes=sizes, rest=rest))
    return sorted(found, key=lambda each: (each.begun, each.folder.name), reverse=True), problems


def _bytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def _begun(folder: Path, run: RunRecord) -> datetime:
    try:
        return datetime.fromisoformat(run.started).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(folder.stat().st_mtime, UTC)


def going(runs: Sequence[Stored], keep: Keep, *, now: datetime) -> tuple[Going, ...]:
    """runs: the newest first. Returns what goes, the oldest first."""
    held = _last_failures(runs)
    gone = {each.folder: _going(each, held) for number, each in enumerate(runs) if _is_old(each, number, keep, now)}
    if keep.most_bytes is not None:
        left = sum(each.size for each in runs) - sum(each.size for each in gone.values())
        for each in reversed(runs):
            if left <= keep.most_bytes:
                break
            if each.folder not in gone:
                gone[each.folder] = _going(each, held)
                left -= gone[each.folder].size
    return tuple(sorted((each for each in gone.values() if each.size), key=lambda each: each.stored.begun))


def _is_old(each: Stored, number: int, keep: Keep, now: datetime) -> bool:
    """number: how many runs are newer."""
    if keep.days is None and keep.runs is None:
        return False
    young = keep.days is not None and now - each.begun <= timedelta(days=keep.days)
    return not young and not (keep.runs is not None and number < keep.runs)


def _last_failures(runs: Iterable[Stored]) -> Mapping[Path, tuple[str, ...]]:
    """By the run's folder: trials that are the last to fail of their scenario, topology, profile and backend."""
    seen = set()
    held: dict[Path, tuple[str, ...]] = {}
    for each in runs:
        for trial in sorted(each.run.trials, key=lambda trial: trial.started, reverse=True):
            kind = (trial.scenario, trial.topology, trial.profile, trial.backend)
            failed = Verdict.FAIL in (trial.counts_as, trial.verdict)
            if failed and kind not in seen and trial.folder in each.sizes:
                seen.add(kind)
                held[each.folder] = (*held.get(each.folder, ()), trial.folder)
    return held


def _going(each: Stored, held: Mapping[Path, tuple[str, ...]]) -> Going:
    kept = held.get(each.folder, ())
    freed = sum(size for name, size in each.sizes.items() if name not in kept)
    return Going(stored=each, kept=kept, size=freed if kept else each.size)


def remove(results: Path, gone: Sequence[Going]) -> None:
    """Remove them, and bring the index up to date. Raises Unavailable where the disk refuses."""
    try:
        for each in gone:
            _remove(each)
        _point_latest(results)
    except OSError as error:
        raise Unavailable(f"expected to remove {error.filename}; got: {error.strerror}") from error
    index(results)


def _remove(each: Going) -> None:
    folder = each.stored.folder
    if not each.kept:
        shutil.rmtree(folder)
        return
    for name in each.stored.sizes:
        if name not in each.kept:
            shutil.rmtree(folder / name)
    trials = tuple(trial for trial in each.stored.run.trials if trial.folder in each.kept)
    before = each.stored.run
    removed = before.pruned + len(before.trials) + len(before.left_out) - len(trials)
    run = replace(before, trials=trials, left_out=(), pruned=removed)
    write_run(folder, run)
    write_whole(folder / INDEX, run_page.render(run).encode())


def _point_latest(results: Path) -> None:
    """To the newest run that is left, where the one that it named is gone."""
    latest = results / "latest"
    if latest.is_symlink() and not latest.exists():
        latest.unlink()
        left = run_folders(results)
        if left:
            latest.symlink_to(left[-1].name)
