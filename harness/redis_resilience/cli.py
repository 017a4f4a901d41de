"""The command `redis-resilience`: the same scenarios, engine and judges as the pytest plugin, without knowing pytest.

Exit codes: 0 every verdict pass; 1 a verdict is fail; 2 none is fail, but one is unknown or was not reached; 3 what was
asked for is wrong or missing here (the message says what to try); 130 stopped by Ctrl-C, 143 by SIGTERM.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from redis_resilience.command.everywhere import (
    App,
    Detail,
    Session,
    complain,
    detail_of,
    prepare_streams,
    session_of,
    show_version,
)
from redis_resilience.command.exits import Exit
from redis_resilience.command.twins import (
    BROUGHT,
    CHANGES,
    NOT_OF_DISCOVERY,
    OF_A_RUN,
    given,
    in_commands_words,
    takes,
)
from redis_resilience.model.errors import ResilienceError, UsageError
from redis_resilience.model.lint import Severity
from redis_resilience.signals import Stop

app = App(
    name="redis-resilience",
    help="Break a real Redis deployment on purpose, and report with evidence what happened.",
    epilog="Exit codes: 0 pass, 1 fail, 2 unknown, 3 wrong or missing input, 130 Ctrl-C, 143 SIGTERM.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


_UsageError: Any = typer.BadParameter.__base__
"""Typer shows this class of the library below it (click, or its own copy of it) only through its children."""


def _scenario_names() -> list[str]:
    from redis_resilience.command.scenarios import scenarios as known  # noqa: PLC0415 - completion alone needs it

    return [found.name for found in known()]


StatePath = Annotated[
    str, typer.Option(metavar="FOLDER", help="Folder of the undo journals (default: ~/.local/state/redis-resilience).")
]

Budgets = Annotated[
    list[str] | None,
    typer.Option("--budget", metavar="BUDGET", help="'outage.p95 <= 5s', 'lost == 0'; exit code 1 where exceeded."),
]

ResultsOption = Annotated[Path, typer.Option("--results", metavar="FOLDER", help="Folder for the results.")]
RunName = Annotated[str, typer.Option("--name", metavar="NAME", help="Name of its folder in the results.")]
Workers = Annotated[str, typer.Option("--parallel", metavar="N", help="Deployments side by side.")]
Deadline = Annotated[
    str, typer.Option("--deadline", metavar="TIME", help="Begin no trial that would end later: 90s, 30m, 2h.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, print the trials, change nothing.")]


def _folder_of_trial(path: Path) -> Path:
    if path.is_file():
        near = path.parent if (path.parent / "plan.json").is_file() else "results/latest/..."
        raise UsageError(f"expected the folder of a trial; got the file {path}; try {near}")
    return path


TrialPath = Annotated[
    Path,
    typer.Argument(metavar="TRIAL", help="Folder of a trial (results/latest/...).", callback=_folder_of_trial),
]


@app.command()
@takes()
def run(
    called: typer.Context,
    scenario: Annotated[
        str,
        typer.Argument(
            autocompletion=_scenario_names,
            metavar="SCENARIO|PLAN",
            help="Scenario (`redis-resilience scenarios` lists them), or a plan's file.",
        ),
    ],
    *,
    parallel: Annotated[
        str, typer.Option(metavar="N", help="Deployments that share the trials (default: one per core).")
    ] = "",
    budget: Budgets = None,
) -> None:
    """Run a scenario or a plan: deploy, load, break, heal, judge.

    The master is killed under load, once:   redis-resilience run master-kill

    A distribution instead of an anecdote:   redis-resilience run master-kill --profile rapid --trials 50

    With a limit for the exit code:          redis-resilience run master-kill --trials 5 --budget "outage.median <= 9s"

    Your own chart, on a kind cluster:       redis-resilience run master-kill --chart ./chart --values values.yaml

    An earlier trial again, exactly:         redis-resilience run results/latest/master-kill/plan.json
    """
    from rich.console import Console  # noqa: PLC0415 - only this command needs it

    with Console(stderr=True).status("starting"):  # what is imported here takes a second
        from redis_resilience.command.running import Manner, run_plan, run_scenario  # noqa: PLC0415 - see above

    chosen = {**given(called), "redis_require": "yes"}
    manner = Manner(parallel=parallel, budgets=budget or [], session=session_of(called))
    if scenario.endswith((".json", ".yaml", ".yml")):
        raise typer.Exit(run_plan(Path(scenario), chosen, manner))
    raise typer.Exit(run_scenario(scenario, chosen, manner))


@app.command()
@takes("trials", "results", "seed", "allow_unknown")
def campaign(
    called: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="CAMPAIGN", help="Campaign file, YAML; docs/campaigns.md.")],
    *,
    results: ResultsOption = Path("results"),
    name: RunName = "",
    parallel: Workers = "1",
    deadline: Deadline = "",
    share: Annotated[
        str, typer.Option("--share", metavar="I/N", help="Run every Nth trial only, from the Ith on; I counts from 0.")
    ] = "",
    budget: Budgets = None,
    dry_run: DryRun = False,
) -> None:
    """Run many trials of different setups, interleaved; started again, it runs what is missing.

    What it would do:       redis-resilience campaign nightly.yaml --dry-run

    As much as fits:        redis-resilience campaign nightly.yaml --deadline 2h

    One of three workers:   redis-resilience campaign nightly.yaml --share 0/3
    """
    from redis_resilience.command.campaign import How, run_campaign  # noqa: PLC0415 - only this command needs it

    how = How(
        results=results.absolute(),
        name=name,
        parallel=parallel,
        deadline=deadline,
        share=share,
        budgets=tuple(budget or ()),
        dry_run=dry_run,
    )
    raise typer.Exit(run_campaign(file, given(called), how, session_of(called)))


@app.command()
@takes("trials", "results", "seed", "allow_unknown")
def nightly(
    called: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="CAMPAIGN", help="Campaign file, YAML; docs/campaigns.md.")],
    *,
    results: ResultsOption = Path("results"),
    parallel: Workers = "1",
    deadline: Deadline = "",
    budget: Budgets = None,
    history: Annotated[str, typer.Option(metavar="N", help="At most so many nights before are compared with.")] = "14",
    margin: Annotated[str, typer.Option(metavar="SHARE", help="How much longer than before tonight may be.")] = "10%",
    alpha: Annotated[
        str, typer.Option(metavar="SHARE", help="In how many nights an alarm may be false, at most.")
    ] = "1%",
    webhook: Annotated[
        str,
        typer.Option(
            metavar="URL",
            envvar="REDIS_RESILIENCE_WEBHOOK",
            help="Post the night's outcome as JSON; docs/campaigns.md has its fields.",
        ),
    ] = "",
    dry_run: DryRun = False,
) -> None:
    """Run a campaign in a folder of tonight's and compare it with the nights before; worse is exit code 1.

    From cron:              redis-resilience nightly nightly.yaml --deadline 6h
    """
    from redis_resilience.command.campaign import How  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.nightly import Alarm, run_night  # noqa: PLC0415 - only this command needs it

    how = How(
        results=results.absolute(),
        parallel=parallel,
        deadline=deadline,
        budgets=tuple(budget or ()),
        dry_run=dry_run,
    )
    alarm = Alarm(margin=margin, alpha=alpha, nights=history, webhook=webhook)
    raise typer.Exit(run_night(file, given(called), how, alarm, session_of(called)))


@app.command()
@takes("trials", "results", "seed", "allow_unknown")
def compare(
    called: typer.Context,
    a: Annotated[
        str, typer.Argument(metavar="A", help="A run's folder, or KEY=VALUE, comma-separated; docs/compare.md.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The same of what may be worse.")],
    *,
    scenario: Annotated[
        list[str] | None,
        typer.Option("--scenario", metavar="NAME", help="Scenario, several times (default: master-kill)."),
    ] = None,
    margin: Annotated[str, typer.Option(metavar="SHARE", help="How much longer than A B may be.")] = "10%",
    loss_margin: Annotated[
        str, typer.Option(metavar="SHARE", help="To which share of trials losses must be ruled out for `no worse`.")
    ] = "5%",
    find_loss: Annotated[
        str, typer.Option(metavar="SHARE", help="Plan so many trials that losses in this share of them are found.")
    ] = "",
    tests: Annotated[
        str, typer.Option(metavar="NAMES", help="outage.median,first_switch.p95,... (default: all).")
    ] = "",
    alpha: Annotated[str, typer.Option(metavar="SHARE", help="Wrong answers of each kind, at most.")] = "5%",
    power: Annotated[str, typer.Option(metavar="SHARE", help="Right answers, at least.")] = "80%",
    looks: Annotated[
        int, typer.Option(metavar="N", help="How often the answer is tested, the last time included.")
    ] = 2,
    trials: Annotated[str, typer.Option(metavar="N", help="Trials of each side (default: planned).")] = "",
    pilot: Annotated[
        Path | None, typer.Option(metavar="RUN", help="A run to plan by (default: a shipped one).")
    ] = None,
    seed: Annotated[str, typer.Option(metavar="N", help="Seed of the order and of the trials.")] = "",
    results: ResultsOption = Path("results"),
    name: RunName = "",
    parallel: Workers = "1",
    deadline: Deadline = "",
    budget: Budgets = None,
    allow_unlike: Annotated[
        bool, typer.Option("--allow-unlike", help="Compare stored runs of unlike environments all the same.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Tell whether B is worse than A: `no worse`, `worse` or `cannot tell`, exit code 0, 1 or 2.

    Two server programs:    redis-resilience compare server=/opt/a/redis-server server=/opt/b/redis-server

    What it would take:     redis-resilience compare profile=rapid profile=rapid,down-after=600 --dry-run

    Two stored runs:        redis-resilience compare results/monday results/tuesday
    """
    from redis_resilience.command.compare import Question, compare_sides  # noqa: PLC0415 - only this command needs it

    question = Question(
        a=a,
        b=b,
        scenarios=tuple(scenario or ["master-kill"]),
        results=results.absolute(),
        name=name,
        margin=margin,
        loss_margin=loss_margin,
        find_loss=find_loss,
        tests=tests,
        alpha=alpha,
        power=power,
        looks=looks,
        trials=trials,
        pilot=pilot,
        seed=seed,
        parallel=parallel,
        deadline=deadline,
        budgets=tuple(budget or ()),
        allow_unlike=allow_unlike,
        dry_run=dry_run,
    )
    raise typer.Exit(compare_sides(given(called), question, session_of(called)))


