"""The commands on a results folder: make its index, remove old runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from redis_resilience.pages.units import plural
from redis_resilience.results.indexing import rebuild
from redis_resilience.results.pruning import Keep, going, remove, stored

_MIB = 1 << 20


def index_results(results: Path, *, tell: Callable[[str], None]) -> bool:
    """Make the index from the folders; False where a run is not in it."""
    made = rebuild(results)
    for problem in made.problems:
        tell(f"left out: {problem}")
    tell(f"{plural(made.runs, 'run')}, {plural(made.trials, 'trial')}: {made.page}")
    return not made.problems


def prune(results: Path, keep: Keep, *, dry_run: bool, tell: Callable[[str], None]) -> None:
    """Remove what no rule keeps, and list it; dry_run: list it only."""
    runs, problems = stored(results)
    for problem in problems:
        tell(problem)
    gone = going(runs, keep, now=datetime.now(UTC))
    verb = "would remove" if dry_run else "removed"
    if not dry_run and gone:
        remove(results, gone)
    for each in gone:
        kept = f", without the last failing {', '.join(each.kept)}" if each.kept else ""
        tell(f"{verb} {each.stored.folder.name}: {each.size / _MIB:.1f} MiB{kept}")
    total = sum(each.size for each in gone)
    left = sum(each.size for each in runs) - total
    are = "would be" if dry_run else "are"
    tell(f"{verb} {total / _MIB:.1f} MiB of {plural(len(gone), 'run')}; {left / _MIB:.1f} MiB {are} left")
