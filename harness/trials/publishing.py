"""From judged trial folders to what people read: a page a trial, one script for all of them, a table, a summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.model.errors import BrokenTrial
from harness.trials.folder import TrialFolder, write_whole
from reports import page, summary, table
from reports.script import write_shared_script


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """table: for a terminal. index: the summary file, or the page where there is one trial."""

    table: str
    index: Path


def publish(folders: Sequence[Path], results: Path, *, width: int, colour: bool) -> Published:
    """Write a page for every trial and a summary for all; a trial without a verdict is left out of the table."""
    judgements = []
    script = write_shared_script(results)
    for path in folders:
        folder = TrialFolder(path)
        try:
            plan, judgement = folder.plan(), folder.judgement()
        except BrokenTrial:
            continue
        judgements.append((plan, judgement))
        write_page(folder, script=script)
    rows = table.summarise(judgements)
    write_whole(results / "summary.md", summary.markdown(judgements).encode())
    latest = results.parent / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(results.name)
    only = len(folders) == 1
    return Published(
        table=table.render(rows, width=width, colour=colour),
        index=TrialFolder(folders[0]).report if only else results / "summary.md",
    )


def write_page(folder: TrialFolder, *, script: str) -> Path:
    """Make the trial's page from what its folder holds; returns the page."""
    folder.save_report(page.render(folder.history(), folder.judgement(), script=script))
    return folder.report
