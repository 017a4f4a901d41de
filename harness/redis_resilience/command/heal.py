"""Undoing what dead runs left behind: every journal that no process holds, its newest change first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from redis_resilience.deployments.journal import Journal, Undone, journals, undo_left
from redis_resilience.deployments.kube.deleting_keys import delete_keys
from redis_resilience.deployments.kube.undoing import Undoer
from redis_resilience.deployments.local.leftovers import left_folders, remove
from redis_resilience.model.errors import ResilienceError

_PATIENCE_S = 10.0

Tell = Callable[[str], None]
MakeUndoer = Callable[[Journal], Undoer]


def undoer_for(journal: Journal) -> Undoer:
    """journal: of the dead run; it keeps how to undo what healing itself makes."""
    return Undoer(patience_s=_PATIENCE_S, delete_keys=partial(delete_keys, journal=journal))


def heal_all(folder: Path, *, tell: Tell, make_undoer: MakeUndoer = undoer_for) -> bool:
    """Undo what every dead run left, reporting each step; returns whether nothing of it is left. May be repeated."""
    paths = journals(folder)
    if not paths:
        tell(f"nothing to undo: no run left a journal in {folder}")
    clean = [_heal(path, tell, make_undoer) for path in paths]
    return all(clean)


def heal_folders(*, tell: Tell, places: Path | None = None) -> bool:
    """Remove the folders of local deployments whose process is gone; returns whether nothing of them is left."""
    clean = True
    for path in left_folders(places):
        try:
            remove(path)
            tell(f"  undone  folder {path} of a dead run is removed")
        except ResilienceError as error:
            clean = False
            tell(f"  LEFT    {error}")
    return clean


def _heal(path: Path, tell: Tell, make_undoer: MakeUndoer) -> bool:
    journal = Journal.claim(path)
    if journal is None:
        tell(f"run {path.stem}: is still running; it undoes its own changes")
        return True
    try:
        content = journal.content()
        tell(f"run {content.run or path.stem}: died with {_count(len(content.left), 'change')} to undo")
        if content.torn:
            tell(f"  ignored: {_count(content.torn, 'truncated journal line')}; no action was taken for it")
        with make_undoer(journal) as undoer:
            told = undo_left(journal, undoer.undo, tell=lambda undone: tell(_line(undone)))
    except ResilienceError as error:
        tell(f"  LEFT    {error}")
        return False
    finally:
        journal.close()
    return not any(undone.problem for undone in told)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _line(undone: Undone) -> str:
    if undone.problem:
        return f"  LEFT    {undone.entry.undo}: {undone.problem}"
    return f"  undone  {undone.proof}"
