"""`redis-resilience plan`: what a scenario would do here, and whether it may; and the same check before a run begins.

The scenario is run up to its trial, which ends once its plan is saved: nothing is deployed, nothing simulated.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from redis_resilience.command.lint import doubt, lint_brought
from redis_resilience.command.scenarios import Scenario
from redis_resilience.deployments.kube.api import connect
from redis_resilience.deployments.kube.attachment import Attachment, Found
from redis_resilience.deployments.kube.context import ContextSite
from redis_resilience.deployments.kube.objects import manifests
from redis_resilience.deployments.kube.objects.brought import ANY_NAMESPACE
from redis_resilience.deployments.kube.preview import (
    Examine,
    Preview,
    in_context,
    in_kind,
    manifest,
    probe_manifest,
    unexamined,
)
from redis_resilience.deployments.kube.tools import Place, must_have, must_have_docker
from redis_resilience.discovery.examining import examine
from redis_resilience.faults.capabilities import IN_NODES
from redis_resilience.faults.perform import able, needs
from redis_resilience.model.access import Access
from redis_resilience.model.errors import ResilienceError, UsageError
from redis_resilience.model.faults import Fault
from redis_resilience.model.lint import Severity
from redis_resilience.model.plan import Plan, Scheduled, Since
from redis_resilience.pages.setup import one_line
from redis_resilience.plugin import ONLY_PLAN
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.topology import ATTACHED, Topology
from redis_resilience.trials.discovered import attachment_in, brought_of
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.keeper import context_of, on_this_host
from redis_resilience.trials.plan_file import as_yaml
from redis_resilience.trials.settings import Settings
from redis_resilience.trials.trial import leaves_broken, misfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """possible: nothing prevents it, as far as can be known without doing it."""

    lines: tuple[str, ...]
    possible: bool


class _OnlyPlan:
    """Tells the plugin that trials end with their plan."""

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[ONLY_PLAN] = True


def plan_of(scenario: Scenario, settings: Settings) -> Plan:
    """What the scenario asks for; nothing is deployed. Raises UsageError where it does not get as far as its trial."""
    with tempfile.TemporaryDirectory() as results:
        words = [scenario.node, "-c", os.devnull, "--rootdir", str(Path.cwd()), "-p", "no:cacheprovider", "-q"]
        words += ["-p", "redis_resilience.plugin", "--import-mode=importlib", "-rs", "--redis-attach="]
        words += [f"--redis-backend={'memory' if settings.attaches else settings.backend}"]
        words += [f"--redis-topology={settings.topology}", f"--redis-profile={settings.profile}"]
        words += ["--redis-trials=1", f"--redis-results={results}"]
        words += [f"--redis-down-after={settings.down_after}"] if settings.down_after else []
        words += [f"--redis-upgrade-to={settings.upgrade_to}"] if settings.upgrade_to else []
        if settings.directives:
            words += [
                "--redis-directives=" + ",".join(f"{name}={value}" for name, value in settings.directives.items())
            ]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            pytest.main(words, plugins=[_OnlyPlan()])
        for path in Path(results).rglob("plan.json"):
            plan = replace(TrialFolder(path.parent).plan(), backend=settings.backend, repeat="")
            return replace(plan, topology=ATTACHED, profile=ATTACHED) if settings.attaches else plan
    raise UsageError(f"expected {scenario.name} to begin a trial; it did not:\n{said.getvalue().strip()}")


def planned(scenario: Scenario, settings: Settings) -> Planned:
    """The plan as YAML, which `run` takes; its comments: what would be made, broken and allowed. Changes nothing."""
    topology(settings.topology).profile(settings.profile)
    plan = plan_of(scenario, settings)
    found = _preview_of(plan, scenario, settings)
    comments = [f"# {line}".rstrip() for line in found.lines]
    return Planned(lines=(*comments, "", *as_yaml(plan).splitlines()), possible=found.possible)


def _preview_of(plan: Plan, scenario: Scenario, settings: Settings) -> Planned:
    lines = [f"scenario {scenario.name} on backend {settings.backend}: nothing is changed by this plan", ""]
    if settings.backend in ("local", "memory"):
        names = ", ".join(pod.name for pod in _topology(plan, settings).pods)
        lines += [f"would start on this host: {names}, each with its own processes", *_faults(plan.faults, "")]
        refusals = _refusals_here(plan, settings)
        lines += [f"would be refused: {reason}" for reason in refusals]
        return Planned(lines=tuple(lines), possible=not refusals)
    found = preview(settings, plan)
    site = ContextSite(context_of(settings), run_id="plan") if settings.backend == "context" else None
    lines += ["would make:", *(f"  {each}" for each in found.objects)]
    lines += _linted(settings)
    lines += ["faults may hit:", *(f"  {each}" for each in found.pods)]
    lines += _faults(plan.faults, site.locked if site else "")
    lines += ["permissions, as the cluster answers:"] if found.permissions else []
    lines += [f"  {'yes' if allowed else 'NO '}  {permission}" for permission, allowed in found.permissions]
    lines += [f"would be refused: {reason}" for reason in found.refusals]
    lines += [f"may be refused: {doubted}"] if (doubted := doubt(settings)) else []
    barred = bool(site and site.locked) and any(in_nodes(fault) for fault in plan.all_faults)
    return Planned(lines=tuple(lines), possible=not found.refusals and not barred)


def _linted(settings: Settings) -> list[str]:
    """What lint finds in the user's own chart or manifests; notes are counted only."""
    report = lint_brought(settings)
    if report is None:
        return []
    found = report.at_least(Severity.WARNING)
    return [
        f"lint of what would be deployed: {one_line(report)}",
        *(f"  {each.severity.value}  {each.rule}: {each.seen} ({each.where})" for each in found),
    ]


