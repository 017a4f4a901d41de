"""A scenario by its name, from the command: pytest runs it, this module starts it and shows what happens."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest
from rich.console import Console

from redis_resilience.command.exits import Exit
from redis_resilience.command.live import LiveRun
from redis_resilience.command.previewing import must_be_possible
from redis_resilience.command.scenarios import scenario as find
from redis_resilience.deployments.local.engine import find_engine
from redis_resilience.model.errors import UsageError
from redis_resilience.model.verdict import Verdict
from redis_resilience.options import OPTIONS, choose, positive_int
from redis_resilience.plugin import settings_of
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.publishing import publish
from redis_resilience.trials.settings import Settings

T = TypeVar("T")


def run_scenario(name: str, chosen: Mapping[str, str], *, parallel: str) -> Exit:
    """Run the scenario with these options of the plugin; prints trials, table and the path of the report.

    parallel: how many deployments side by side; "" = one a core, but no more than trials.

    Raises UsageError or Unavailable, before anything starts, where the options make no sense or something is missing.
    """
    known = find(name)
    for option in OPTIONS:
        if chosen.get(option.name):
            _parsed(option.flag.replace("--redis-", "--"), option.parse, chosen[option.name])
    trials = int(chosen["redis_trials"])
    workers = _parsed("--parallel", positive_int, parallel) if parallel else min(trials, os.cpu_count() or 1)
    topology(chosen["redis_topology"]).profile(chosen["redis_profile"])
    if chosen["redis_backend"] == "local":
        find_engine(chosen["redis_server"] or None)
    if chosen["redis_backend"] in ("kind", "context"):
        workers = must_be_possible(settings_from(chosen), workers if parallel else None) or workers
    words = [known.node, "-c", os.devnull, "--rootdir", str(Path.cwd()), "-p", "no:cacheprovider"]
    words += ["-p", "redis_resilience.plugin", "--import-mode=importlib", "--tb=short", "-s", "-q"]
    words += [f"--{option.replace('_', '-')}={value}" for option, value in chosen.items() if value]
    words += ["-n", str(workers)] if workers != 1 else []
    console = Console(file=sys.stdout)  # this very stream: pytest gets another one
    live = LiveRun(console, trials)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(words, plugins=[live])
    if code == pytest.ExitCode.INTERRUPTED:
        return Exit.INTERRUPTED
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        sys.stderr.write(said.getvalue())
        return Exit.WRONG
    if live.verdicts:
        published = publish(live.folders, live.folders[0].parent, width=console.width, colour=console.is_terminal)
        console.print(published.table, markup=False, highlight=False, soft_wrap=True)
        console.print(published.problem or f"report: {published.index}", markup=False, highlight=False, soft_wrap=True)
    return Exit.of([*live.verdicts, *[Verdict.UNKNOWN] * live.problems])


def settings_from(chosen: Mapping[str, str]) -> Settings:
    """What was given to the command, over the environment, over the defaults."""
    values = {}
    for option in OPTIONS:
        text = choose(option, chosen.get(option.name) or None, "").text
        values[option.name] = _parsed(option.flag.replace("--redis-", "--"), option.parse, text) if text else None
    return settings_of(values, results=Path(chosen.get("redis_results") or "results"))


def _parsed(flag: str, parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}") from error
