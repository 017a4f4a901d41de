"""The nights before: earlier runs of a campaign, of like environments, as the side that tonight is compared with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from redis_resilience.campaigns.comparing import Trials, unlike
from redis_resilience.model.run import RunRecord, TrialRecord
from redis_resilience.results.budgets import grouped
from redis_resilience.results.run_file import RUN, read_run

STAMP = "%Y%m%dT%H%M%SZ"
_NIGHT = re.compile(r"(.+)-\d{8}T\d{6}Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """pairs: trials of the nights before and of tonight, by setup; a setup that is new tonight has no pair.

    nights: how many runs the trials of before are of. unlike: runs of other environments, with what differs.
    """

    pairs: dict[str, Trials]
    nights: int
    unlike: dict[str, tuple[str, ...]]


def nights_of(results: Path, name: str) -> list[Path]:
    """The campaign's folders, the oldest first, finished or not."""
    return sorted(
        path for path in results.glob(f"{name}-*") if (found := _NIGHT.fullmatch(path.name)) and found[1] == name
    )


def history_of(tonight: Path, name: str, *, most: int) -> History:
    """The last `most` finished runs before tonight. Raises BrokenRun where one cannot be read."""
    run = read_run(tonight)
    before = [path for path in nights_of(tonight.parent, name) if path.name < tonight.name and (path / RUN).is_file()]
    alike: list[TrialRecord] = []
    others: dict[str, tuple[str, ...]] = {}
    nights = 0
    for path in reversed(before):
        earlier = read_run(path)
        if differences := unlike(earlier.trials, run.trials):
            others[path.name] = differences
        elif nights < most:
            nights += 1
            alike += _from_tonight(earlier, path.name)
    return History(pairs=_pairs(alike, run.trials), nights=nights, unlike=others)


def _from_tonight(run: RunRecord, name: str) -> list[TrialRecord]:
    """Its trials with their folders as they are seen from tonight's."""
    return [replace(trial, folder=f"../{name}/{trial.folder}") for trial in run.trials]


def _pairs(before: Sequence[TrialRecord], tonight: Sequence[TrialRecord]) -> dict[str, Trials]:
    old, new = grouped(before), grouped(tonight)
    return {name: (tuple(old[name]), tuple(new[name])) for name in new if name in old}
