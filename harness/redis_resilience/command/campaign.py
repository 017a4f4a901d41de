"""`redis-resilience campaign`: all trials of a campaign file, interleaved; started again, it does what is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.campaigns.campaign_file import cells_of, common_options, read_campaign
from redis_resilience.campaigns.schedule import Unit
from redis_resilience.campaigns.store import Definition
from redis_resilience.command.campaigning import (
    Campaigning,
    checked,
    chosen_for_all,
    expected_text,
    folder_of,
    kept_seed,
    left_out,
    seconds_of,
)
from redis_resilience.command.everywhere import Session
from redis_resilience.command.exits import Exit
from redis_resilience.command.running import parsed
from redis_resilience.model.tried import verdict_of
from redis_resilience.model.verdict import Verdict
from redis_resilience.options import positive_int
from redis_resilience.pages.summary import budget_text
from redis_resilience.results.publishing import tried
from redis_resilience.statistics.budgets import parse_budget


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a campaign runs, not what it is. budgets: beside those of its file."""

    results: Path
    name: str = ""
    parallel: str = "1"
    deadline: str = ""
    budgets: tuple[str, ...] = ()
    dry_run: bool = False


def run_campaign(path: Path, given: Mapping[str, str], how: How, session: Session) -> Exit:
    """given: options of the command, over those of the file. Raises UsageError before the first trial.

    The exit code is that of the worst verdict or budget; `unknown` where a trial was not judged or did not fit.
    """
    campaign = read_campaign(path)
    budgets = [parse_budget(text) for text in (*campaign.budgets, *how.budgets)]
    deadline_s, parallel = seconds_of(how.deadline), parsed("--parallel", positive_int, how.parallel)
    folder = folder_of(how.results, how.name or campaign.name)
    definition = Definition(
        cells=cells_of(campaign),
        trials=campaign.trials,
        seed=kept_seed(folder) if campaign.seed is None else campaign.seed,
        common=chosen_for_all({**common_options(campaign.options), **given}),
    )
    if how.dry_run:
        return _preview(definition, folder, parallel)
    running = Campaigning(folder, definition, session, parallel=parallel, deadline_s=deadline_s)
    count, judged = len(running.units), running.judged
    running.say(f"campaign {folder}: {count} trials of {len(definition.cells)} cells, {judged} judged")
    stopped, missing = False, tuple[Unit, ...]()
    try:
        missing = running.run(running.units)
    except KeyboardInterrupt:
        stopped = True
    if running.ran:
        published = running.publish(budgets)
        lines = (*left_out(missing), *(f"budget {budget_text(each)}" for each in published.budgets))
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        running.say(f"report: {published.index}")
    if stopped:
        return running.stopped("the same command goes on")
    kept = [each.verdict for each in published.budgets] if running.ran else []
    verdicts = [*([verdict_of(map(tried, running.ran))] if running.ran else []), *kept]
    return Exit.of([*verdicts, *[Verdict.UNKNOWN] * (len(missing) + len(running.problems))])


def _preview(definition: Definition, folder: Path, parallel: int) -> Exit:
    """Everything is checked, nothing is changed."""
    checked(definition)
    trials = len(definition.cells) * definition.trials
    took = expected_text(definition, trials, parallel=parallel)
    lines = [f"campaign {folder}, seed {definition.seed}: {trials} trials, {took}"]
    for cell in definition.cells:
        options = ", ".join(f"{name.removeprefix('redis_')} {value}" for name, value in cell.options.items())
        lines.append(f"  {definition.trials} x {cell.name}" + (f": {options}" if options else ""))
    sys.stdout.write("\n".join(lines) + "\n")
    return Exit.PASS
