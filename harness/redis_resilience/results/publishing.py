"""From judged trial folders to what people read: a page per trial, one script for all of them, a table, a summary."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.model.errors import BrokenTrial, ResilienceError
from redis_resilience.model.lint import LintReport
from redis_resilience.model.tried import Ended, Tried
from redis_resilience.model.verdict import Finding, Verdict
from redis_resilience.pages import page, run_page, summary, table
from redis_resilience.pages.script import write_shared_script
from redis_resilience.results.budgets import judge_budgets
from redis_resilience.results.indexing import INDEX, index
from redis_resilience.results.ran import Ran
from redis_resilience.results.recording import record_run
from redis_resilience.results.run_file import write_run
from redis_resilience.statistics import rows
from redis_resilience.statistics.budgets import Budget
from redis_resilience.trials.folder import TrialFolder, write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """table: for a terminal. index: the run's page, or that of the only trial.

    budgets: whether each is kept. problem: what was left out or not written, one line each.
    """

    table: str
    index: Path
    budgets: tuple[Finding, ...] = ()
    problem: str = ""


def tried(ran: Ran) -> Tried:
    """With its plan and verdict; raises BrokenTrial where it has none."""
    folder = TrialFolder(ran.folder)
    return Tried(folder.plan(), folder.judgement(), ran.test, Ended(ran.ended), ran.variant)


def publish(
    ran: Sequence[Ran], results: Path, *, width: int, colour: bool, budgets: Sequence[Budget] = ()
) -> Published:
    """Write a page for every trial and a summary for all; a trial that cannot be read is left out, and named.

    A disk that is full costs pages, not the table, and no budget is kept then.
    """
    judged: list[tuple[TrialFolder, Tried]] = []
    left_out: dict[Path, str] = {}
    problems: list[str] = []
    kept = tuple(Finding(name=each.text, verdict=Verdict.UNKNOWN, text="the run was not recorded") for each in budgets)
    for each in ran:
        try:
            judged.append((TrialFolder(each.folder), tried(each)))
        except BrokenTrial as error:
            left_out[each.folder] = str(error)
    trials = [trial for _, trial in judged]
    try:
        script = write_shared_script(results.parent, "../../")
        problems += _pages(judged, script)
        run = record_run(results, judged, left_out)
        kept = judge_budgets(budgets, run.trials)
        write_run(results, run)
        write_whole(results / INDEX, run_page.render(run).encode())
        lint = [report for folder, _ in judged if (report := _lint(folder))]
        text = summary.markdown(trials, lint, tuple(left_out.values()), kept)
        write_whole(results / "summary.md", text.encode())
        problems += add_to_job_page(text)
        latest = results.parent / "latest"
        latest.unlink(missing_ok=True)
        latest.symlink_to(results.name)
        problems += index(results.parent).problems
    except (ResilienceError, OSError) as error:
        problems.append(f"not every page was written: {error}")
    return Published(
        table=table.render(rows.summarise(trials), width=width, colour=colour),
        index=TrialFolder(ran[0].folder).report if len(ran) == 1 else results / INDEX,
        budgets=kept,
        problem="\n".join((*(f"left out of the table: {reason}" for reason in left_out.values()), *problems)),
    )


def add_to_job_page(text: str) -> Iterator[str]:
    """Appends it to the page of a GitHub Actions job, where this is one; a sentence where that is refused."""
    path = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as page_of_job:
                page_of_job.write(f"{text}\n")
        except OSError as error:
            yield f"nothing was added to $GITHUB_STEP_SUMMARY, {path}: {error.strerror}"


def _pages(judged: Sequence[tuple[TrialFolder, Tried]], script: str) -> Iterator[str]:
    """Writes them; one sentence for each trial whose history cannot be read."""
    for folder, trial in judged:
        try:
            history, lint = folder.history(), folder.lint()
        except BrokenTrial as error:
            yield f"no page was written: {error}"
        else:
            folder.save_report(page.render(history, trial.judgement, script=script, lint=lint, files=folder.files()))


def _lint(folder: TrialFolder) -> LintReport | None:
    """None where it cannot be read: then its page is missing, and a problem names it."""
    try:
        return folder.lint()
    except BrokenTrial:
        return None


def write_page(folder: TrialFolder, *, script: str) -> Path:
    """Make the trial's page from what its folder holds; returns the page."""
    folder.save_report(
        page.render(folder.history(), folder.judgement(), script=script, lint=folder.lint(), files=folder.files())
    )
    return folder.report
