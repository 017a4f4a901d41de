"""Which Redis a run attaches to: what the user named, completed by what is discovered where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from redis_resilience.deployments.kube.attachment import Attachment
from redis_resilience.deployments.kube.objects.brought import Brought
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.deployments.waiting import eventually
from redis_resilience.discovery.asking import discover
from redis_resilience.discovery.options import Chosen, options_for
from redis_resilience.discovery.system import System
from redis_resilience.model.errors import UsageError
from redis_resilience.options import OPTIONS, Option
from redis_resilience.trials.keeper import keys_of
from redis_resilience.trials.settings import Settings

_FORMED_WITHIN_S = 120.0


def attachment_in(settings: Settings, place: Place) -> Attachment:
    """In a namespace where all that belongs to it runs. Raises UsageError where it is not clear what is meant."""
    if not settings.discovers:
        return attachment_of(settings)
    if settings.brings:
        return _completed(settings, _formed(settings, place))
    return _completed(settings, _only(discover(place, keys_of(settings)), place))


def attachment_of(settings: Settings) -> Attachment:
    """What the user named of an existing Redis."""
    return Attachment(
        selector=settings.attach,
        sentinel_selector=settings.sentinel_selector,
        container=settings.container,
        sentinel_container=settings.sentinel_container,
        master_name=settings.master_name,
        port=settings.port,
        sentinel_port=settings.sentinel_port,
        keys=keys_of(settings),
    )


def brought_of(settings: Settings) -> Brought | None:
    """The chart or the manifests that the run deploys; None where there are none."""
    if settings.chart:
        return Brought(path=settings.chart, is_chart=True, values=settings.values, set=settings.set)
    return Brought(path=settings.manifests, is_chart=False) if settings.manifests else None


def _completed(settings: Settings, system: System) -> Attachment:
    """What the user named stays."""
    chosen = _options(settings, system)
    completed: dict[str, Any] = {
        option.field: option.value(chosen.options[option.field])
        for option in OPTIONS
        if option.field in chosen.options and (option.field == "attach" or not _named(settings, option))
    }
    return replace(attachment_of(replace(settings, **completed)), announced=system.announced)


def _options(settings: Settings, system: System) -> Chosen:
    """Raises UsageError where it cannot be attached to, which waiting does not change."""
    chosen = options_for(system, master_name=settings.master_name)
    if chosen.refusals:
        raise UsageError(f"expected a Redis that can be attached to; got {system.name}: {'; '.join(chosen.refusals)}")
    return chosen


def _named(settings: Settings, option: Option) -> bool:
    """Whether the user chose another value than the default."""
    return bool(getattr(settings, option.field) != option.value(option.default))


def _only(found: Sequence[System], place: Place) -> System:
    if len(found) != 1:
        names = "; ".join(f"{each.name} ({each.selector or 'no labels of its own'})" for each in found)
        raise UsageError(
            f"expected one Redis in namespace {place.namespace}; there are: {names or 'none'}; "
            + ("name its labels with --redis-attach" if found else "`kubectl get pods` shows what runs there")
        )
    if found[0].locked:
        raise UsageError(
            f"expected the servers of {found[0].name} to answer; got: {'; '.join(found[0].locked)}; name the "
            "Secret with the password by --redis-password-secret"
        )
    return found[0]


def _formed(settings: Settings, place: Place) -> System:
    """Once its Sentinels monitor a master, or its hash slots have masters: a chart's pods may be ready before that.

    Until all answer, what belongs together may look like several.
    """
    seen: list[System] = []

    def look() -> tuple[bool, str]:
        found = discover(place, keys_of(settings))
        forming = [said for each in found for said in each.forming]
        if len(found) < 2 or not forming:
            seen[:] = [_only(found, place)]
            _options(settings, seen[0])
        return not forming, "; ".join(forming) or "it is formed"

    eventually(look, within_s=_FORMED_WITHIN_S, what="the deployed Redis to be discovered, with a master")
    return seen[0]
