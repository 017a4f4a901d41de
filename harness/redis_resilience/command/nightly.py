"""`redis-resilience nightly`: a campaign every night, in a folder of its own, compared with the nights before."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import gmtime, strftime

from redis_resilience.campaigns.campaign_file import CampaignFile, read_campaign
from redis_resilience.campaigns.comparing import arms_of
from redis_resilience.campaigns.history import STAMP, History, history_of, nights_of
from redis_resilience.campaigns.store import Store
from redis_resilience.command.campaign import How, definition_of, run_campaign
from redis_resilience.command.chosen import parsed
from redis_resilience.command.compare import links_beside, publish_comparison, share_of
from redis_resilience.command.everywhere import Session
from redis_resilience.command.exits import Exit
from redis_resilience.options import positive_int
from redis_resilience.pages.comparison import View, decided
from redis_resilience.pages.units import plural
from redis_resilience.results.publishing import add_to_job_page
from redis_resilience.results.run_file import RUN, read_run
from redis_resilience.results.webhook import must_be_url, notice_of, post
from redis_resilience.statistics.comparison import Terms, compare
from redis_resilience.statistics.gate import Answer
from redis_resilience.trials.documents import encode_json
from redis_resilience.trials.folder import write_whole

OUTCOME = "night.json"
"""What a night writes last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """When a night is worse than those before, as text: shares, and how many nights before count at most.

    webhook: the URL that each night's outcome is posted to; "" for none.
    """

    margin: str = "10%"
    alpha: str = "1%"
    nights: str = "14"
    webhook: str = ""


def run_night(path: Path, given: Mapping[str, str], how: How, alarm: Alarm, session: Session) -> Exit:
    """The campaign's exit code; `fail` where tonight is worse than the nights before. `cannot tell` raises no alarm.

    A night that was stopped or killed before its outcome was written goes on in its folder. Raises UsageError before
    the first trial.
    """
    campaign = read_campaign(path)
    name = campaign.name
    margin, alpha = share_of("--margin", alarm.margin, zero=True), share_of("--alpha", alarm.alpha)
    most = parsed("--history", positive_int, alarm.nights)
    if alarm.webhook:
        must_be_url(alarm.webhook)
    folder = _unfinished(campaign, given, how.results) or how.results / f"{name}-{strftime(STAMP, gmtime())}"
    code = run_campaign(path, given, replace(how, name=folder.name), session)
    if how.dry_run or not (folder / RUN).is_file() or code in (Exit.INTERRUPTED, Exit.TERMINATED):
        return code
    history = history_of(folder, name, most=most)
    line, worse = _compared(folder, history, margin=margin, alpha=alpha)
    summary = folder / "summary.md"
    write_whole(summary, f"{summary.read_text()}\n{line}\n".encode())
    sys.stdout.write(f"{line}\n")
    code = Exit.FAIL if worse else code
    problems = [*add_to_job_page(line)]
    notice = notice_of(read_run(folder), exit_code=code, alarm=worse, history=line)
    write_whole(folder / OUTCOME, encode_json(notice))
    if alarm.webhook:
        problems += post(alarm.webhook, notice)
    sys.stderr.write("".join(f"{problem}\n" for problem in problems))
    return code


def _unfinished(campaign: CampaignFile, given: Mapping[str, str], results: Path) -> Path | None:
    """The last night's folder, where it has no outcome; a night of another campaign file is left as it is."""
    last = next(reversed(nights_of(results, campaign.name)), None)
    if last is None or (last / OUTCOME).is_file():
        return None
    if Store(last).known() == definition_of(campaign, given, last):
        return last
    sys.stderr.write(f"{last} has no {OUTCOME} and was begun with another campaign: it stays as it is\n")
    return None


def _compared(folder: Path, history: History, *, margin: float, alpha: float) -> tuple[str, bool]:
    """The outcome in a line, and whether it is an alarm; its page and JSON are in tonight's folder."""
    others = "".join(f"; not compared with {name}: {', '.join(each)}" for name, each in history.unlike.items())
    if not history.pairs:
        return f"History: no night before with the same setups in a like environment{others}", False
    terms = Terms(margin=margin)
    arms = arms_of(history.pairs, {})
    compared = compare(arms, terms, alpha=alpha)
    view = View(
        sides=(f"{plural(history.nights, 'night')} before", folder.name),
        compared=compared,
        terms=terms,
        how=(f"tonight is B; tested at alpha {alpha:.3g}{others}",),
        arms=arms,
        trials=history.pairs,
        links=links_beside(history.pairs),
    )
    publish_comparison(view, folder / "comparison.html", (), results=folder.parent)
    before = plural(history.nights, "night")
    why = decided(compared)
    if compared.answer is Answer.CANNOT_TELL and not compared.because:
        count = sum(each.decision.answer is Answer.CANNOT_TELL and not each.one_sided for each in compared.tested)
        why = f"{plural(count, 'test')} open"
    line = f"History: {compared.answer} compared with {before} before: {why}; all tests: comparison.html{others}"
    return line, compared.answer is Answer.WORSE
