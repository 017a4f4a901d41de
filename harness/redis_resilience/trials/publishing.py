"""From judged trial folders to what people read: a page a trial, one script for all of them, a table, a summary."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.model.errors import BrokenTrial, ResilienceError
from redis_resilience.pages import page, summary, table
from redis_resilience.pages.script import write_shared_script
from redis_resilience.statistics import rows
from redis_resilience.trials.folder import TrialFolder, write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """table: for a terminal. index: the summary file, or the page of the only trial. problem: what was not written."""

    table: str
    index: Path
    problem: str = ""


def publish(folders: Sequence[Path], results: Path, *, width: int, colour: bool) -> Published:
    """Write a page for every trial and a summary for all; a trial without a verdict is left out of the table.

    A disk that is full costs pages, not the table.
    """
    judged = []
    for folder in map(TrialFolder, folders):
        with contextlib.suppress(BrokenTrial):
            judged.append((folder, folder.plan(), folder.judgement()))
    trials = [(plan, judgement) for _, plan, judgement in judged]
    problem = ""
    try:
        script = write_shared_script(results)
        for folder, _, judgement in judged:
            folder.save_report(page.render(folder.history(), judgement, script=script, lint=folder.lint()))
        lint = [report for folder, _, _ in judged if (report := folder.lint())]
        write_whole(results / "summary.md", summary.markdown(trials, lint).encode())
        latest = results.parent / "latest"
        latest.unlink(missing_ok=True)
        latest.symlink_to(results.name)
    except (ResilienceError, OSError) as error:
        problem = f"not every page was written: {error}"
    return Published(
        table=table.render(rows.summarise(trials), width=width, colour=colour),
        index=TrialFolder(folders[0]).report if len(folders) == 1 else results / "summary.md",
        problem=problem,
    )


def write_page(folder: TrialFolder, *, script: str) -> Path:
    """Make the trial's page from what its folder holds; returns the page."""
    folder.save_report(page.render(folder.history(), folder.judgement(), script=script, lint=folder.lint()))
    return folder.report
