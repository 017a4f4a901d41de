"""The index over all runs of a results folder: index.sqlite and index.html, made of the runs' own run.json."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from redis_resilience.model.errors import BrokenRun, BrokenTrial, UsageError
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


def index(results: Path, *, again: bool = False) -> Indexed:
    """Read what changed since the last time, or all of it again, and write the page.

    Raises Unavailable or BrokenTrial where the disk refuses.
    """
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
            try:
                database.put(stamp, read_run(folder), name)
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
    if not run_folders(results):
        raise UsageError(f"expected a folder of results; got {results}, which holds no folder of a run; name another")
    problems = list(_write_pages(results))
    made = index(results, again=True)
    return replace(made, problems=tuple(dict.fromkeys((*problems, *made.problems))))


def _write_pages(results: Path) -> Iterable[str]:
    for folder in run_folders(results):
        try:
            write_whole(folder / INDEX, run_page.render(read_run(folder)).encode())
        except (BrokenRun, BrokenTrial) as error:
            yield str(error)


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
