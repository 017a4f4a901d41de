"""What runs in a namespace, written as a topology of one's own for the backend `local`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from redis_resilience.discovery.carrying import carried
from redis_resilience.discovery.system import System
from redis_resilience.model.errors import UsageError
from redis_resilience.topologies.written import as_yaml
from redis_resilience.trials.folder import write_whole
from redis_resilience.trials.settings import AUTO, Settings

_YAML = (".yaml", ".yml")


def must_be_writable(path: Path, *, overwrite: bool) -> None:
    """Before a cluster is asked; raises UsageError."""
    if path.suffix not in _YAML:
        raise UsageError(f"expected a file that ends in .yaml; got {path}: its ending tells a topology's file")
    if not path.parent.is_dir():
        raise UsageError(f"expected a folder to write {path.name} into; got {path.parent}, which is none")
    if path.exists() and not (overwrite and path.is_file()):
        raise UsageError(f"expected no file at {path}; it is there already; name another, or add --overwrite")


def write(path: Path, found: Sequence[System], settings: Settings) -> tuple[str, ...]:
    """Lines that report what was written, and what could not be carried over."""
    where = f"namespace {settings.namespace}, context {settings.context}"
    system = _one(found, settings, where)
    made = carried(
        system,
        name=path.stem,
        document=f"{system.name} of {where}, as it ran on {datetime.now(UTC):%Y-%m-%d}",
        master_name=settings.master_name,
        user=settings.user,
        sentinel_user=settings.sentinel_user,
    )
    run = shlex.join(["redis-resilience", "run", "master-kill", "--topology", str(path)])
    left_out = [f"  {each}" for each in made.left_out]
    comments = [
        f"Written by redis-resilience discover: {made.topology.document}.",
        "",
        f"  {run}",
        "",
        "Profile documented has the times as they are there; fast has short ones, for tests. Not carried over:",
        *left_out,
    ]
    write_whole(path, as_yaml(made.topology, comments).encode())
    return (f"wrote {path}: {made.topology.summary}; not carried over:", *left_out, f"to run it here: {run}")


def _one(found: Sequence[System], settings: Settings, where: str) -> System:
    chosen = [each for each in found if settings.attach in (AUTO, each.selector)]
    if len(chosen) != 1:
        what = "" if settings.attach == AUTO else f" of the labels {settings.attach!r}"
        names = "; ".join(f"{each.name} ({each.selector or 'no labels of its own'})" for each in found)
        raise UsageError(
            f"expected one Redis{what} to write in {where}; there are: {names}; name its labels with --redis-attach"
        )
    return chosen[0]