@app.command()
@takes(*OF_A_RUN)
def plan(
    called: typer.Context,
    scenario: Annotated[
        str,
        typer.Argument(
            autocompletion=_scenario_names, help="Scenario to preview; `redis-resilience scenarios` lists them."
        ),
    ],
) -> None:
    """Show what `run` would create, break and need permission for, without changing anything."""
    from redis_resilience.command.chosen import settings_from  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.previewing import planned  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.scenarios import must_run_on  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.scenarios import scenario as find  # noqa: PLC0415 - only this command needs it

    wanted, chosen = find(scenario), given(called)
    must_run_on(wanted, chosen.get("redis_topology", ""))
    told = planned(wanted, settings_from(chosen))
    quiet = detail_of(called) is Detail.QUIET
    typer.echo("\n".join(line for line in told.lines if not (quiet and line.startswith("#"))).lstrip("\n"))
    raise typer.Exit(Exit.PASS if told.possible else Exit.WRONG)


@app.command()
@takes(*OF_A_RUN)
def permissions(
    called: typer.Context,
    scenario: Annotated[
        str,
        typer.Argument(
            autocompletion=_scenario_names, help="Scenario to be run; `redis-resilience scenarios` lists them."
        ),
    ],
    *,
    form: Annotated[str, typer.Option("--format", help="text or rbac: a Role.")] = "text",
) -> None:
    """Print what a run in a namespace of an existing cluster has to be allowed, and no more; as a Role, too.

    redis-resilience permissions master-delete --namespace NAME --format rbac

    The options are those of the run. Nothing is changed.
    """
    from redis_resilience.command import permissions as command  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.chosen import settings_from  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.lint import must_be_one_of  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.scenarios import must_run_on  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.scenarios import scenario as find  # noqa: PLC0415 - only this command needs it

    must_be_one_of("--format", form, command.FORMATS)
    wanted, chosen = find(scenario), {**given(called), "redis_backend": "context"}
    must_run_on(wanted, chosen.get("redis_topology", ""))
    typer.echo(command.permissions(wanted, settings_from(chosen), form))


