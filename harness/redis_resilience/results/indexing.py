"""The index over all runs of a results folder: index.sqlite and index.html, made of the runs' own run.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from redis_resilience.model.errors import BrokenRun, BrokenTrial, UsageError
from redis_resilience.model.run import RunRecord
from redis_resilience.model.tried import Ended, Tried
from redis_resilience.model.verdict import Verdict
from redis_resilience.pages import run_page, runs_page
from redis_resilience.pages.script import write_shared_script
from redis_resilience.results.database import opened
from redis_resilience.results.recording import record_run
from redis_resilience.results.run_file import RUN, read_run, write_run
from redis_resilience.results.trending import write_trends
from redis_resilience.trials.folder import TrialFolder, write_whole

INDEX = "index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """page: of all runs. problems: runs that are not in it, one line each."""

    page: Path
    runs: int
    trials: int
    problems: tuple[str, ...] = ()


def run_folders(results: Path) -> list[Path]:
    """Folders with a run.json, by name. Raises UsageError where `results` is no folder of runs."""
    return [folder for folder in _folders(results) if (folder / RUN).is_file()]


def unrecorded(results: Path) -> list[Path]:
    """Folders of trials without a run.json: runs that were killed or still go on, and those of older releases."""
    return [folder for folder in _folders(results) if not (folder / RUN).is_file() and _trials(folder)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """stamp: of its run.json as it was then."""

    stamp: str
    run: RunRecord


def index(results: Path) -> Indexed:
    """Read what changed since the last time, and write the page.

    Raises Unavailable or BrokenTrial where the disk refuses.
    """
    return _index(results, {}, again=False)


def _index(results: Path, read: Mapping[str, _Read], *, again: bool) -> Indexed:
    """read: runs that need not be read once more, by their folders' names. again: the index is made of all runs."""
    problems: list[str] = []
    page = results / INDEX
    write_shared_script(results)
    with opened(results) as database:
        known = {} if again else database.stamps()
        folders = {folder.name: folder for folder in run_folders(results)}
        database.remove(database.stamps().keys() - folders.keys())
        for name, folder in folders.items():
            stamp = _stamp(folder / RUN)
            if known.get(name) == stamp:
                continue
            held = read.get(name)
            try:
                database.put(stamp, held.run if held and held.stamp == stamp else read_run(folder), name)
            except BrokenRun as error:
                database.remove([name])
                problems.append(str(error))
        rows = database.rows()
        write_trends(results, database)
        write_whole(page, runs_page.render(rows, problems).encode())  # before another run may write its own
    trials = sum(row.passed + row.unknown + row.failed for row in rows)
    return Indexed(page=page, runs=len(rows), trials=trials, problems=tuple(problems))


def rebuild(results: Path) -> Indexed:
    """As `index`, from the folders alone: a run without run.json gets one from its trials, and each run its page.

    Raises UsageError where the folder holds no run.
    """
    for folder in unrecorded(results):
        write_run(folder, record_run(folder, *_judged(_trials(folder))))
    folders = run_folders(results)
    if not folders:
        raise UsageError(f"expected a folder of results; got {results}, which holds no folder of a run; name another")
    read: dict[str, _Read] = {}
    problems: list[str] = []
    for folder in folders:
        try:
            read[folder.name] = _Read(stamp=_stamp(folder / RUN), run=read_run(folder))
            write_whole(folder / INDEX, run_page.render(read[folder.name].run).encode())
        except (BrokenRun, BrokenTrial) as error:
            problems.append(str(error))
    made = _index(results, read, again=True)
    return replace(made, problems=tuple(dict.fromkeys((*problems, *made.problems))))


def _folders(results: Path) -> list[Path]:
    """Not by way of links, as `latest` is one."""
    if (results / RUN).is_file():
        raise UsageError(f"expected a folder of results; got {results}, the folder of one run; name the one above it")
    try:
        return sorted(path for path in results.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError as error:
        raise UsageError(f"expected a folder of results; got {results}: {error.strerror}; name another") from error


def _trials(folder: Path) -> list[TrialFolder]:
    return [TrialFolder(path.parent) for path in sorted(folder.glob("*/plan.json"))]


def _judged(trials: Iterable[TrialFolder]) -> tuple[list[tuple[TrialFolder, Tried]], dict[Path, str]]:
    """How pytest ended them is not known any more: by their verdicts."""
    judged, left_out = [], {}
    for folder in trials:
        try:
            judgement = folder.judgement()
            ended = Ended.PASSED if judgement.verdict is Verdict.PASS else Ended.FAILED
            judged.append((folder, Tried(folder.plan(), judgement, "", ended)))
        except BrokenTrial as error:
            left_out[folder.path] = str(error)
    return judged, left_out


def _stamp(path: Path) -> str:
    known = path.stat()
    return f"{known.st_mtime_ns}:{known.st_size}"
