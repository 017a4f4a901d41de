"""`redis-resilience plan`: what a scenario would do here, and whether it may; and the same check before a run begins.

The scenario's faults are known once it has run: on the simulation, whose plan is saved before anything starts.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from redis_resilience.command.scenarios import Scenario
from redis_resilience.deployments.kube.api import connect
from redis_resilience.deployments.kube.context import ContextSite
from redis_resilience.deployments.kube.preview import Preview, in_context, in_kind, manifest, probe_manifest
from redis_resilience.deployments.kube.tools import must_have, must_have_docker
from redis_resilience.model.errors import UsageError
from redis_resilience.model.plan import FaultPlan, Plan
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.keeper import attachment_of, context_of
from redis_resilience.trials.settings import Settings

_IN_NODES = ("kill", "stop", "pause", "isolate")
"""Kinds of faults that need a way into the nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """possible: nothing stands against it, as far as can be known without doing it."""

    lines: tuple[str, ...]
    possible: bool


def plan_of(scenario: Scenario, settings: Settings) -> Plan:
    """What the scenario asks for; raises UsageError where it does not get as far as its trial."""
    with tempfile.TemporaryDirectory() as results:
        words = [scenario.node, "-c", os.devnull, "--rootdir", str(Path.cwd()), "-p", "no:cacheprovider", "-q"]
        words += [
            "-p",
            "redis_resilience.plugin",
            "--import-mode=importlib",
            "--redis-backend=memory",
            "--redis-attach=",
        ]
        words += [f"--redis-topology={settings.topology}", f"--redis-profile={settings.profile}"]
        words += ["--redis-trials=1", f"--redis-results={results}"]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            pytest.main(words)
        for path in Path(results).rglob("plan.json"):
            return TrialFolder(path.parent).plan()
    raise UsageError(f"expected {scenario.name} to begin a trial; it did not:\n{said.getvalue().strip()}")


def planned(scenario: Scenario, settings: Settings) -> Planned:
    """Everything that would be made and broken, and every permission with the cluster's answer; changes nothing."""
    plan = plan_of(scenario, settings)
    lines = [f"scenario {scenario.name} on backend {settings.backend}: nothing is changed by this plan", ""]
    if settings.backend in ("local", "memory"):
        names = ", ".join(pod.name for pod in topology(settings.topology).pods)
        lines += [f"would start on this host: {names}, each with its own processes", *_faults(plan.faults, "")]
        return Planned(lines=tuple(lines), possible=True)
    found = preview(settings, [fault.kind for fault in plan.faults])
    site = ContextSite(context_of(settings), run_id="plan") if settings.backend == "context" else None
    lines += ["would make:", *(f"  {each}" for each in found.objects)]
    lines += ["faults may hit:", *(f"  {each}" for each in found.pods)]
    lines += _faults(plan.faults, site.locked if site else "")
    lines += ["permissions, as the cluster answers:"] if found.permissions else []
    lines += [f"  {'yes' if allowed else 'NO '}  {permission}" for permission, allowed in found.permissions]
    lines += [f"would be refused: {reason}" for reason in found.refusals]
    barred = bool(site and site.locked) and any(fault.kind in _IN_NODES for fault in plan.faults)
    return Planned(lines=tuple(lines), possible=not found.refusals and not barred)


def preview(settings: Settings, faults: Iterable[str] = ()) -> Preview:
    """For the backends on Kubernetes."""
    must_have("kubectl")
    if settings.backend == "context" and settings.attach:
        site = ContextSite(context_of(settings), run_id="plan")
        objects = probe_manifest(settings.probe_image)
        return in_context(objects, site, connect, faults=tuple(faults), attachment=attachment_of(settings))
    wanted = topology(settings.topology)
    objects = manifest(
        wanted,
        wanted.profile(settings.profile),
        redis_image=settings.redis_image,
        probe_image=settings.probe_image,
    )
    if settings.backend == "kind":
        return in_kind(objects, wanted)
    site = ContextSite(context_of(settings), run_id="plan")
    return in_context(objects, site, connect, faults=tuple(faults), pods=[pod.name for pod in wanted.pods])


def must_be_possible(settings: Settings, parallel: int | None) -> int | None:
    """Before a run begins; returns how many deployments side by side, None for as many as there are cores."""
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


def _faults(faults: Iterable[FaultPlan], locked: str) -> list[str]:
    lines = []
    for fault in faults:
        lasts = "until the heal phase" if fault.lasts_s is None else f"for {fault.lasts_s:g} s"
        text = f"  {fault.kind} {fault.target}, {lasts}"
        lines.append(f"{text}; NOT POSSIBLE: {locked}" if locked and fault.kind in _IN_NODES else text)
    return ["faults, each target resolved when it hits:", *(lines or ["  none"])]