@app.command()
@takes(*NOT_OF_DISCOVERY)
def discover(
    called: typer.Context,
    *,
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as a topology for the backend local: mine.yaml.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file of --write.")] = False,
) -> None:
    """Find the Redis that runs in a namespace: servers, Sentinels, ports, passwords' Secrets, with the evidence.

    It reads objects and asks the servers by the client in their own containers; nothing is created or changed there.

    redis-resilience discover --context NAME --namespace NAME --write mine.yaml
    """
    from redis_resilience.command import discover as command  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command import writing  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.lint import must_be_one_of  # noqa: PLC0415 - only this command needs it

    must_be_one_of("--format", form, command.FORMATS)
    settings = command.settings_of(given(called))
    if write:
        writing.must_be_writable(write, overwrite=overwrite)
    found = command.discovered(settings)
    typer.echo(command.as_json(found) if form == "json" else command.as_text(found, settings))
    if write:
        typer.echo("\n".join(writing.write(write, found, settings)), err=form == "json")


@app.command()
def recheck(called: typer.Context, trial: TrialPath) -> None:
    """Judge a recorded trial again; the same history gives the same verdict, byte for byte."""
    from redis_resilience.pages.lines import trial_lines  # noqa: PLC0415 - only this command needs it
    from redis_resilience.trials.folder import TrialFolder  # noqa: PLC0415 - only this command needs it
    from redis_resilience.trials.trial import rejudge  # noqa: PLC0415 - only this command needs it

    outcome = rejudge(TrialFolder(trial))
    lines = trial_lines(outcome.judgement)
    typer.echo("\n".join(lines[:1] if detail_of(called) is Detail.QUIET else lines))
    raise typer.Exit(Exit.of([outcome.verdict]))


