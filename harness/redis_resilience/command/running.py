"""A scenario by its name, from the command: pytest runs it, this module starts it and shows what happens."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from redis_resilience.command.chosen import parsed, values_of
from redis_resilience.command.everywhere import Detail, Session
from redis_resilience.command.exits import Exit
from redis_resilience.command.lint import before_deploying
from redis_resilience.command.live import LiveRun
from redis_resilience.command.previewing import must_be_possible
from redis_resilience.command.scenarios import must_run_on
from redis_resilience.command.scenarios import scenario as find
from redis_resilience.command.twins import in_commands_words, twin, words_of
from redis_resilience.deployments.local.engine import find_engine
from redis_resilience.model.errors import UsageError
from redis_resilience.model.tried import verdict_of
from redis_resilience.model.verdict import Verdict, worst
from redis_resilience.options import OF_THE_USERS, OPTIONS, side_by_side
from redis_resilience.pages.summary import budget_text
from redis_resilience.plugin.naming import program
from redis_resilience.results.publishing import publish, tried
from redis_resilience.shipped import SCENARIOS
from redis_resilience.statistics.budgets import parse_budget
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.topology import ATTACHED
from redis_resilience.trials.folder import must_take_results
from redis_resilience.trials.plan_file import read_plan
from redis_resilience.trials.settings import settings as made
from redis_resilience.trials.trial import must_make_sense

_OF_THE_RUN = ("redis_seed", "redis_results", "redis_trials", "redis_require")
"""Options of the whole run, which are none of a single trial."""
_DECIDED = ("redis_profile", "redis_down_after", "redis_directives", "redis_rate", "redis_writers", "redis_wait")
"""Options that a plan has an answer to; and the seed has nothing left to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """parallel: how many deployments side by side; "" = one a core, but no more than trials.

    budgets: in words, as in `redis_resilience.statistics.budgets`; one that is exceeded fails the run.
    """

    parallel: str
    budgets: Sequence[str]
    session: Session


def run_scenario(name: str, chosen: Mapping[str, str], manner: Manner) -> Exit:
    """Run the scenario with these options of the plugin; prints trials, table and the path of the report.

    A run that is stopped reports what was judged.

    Raises UsageError or Unavailable, before anything starts, where the options make no sense or something is missing.
    """
    wanted = find(name)
    must_run_on(wanted, chosen.get("redis_topology", ""))
    return _run(wanted.node, (), chosen, manner, repeat=_repeat(name, chosen))


def run_plan(path: Path, chosen: Mapping[str, str], manner: Manner) -> Exit:
    """Run what the plan in this file says, on its own backend unless another is given, as `run_scenario` does.

    Raises UsageError for a plan that makes no sense, and for an option that the plan has an answer to.
    """
    plan = read_plan(path)
    if against := [twin(option) for option in OPTIONS if option.name in _DECIDED and chosen.get(option.name)]:
        raise UsageError(
            f"expected no {', no '.join(against)} with {path}: a plan is run as it is; change it in the file"
        )
    found_there = plan.topology == ATTACHED
    if found_there and not any(map(chosen.get, OF_THE_USERS)):
        raise UsageError(
            f"expected --attach, --chart or --manifests with {path}: it is for a Redis that is found; name where"
        )
    described = {} if found_there else {"redis_topology": plan.topology}
    where = {"redis_backend": plan.backend, **described, **chosen}
    if not any(map(chosen.get, OF_THE_USERS)):
        found = topology(where["redis_topology"])
        if found.name != plan.topology:
            raise UsageError(f"expected the topology of {path}, {plan.topology}; got --topology {found.name}")
        must_make_sense(plan, found)
    repeat = _repeat(str(path), where)
    plugins = ("-p", "redis_resilience.command.plan_item")
    chosen = where if found_there else {**where, "redis_profile": plan.profile}
    return _run(str(path), plugins, chosen, manner, repeat=repeat)


def _run(node: str, plugins: Sequence[str], chosen: Mapping[str, str], manner: Manner, *, repeat: str) -> Exit:
    wanted = [parse_budget(text) for text in manner.budgets]
    parallel, stop, detail = manner.parallel, manner.session.stop, manner.session.detail
    stop.announce = True
    values = values_of(chosen)
    settings, trials = made(values, results=values["redis_results"]), values["redis_trials"]
    workers = parsed("--parallel", side_by_side, parallel) if parallel else min(trials, os.cpu_count() or 1)
    topology(settings.topology).profile(settings.profile)
    # These very streams: pytest gets others.
    table, console = Console(file=sys.stdout), Console(file=sys.stderr)
    with LiveRun(console, trials, repeat=repeat, stop=stop, detail=detail) as live:
        if settings.backend == "local":
            find_engine(settings.server or None)
        if settings.backend in ("kind", "context"):
            workers = must_be_possible(settings, workers if parallel else None) or workers
        must_take_results(settings.results)
        for line in before_deploying(settings):
            live.say(line)
        words = [node, *plugins, "-c", os.devnull, "--rootdir", str(Path.cwd()), "--confcutdir", str(SCENARIOS)]
        words += ["-p", "no:cacheprovider", "-p", "redis_resilience.plugin", "--import-mode=importlib"]
        words += ["--tb=short", "-s", "-q"]
        words += [f"--{option.replace('_', '-')}={value}" for option, value in chosen.items() if value]
        words += ["-n", str(workers)] if workers != 1 else []
        with contextlib.redirect_stdout(io.StringIO()) as said:
            code = pytest.main(words, plugins=[live])
        stop.ending()
        live.publishing()
        ran = list(live.reports.ran.values())
        published = (
            publish(ran, ran[0].folder.parent, width=table.width, colour=table.is_terminal, budgets=wanted)
            if ran
            else None
        )
    if published:
        sys.stdout.write("\n".join([published.table, *(f"budget {budget_text(each)}\n" for each in published.budgets)]))
        report = f"report: {published.index}" if published.index.exists() and detail is not Detail.QUIET else ""
        for line in filter(None, (published.problem, report)):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if stop.received:
        sys.stderr.write(f"stopped by {stop.received.name}: {len(ran)} of {trials} trials were judged\n")
        return Exit(stop.exit_code)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        sys.stderr.write(in_commands_words(said.getvalue()))
        return Exit.WRONG
    if published is None:
        return Exit.WRONG if live.reports.missing else Exit.of([Verdict.UNKNOWN] * live.problems)
    verdict = worst([verdict_of(map(tried, ran)), *[Verdict.UNKNOWN] * live.problems])
    if verdict is Verdict.UNKNOWN and values["redis_allow_unknown"] and not live.problems:
        verdict = Verdict.PASS
    return Exit.of([verdict, *(each.verdict for each in published.budgets)])


def _repeat(name: str, chosen: Mapping[str, str]) -> str:
    """The shell command that runs one trial of this scenario again, without its seed."""
    words = [program("redis-resilience"), "run", name]
    for option in OPTIONS:
        if chosen.get(option.name) and option.name not in _OF_THE_RUN:
            words += words_of(option, chosen[option.name])
    return shlex.join(words)