def _refusals_here(plan: Plan, settings: Settings) -> tuple[str, ...]:
    """Why this host cannot do it: no program, no networks of the pods' own, a fault that the backend does not know."""
    wanted = _topology(plan, settings)
    try:
        here = on_this_host(wanted, wanted.profile(plan.profile), settings, number=0)
        for fault in plan.all_faults:
            for capability in needs(fault):
                able(here, capability, fault.kind)
    except ResilienceError as error:
        return (str(error),)
    return ()


def _topology(plan: Plan, settings: Settings) -> Topology:
    """Of the plan; the run's own where it is not in the catalogue, but in a file that the run names."""
    chosen = topology(settings.topology)
    return chosen if chosen.name == plan.topology else topology(plan.topology)


def preview(settings: Settings, plan: Plan | None = None) -> Preview:
    """For the backends on Kubernetes. plan: also what its faults need, and whether what is attached to has it."""
    must_have("kubectl")
    objects, image = objects_of(settings), settings.probe_image
    pods = () if settings.brings or settings.attach else tuple(pod.name for pod in topology(settings.topology).pods)
    if settings.backend == "kind":
        unknown_yet = "what runs a server or a Sentinel among these objects, once it runs"
        return in_kind(objects, pods or (unknown_yet,), probe_image=image)
    return in_context(
        objects,
        ContextSite(context_of(settings), run_id="plan"),
        connect,
        probe_image=image,
        capabilities={each for fault in plan.all_faults for each in needs(fault)} if plan else (),
        pods=pods,
        find_it=partial(attachment_in, settings) if settings.attach and not settings.brings else None,
        examine=_for(plan) if plan else unexamined,
    )


def _for(plan: Plan) -> Examine:
    def examined(place: Place, attachment: Attachment, found: Found, access: Access) -> tuple[str, ...]:
        seen = examine(place, attachment, found, access)
        against = [*seen.objections, leaves_broken(plan)]
        if seen.clustered is not None:
            against += [misfit(fault, clustered=seen.clustered, name="what runs there") for fault in plan.all_faults]
        return tuple(dict.fromkeys(filter(None, against)))

    return examined


def objects_of(settings: Settings) -> str:
    """What a run would create, as YAML; rendered without asking any cluster."""
    if brought := brought_of(settings):
        return manifests.BETWEEN.join(
            (brought.render(settings.namespace or ANY_NAMESPACE), probe_manifest(settings.probe_image))
        )
    if settings.attach:
        return probe_manifest(settings.probe_image)
    wanted = topology(settings.topology)
    profile = wanted.profile(settings.profile)
    return manifest(wanted, profile, redis_image=settings.image, probe_image=settings.probe_image)


def must_be_possible(settings: Settings, parallel: int | None) -> int | None:
    """Before a run begins; returns how many deployments run side by side, None for as many as there are cores.

    Raises UsageError with everything that stands against the run, Unavailable for a missing program.
    """
    if settings.backend == "kind":
        must_have("kind", "kubectl")
        must_have_docker()
        return parallel
    if parallel not in (None, 1):
        raise UsageError(
            f"expected --parallel 1 with backend context; got {parallel}: a namespace takes one deployment"
        )
    found = preview(settings)
    if found.refusals:
        raise UsageError("\n".join(found.refusals))
    return 1


def _faults(faults: Iterable[Scheduled], locked: str) -> list[str]:
    lines: list[str] = []
    for each in faults:
        fault = each.fault
        since = {Since.PREVIOUS: "the one before", Since.START: "the start"}[each.since if lines else Since.START]
        lasts = "until the heal phase" if fault.for_s is None else f"for {fault.for_s:g} s"
        text = f"  {each.after_s:g} s after {since}: {fault}, {lasts}"
        lines.append(f"{text}; NOT POSSIBLE: {locked}" if locked and in_nodes(fault) else text)
    return ["faults, each target resolved when it hits:", *(lines or ["  none"])]


def in_nodes(fault: Fault) -> bool:
    """Whether it is applied on the node of its target."""
    return not set(IN_NODES).isdisjoint(needs(fault))
