"""Lint from the command: finds what its arguments name, has it read, and lists the rules."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
from rich.console import Console

from redis_resilience.command.lint_sources import read_rendered, read_setups
from redis_resilience.deployments.kube.objects.brought import ANY_NAMESPACE
from redis_resilience.deployments.kube.objects.readiness import custom_resources
from redis_resilience.lint.check import check, check_all
from redis_resilience.lint.from_topology import read_topology
from redis_resilience.lint.rule import Rule
from redis_resilience.lint.rules import RULES
from redis_resilience.model.errors import UsageError
from redis_resilience.model.lint import LintFinding, LintReport
from redis_resilience.pages.lint_formats import AboutRule, junit, sarif
from redis_resilience.pages.setup import one_line
from redis_resilience.pages.setup import render as render_report
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.discovered import brought_of
from redis_resilience.trials.settings import Settings

FORMATS = ("table", "json", "sarif", "junit")


def lint_files(paths: Sequence[Path], values: Sequence[Path]) -> LintReport:
    """Files, folders of them, kustomizations, charts (with these values files), "-" for stdin.

    All together are one deployment, except for namespaces and Compose files.
    """
    subject = ", ".join("stdin" if str(path) == "-" else str(path) for path in paths)
    return check_all(read_setups(paths, values, subject), subject)


def lint_brought(settings: Settings) -> LintReport | None:
    """What a run deploys of a user's own, as it is rendered; None where it brings none, or none with Redis in it."""
    brought = brought_of(settings)
    if brought is None:
        return None
    subject = str(brought.path)
    setups = read_rendered(brought.render(settings.namespace or ANY_NAMESPACE), subject)
    return check_all(setups, subject) if setups else None


def before_deploying(settings: Settings) -> Iterator[str]:
    """What a run says of the user's own chart or manifests; `plan` has the findings themselves."""
    if (linted := lint_brought(settings)) and linted.findings:
        yield f"lint of what is deployed: {one_line(linted)}"
        yield "`redis-resilience plan` with the same options lists what it found"
    if doubted := doubt(settings):
        yield f"may be refused: {doubted}"


def doubt(settings: Settings) -> str:
    """Why a run of what is the user's own may be refused once all of it runs, by what its manifests show; "" for none.

    An image's own scripts may start what is not seen there, and an operator makes it later.
    """
    brought = brought_of(settings)
    if brought is None:
        return ""
    rendered = brought.render(settings.namespace or ANY_NAMESPACE)
    setups = read_rendered(rendered, str(brought.path))
    if custom_resources(rendered) or any(each.sentinels or each.clustered for each in setups):
        return ""
    what = "no Sentinel, and no server with cluster-enabled," if setups else "no Redis"
    return f"{what} is seen in {brought.path}: only what Sentinels monitor, or a Redis Cluster, can be attached to"


def lint_topology(name: str, profile: str) -> LintReport:
    """A topology's own data, as every backend is given it."""
    found = topology(name)
    return check(read_topology(found, found.profile(profile)))


def lint_running(chosen: Mapping[str, str]) -> LintReport:
    """Deploy it, or attach to what is there, and ask servers and Sentinels for their settings; then take away what was
    made.

    chosen: options of the plugin by their names.
    """
    from redis_resilience.command.chosen import settings_from  # noqa: PLC0415 - only needed for running deployments
    from redis_resilience.trials.inspection import inspect  # noqa: PLC0415 - only lint of a running deployment needs it
    from redis_resilience.trials.keeper import Keeper  # noqa: PLC0415 - only lint of a running deployment needs it

    with tempfile.TemporaryDirectory(prefix="redis-resilience-lint-") as results:
        settings = replace(settings_from(chosen), results=Path(results))
        with Keeper(settings) as keeper:
            if settings.attaches:
                return inspect(keeper.attached())
            found = topology(settings.topology)
            return inspect(keeper.deployment(found, found.profile(settings.profile)))


def show(report: LintReport, form: str, *, failing: Sequence[LintFinding] = (), files: Sequence[str] = ()) -> None:
    """Print it in one of FORMATS. failing: the findings that decide the exit code. files: what was read."""
    if form == "table":
        console = Console(file=sys.stdout)
        sys.stdout.write(render_report(report, width=console.width, colour=console.is_terminal))
        return
    about = [
        AboutRule(id=rule.id, about=rule.about, severity=rule.severity, why=rule.why, fix=rule.fix) for rule in RULES
    ]
    if form == "sarif":
        written = sarif(report, about, files)
    elif form == "junit":
        written = junit(report, about, failing)
    else:
        written = msgspec.json.format(msgspec.json.encode(report), indent=1)
    sys.stdout.buffer.write(written + b"\n")


def must_be_one_of(option: str, text: str, known: Sequence[str]) -> None:
    """Raise UsageError with the known words."""
    if text not in known:
        raise UsageError(f"{option}: expected one of: {', '.join(known)}; got {text!r}")


def rules_page() -> str:
    """The body of docs/lint.md: every rule with its reason, source, scenario and fix."""
    return "\n".join(line for rule in RULES for line in _described(rule))


def _described(rule: Rule) -> Iterable[str]:
    yield f"### {rule.id}"
    yield ""
    yield f"{rule.severity.value.capitalize()}: {rule.about}. Asks about {' and '.join(rule.needs)}."
    yield ""
    yield rule.why
    yield ""
    yield f"- Fix: {rule.fix}"
    if rule.scenario:
        also = f"; of a Redis Cluster, `redis-resilience run {rule.in_cluster}`" if rule.in_cluster else ""
        yield f"- Shown by: `redis-resilience run {rule.scenario}`{also}"
    yield f"- From: {rule.source}"
    yield ""