@app.command()
def report(trial: TrialPath) -> None:
    """Write the page of a trial again, as a single self-contained file."""
    from redis_resilience.pages.script import inline_script  # noqa: PLC0415 - only this command needs it
    from redis_resilience.results.publishing import write_page  # noqa: PLC0415 - only this command needs it
    from redis_resilience.trials.folder import TrialFolder  # noqa: PLC0415 - only this command needs it

    typer.echo(write_page(TrialFolder(trial), script=inline_script()))


@app.command()
def dump(
    trial: TrialPath,
    *,
    lost: Annotated[bool, typer.Option("--lost", help="The lost writes only, each with its cause.")] = False,
) -> None:
    """Print the operations of a trial, one JSON object per line."""
    import json  # noqa: PLC0415 - only this command needs it

    from redis_resilience.model.operations import Cause, Kind, Result  # noqa: PLC0415 - only this command needs it
    from redis_resilience.trials.folder import TrialFolder  # noqa: PLC0415 - only this command needs it

    history = TrialFolder(trial).history()
    if lost:
        from redis_resilience.judges.judge import lost_writes  # noqa: PLC0415 - only this option needs it

        for write in lost_writes(history):
            typer.echo(json.dumps(asdict(write)))
        return
    names = history.operations.dtype.names or ()
    enums = (("outcome", Result), ("cause", Cause), ("kind", Kind))
    words = [(name, {int(each): each.name.lower() for each in enum}) for name, enum in enums]
    for record in history.operations:
        numbers = dict(zip(names, record.item(), strict=True))
        typer.echo(json.dumps({**numbers, **{name: word[numbers[name]] for name, word in words}}))


ResultsPath = Annotated[Path, typer.Argument(metavar="RESULTS", help="The folder that holds all runs.")]


@app.command()
def index(results: ResultsPath = Path("results")) -> None:
    """Rebuild the pages and the index over all runs from the runs' own folders."""
    from redis_resilience.command.results import index_results  # noqa: PLC0415 - only this command needs it

    raise typer.Exit(Exit.PASS if index_results(results, tell=typer.echo) else Exit.FAIL)


@app.command()
def prune(
    results: ResultsPath = Path("results"),
    *,
    keep_days: Annotated[float | None, typer.Option(metavar="N", help="Keep the runs of the last N days.")] = None,
    keep_runs: Annotated[int | None, typer.Option(metavar="N", help="Keep the N newest runs.")] = None,
    max_size: Annotated[
        str, typer.Option(metavar="SIZE", help="Then remove the oldest runs until at most SIZE is left: 500M, 10G.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be removed, and remove nothing.")] = False,
) -> None:
    """Remove old runs, but never the last failing trial of a scenario.

    List first what would be removed:  redis-resilience prune results --keep-days 30 --keep-runs 10 --dry-run
    """
    from redis_resilience.command.results import prune as pruned  # noqa: PLC0415 - only this command needs it
    from redis_resilience.results.pruning import Keep, size_of  # noqa: PLC0415 - only this command needs it

    keep = Keep(days=keep_days, runs=keep_runs, most_bytes=size_of(max_size) if max_size else None)
    pruned(results, keep, dry_run=dry_run, tell=typer.echo)


