"""`redis-resilience campaign`: all trials of a campaign file, interleaved; started again, it does what is missing."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.campaigns.campaign_file import CampaignFile, cells_of, common_options, read_campaign
from redis_resilience.campaigns.schedule import Share, Unit, interleaved, share_of
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
    taken,
)
from redis_resilience.command.chosen import parsed
from redis_resilience.command.everywhere import Session
from redis_resilience.command.exits import Exit
from redis_resilience.model.errors import UsageError
from redis_resilience.model.tried import verdict_of
from redis_resilience.model.verdict import Finding, Verdict
from redis_resilience.options import side_by_side
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
    share: str = ""
    budgets: tuple[str, ...] = ()
    dry_run: bool = False


def run_campaign(path: Path, given: Mapping[str, str], how: How, session: Session) -> Exit:
    """given: options of the command, over those of the file. Raises UsageError before the first trial.

    The exit code is that of the worst verdict or budget; `unknown` where a trial was not judged or did not fit. That of
    a share is of its own trials, and of the budgets once every trial of the campaign is judged.
    """
    campaign = read_campaign(path)
    budgets = [parse_budget(text) for text in (*campaign.budgets, *how.budgets)]
    deadline_s, parallel = seconds_of(how.deadline), parsed("--parallel", side_by_side, how.parallel)
    share = share_of(how.share)
    if how.share and campaign.seed is None:
        raise UsageError(f"{path}: expected a seed, which all shares draw their order from; got none; add: seed: 7")
    folder = folder_of(how.results, how.name or campaign.name)
    definition = definition_of(campaign, given, folder)
    if how.dry_run:
        return _preview(definition, folder, parallel, share)
    running = Campaigning(folder, definition, session, parallel=parallel, deadline_s=deadline_s, share=share)
    count, cells = len(running.mine), {unit.cell.name for unit in running.mine}
    part = f", share {share}" if how.share else ""
    running.say(f"campaign {folder}{part}: {count} trials of {len(cells)} cells, {running.judged} judged")
    stopped, missing = False, tuple[Unit, ...]()
    try:
        missing = running.run(running.mine)
    except KeyboardInterrupt:
        stopped = True
    kept: Sequence[Finding] = ()
    if running.ran:
        published = running.publish(budgets)
        kept = published.budgets if running.complete or not how.share else ()
        lines = (*left_out(missing), *(f"budget {budget_text(each)}" for each in kept))
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        running.say(f"report: {published.index}")
    if stopped:
        return running.stopped("the same command goes on")
    ran = running.ran_of(running.mine)
    verdicts = [*([verdict_of(map(tried, ran))] if ran else []), *(each.verdict for each in kept)]
    return Exit.of([*verdicts, *[Verdict.UNKNOWN] * (len(missing) + len(running.problems))])


def definition_of(campaign: CampaignFile, given: Mapping[str, str], folder: Path) -> Definition:
    """given: over the options of the file. Where one was begun in that folder, its seed is kept.

    Raises UsageError for an option that a campaign does not take; BrokenRun where what was begun cannot be read.
    """
    return Definition(
        cells=cells_of(campaign),
        trials=campaign.trials,
        seed=kept_seed(folder) if campaign.seed is None else campaign.seed,
        common=chosen_for_all({**common_options(campaign.options), **given}),
    )


def _preview(definition: Definition, folder: Path, parallel: int, share: Share) -> Exit:
    """Everything is checked, nothing is changed."""
    units = taken(share, interleaved(definition.cells, definition.trials, seed=definition.seed))
    checked(definition)
    took = expected_text(definition, len(units), parallel=parallel)
    part = f", share {share}" if share.of > 1 else ""
    lines = [f"campaign {folder}, seed {definition.seed}{part}: {len(units)} trials, {took}"]
    counts = Counter(unit.cell.name for unit in units)
    for cell in (each for each in definition.cells if counts[each.name]):
        options = ", ".join(f"{name.removeprefix('redis_')} {value}" for name, value in cell.options.items())
        lines.append(f"  {counts[cell.name]} x {cell.name}" + (f": {options}" if options else ""))
    sys.stdout.write("\n".join(lines) + "\n")
    return Exit.PASS
