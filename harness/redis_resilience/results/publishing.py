"""From judged trial folders to what people read: a page a trial, one script for all of them, a table, a summary."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.model.errors import BrokenTrial, ResilienceError
from redis_resilience.model.tried import Ended, Tried
from redis_resilience.pages import page, summary, table
from redis_resilience.pages.script import write_shared_script
from redis_resilience.results.ran import Ran
from redis_resilience.statistics import rows
from redis_resilience.trials.folder import TrialFolder, write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """table: for a terminal. index: the summary file, or the page of the only trial. problem: what was not written."""

    table: str
    index: Path
    problem: str = ""


def tried(ran: Ran) -> Tried:
    """With its plan and verdict; raises BrokenTrial where it has none."""
    folder = TrialFolder(ran.folder)
    return Tried(folder.plan(), folder.judgement(), ran.test, Ended(ran.ended))


def publish(ran: Sequence[Ran], results: Path, *, width: int, colour: bool) -> Published:
    """Write a page for every trial and a summary for all; a trial without a verdict is left out of the table.

    A disk that is full costs pages, not the table.
    """
    judged = []
    for each in ran:
        with contextlib.suppress(BrokenTrial):
            judged.append((TrialFolder(each.folder), tried(each)))
    trials = [trial for _, trial in judged]
    problem = ""
    try:
        script = write_shared_script(results)
        for folder, trial in judged:
            folder.save_report(page.render(folder.history(), trial.judgement, script=script, lint=folder.lint()))
        lint = [report for folder, _ in judged if (report := folder.lint())]
        write_whole(results / "summary.md", summary.markdown(trials, lint).encode())
        latest = results.parent / "latest"
        latest.unlink(missing_ok=True)
        latest.symlink_to(results.name)
    except (ResilienceError, OSError) as error:
        problem = f"not every page was written: {error}"
    return Published(
        table=table.render(rows.summarise(trials), width=width, colour=colour),
        index=TrialFolder(ran[0].folder).report if len(ran) == 1 else results / "summary.md",
        problem=problem,
    )


def write_page(folder: TrialFolder, *, script: str) -> Path:
    """Make the trial's page from what its folder holds; returns the page."""
    folder.save_report(page.render(folder.history(), folder.judgement(), script=script, lint=folder.lint()))
    return folder.report