@app.command()
def scenarios(
    called: typer.Context,
    *,
    path: Annotated[bool, typer.Option("--path", help="Print the folder that they are in, for pytest.")] = False,
) -> None:
    """List the scenarios; with --quiet, their names alone.

    All of them by pytest:  pytest $(redis-resilience scenarios --path)
    """
    from redis_resilience.command.scenarios import scenarios as known  # noqa: PLC0415 - only this command needs it
    from redis_resilience.shipped import SCENARIOS  # noqa: PLC0415 - only this command needs it

    if path:
        typer.echo(SCENARIOS)
        return
    rows = [(found.name, found.summary) for found in known()]
    _table(("scenario", "what it does"), rows, names_only=detail_of(called) is Detail.QUIET)


@app.command()
def topologies(called: typer.Context) -> None:
    """List the topologies, their settings, and what can be added (sidecar+tls); with --quiet, their names alone."""
    from redis_resilience.topologies.catalogue import names, topology  # noqa: PLC0415 - only this command needs it
    from redis_resilience.topologies.overlays import OVERLAYS  # noqa: PLC0415 - only this command needs it

    rows = []
    for name in names():
        found = topology(name)
        times = ", ".join(
            f"{profile.name} node timeout {profile.node_timeout_ms} ms"
            if profile.node_timeout_ms
            else f"{profile.name} D {profile.down_after_ms} ms, failover-timeout {profile.failover_timeout_ms} ms"
            for profile in found.profiles
        )
        rows.append((name, f"{found.summary}\n{times}\n{found.document}"))
    _table(("topology", "what it is"), rows, names_only=detail_of(called) is Detail.QUIET)
    if detail_of(called) is not Detail.QUIET:
        _table(("added by", "what it adds"), [(f"+{overlay.name}", overlay.summary) for overlay in OVERLAYS])


@app.command()
@takes(*OF_A_RUN, *CHANGES, *BROUGHT, "topology", "profile", "backend")
def lint(
    called: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH...", help="Manifests, folders, a chart, compose or .conf files; - is stdin."),
    ] = None,
    *,
    values: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="Values for the chart.")] = None,
    topology: Annotated[str, typer.Option(metavar="NAME", help="A topology instead of files.")] = "",
    profile: Annotated[str, typer.Option(help="Profile of the topology.")] = "documented",
    backend: Annotated[
        str,
        typer.Option(metavar="NAME", help="Deploy the topology there and lint the running servers: local, kind, ..."),
    ] = "",
    rules: Annotated[bool, typer.Option("--rules", help="List all rules.")] = False,
    form: Annotated[str, typer.Option("--format", help="table, json, sarif or junit.")] = "table",
    fail_on: Annotated[
        str, typer.Option(help="Lowest severity that makes the exit code 1: error, warning, note or never.")
    ] = "error",
) -> None:
    """Find settings that are known to cost data or time, with the reason and the fix.

    Of manifests:           redis-resilience lint manifests/sidecar/overlays/documented

    Of a chart:             redis-resilience lint ./chart --values values-production.yaml

    Of running servers:     redis-resilience lint --topology sidecar --backend local
    """
    from redis_resilience.command import lint as command  # noqa: PLC0415 - only this command needs it

    if rules:
        typer.echo(command.rules_page())
        return
    command.must_be_one_of("--format", form, command.FORMATS)
    command.must_be_one_of("--fail-on", fail_on, (*Severity, "never"))
    chosen, attach = given(called), called.params["redis_attach"]
    if [bool(paths), bool(topology), bool(attach)].count(True) != 1:
        raise UsageError("expected manifests, --topology NAME or --attach SELECTOR, one of them; see lint --help")
    if paths:
        report = command.lint_files(paths, values or [])
    elif backend:
        of_topology = {"redis_topology": topology, "redis_profile": profile} if topology else {}
        report = command.lint_running({**chosen, **of_topology, "redis_backend": backend})
    elif attach:
        raise UsageError("expected --backend context with --attach; got no backend")
    else:
        report = command.lint_topology(topology, profile)
    bad = () if fail_on == "never" else report.at_least(Severity(fail_on))
    if detail_of(called) is Detail.QUIET and form == "table":
        report = replace(report, findings=bad)
    command.show(report, form, failing=bad, files=[str(path) for path in paths or []])
    raise typer.Exit(Exit.FAIL if bad else Exit.PASS)


@app.command(name="predict")
def predict_(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="FOLDER...", help="Results with the measured trials.")
    ] = None,
    *,
    write: Annotated[
        Path | None,
        typer.Option(metavar="PAGE", help="Write PAGE's tables, and the measurements to a .json of the same name."),
    ] = None,
) -> None:
    """Print what the documents promise, what their settings predict, and what was measured.

    With results:           redis-resilience predict results --write reports/predictions.md
    """
    from redis_resilience.command import predict as command  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.measured import measure  # noqa: PLC0415 - only this command needs it

    if write:
        command.write(write, folders or [])
    else:
        typer.echo(command.tables(measure(folders or [])))


@app.command()
def heal(called: typer.Context, *, state: StatePath = "") -> None:
    """Roll back what killed runs left behind; exit code 1 if anything remains."""
    from redis_resilience.command.heal import heal_all, heal_folders  # noqa: PLC0415 - only this command needs it
    from redis_resilience.deployments.journal import state_folder  # noqa: PLC0415 - only this command needs it

    clean = [heal_all(state_folder(state), tell=_teller(called)), heal_folders(tell=_teller(called))]
    raise typer.Exit(Exit.PASS if all(clean) else Exit.FAIL)


@app.command()
def doctor(
    called: typer.Context,
    *,
    clean: Annotated[bool, typer.Option("--clean", help="Remove what dead runs left behind, as `heal` does.")] = False,
    state: StatePath = "",
) -> None:
    """Check this machine: what is available, what is missing, and what runs have left behind."""
    from redis_resilience.command.doctor import examine  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.heal import heal_all, heal_folders  # noqa: PLC0415 - only this command needs it
    from redis_resilience.command.leftovers import folders, leftovers  # noqa: PLC0415 - only this command needs it
    from redis_resilience.deployments.journal import state_folder  # noqa: PLC0415 - only this command needs it

    folder = state_folder(state)
    cleaned = not clean or all([heal_all(folder, tell=_teller(called)), heal_folders(tell=_teller(called))])
    checks = examine()
    words = {(True, True): "ok", (True, False): "ok", (False, True): "MISSING", (False, False): "not here"}
    shown = [check for check in checks if not check.good or detail_of(called) is not Detail.QUIET]
    rows = [(check.name, f"{words[check.good, check.needed]}: {check.text}") for check in shown]
    if rows:
        _table(("check", "found"), rows)
    if found := (*leftovers(folder), *folders()):
        typer.echo("\nleft behind")
        for each in found:
            typer.echo(f"  {each.what}: {each.text}")
    if not all(check.good or not check.needed for check in checks):
        raise typer.Exit(Exit.WRONG)
    raise typer.Exit(Exit.PASS if cleaned else Exit.FAIL)


def main() -> None:
    """The entry point: an expected error is one message and an exit code, never a traceback."""
    prepare_streams()
    with Stop(announce=False) as stop:
        code = _exit_code(stop)
        if stop.unanswered:  # typer makes an exit code of its own of it
            complain(f"stopped by {stop.received.name if stop.received else 'a signal'}")
            code = stop.exit_code
        sys.exit(code)


def _exit_code(stop: Stop) -> int:
    session = Session(stop=stop)
    try:
        return int(app(standalone_mode=False, obj=session) or Exit.PASS)
    except _UsageError as error:
        error.show()
        return Exit.WRONG
    except ResilienceError as error:
        if session.detail is Detail.VERBOSE:
            traceback.print_exc()
        complain(f"{type(error).__name__}: {in_commands_words(str(error))}")
        return Exit.WRONG
    except (typer.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - an exit code of its own: 1 would be a failed verdict
        if session.detail is Detail.VERBOSE:
            traceback.print_exc()
        again = "" if session.detail is Detail.VERBOSE else "; run it again with -v to see where"
        complain(f"internal error, please report it: {type(error).__name__}: {error}{again}")
        return Exit.WRONG


@app.callback()
def _root(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Break a real Redis deployment on purpose, and report with evidence what happened."""


def _teller(called: typer.Context) -> Callable[[str], None]:
    """Prints what was undone; when quiet, only what could not be."""

    def tell(line: str) -> None:
        if detail_of(called) is not Detail.QUIET or line.startswith("  LEFT"):
            typer.echo(line)

    return tell


def _table(head: tuple[str, str], rows: list[tuple[str, str]], *, names_only: bool = False) -> None:
    """names_only: the first column alone, without its head."""
    if names_only:
        typer.echo("\n".join(row[0] for row in rows))
        return
    from rich.console import Console  # noqa: PLC0415 - only needed to print a table
    from rich.table import Table  # noqa: PLC0415 - only needed to print a table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        table.add_column(name, no_wrap=name != head[-1])
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False)
    with console.capture() as text:
        console.print(table)
    typer.echo(text.get(), nl=False)


if __name__ == "__main__":
    main()
