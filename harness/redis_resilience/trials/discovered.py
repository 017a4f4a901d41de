"""Which Redis a run attaches to: what the user named, completed by what is discovered where that is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from redis_resilience.deployments.kube.attachment import Attachment
from redis_resilience.deployments.kube.objects.brought import Brought
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.deployments.waiting import eventually
from redis_resilience.discovery.asking import discover
from redis_resilience.discovery.options import options_for
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
    return _completed(settings, _only(settings, place))


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
    chosen = options_for(system)
    if chosen.refusals:
        raise UsageError(f"expected a Redis that can be attached to; got {system.name}: {'; '.join(chosen.refusals)}")
    completed: dict[str, Any] = {
        option.field: option.value(chosen.options[option.field])
        for option in OPTIONS
        if option.field in chosen.options and (option.field == "attach" or not _named(settings, option))
    }
    return replace(attachment_of(replace(settings, **completed)), announced=system.announced)


def _named(settings: Settings, option: Option) -> bool:
    """Whether the user chose another value than the default."""
    return bool(getattr(settings, option.field) != option.value(option.default))


def _only(settings: Settings, place: Place) -> System:
    found = discover(place, keys_of(settings))
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
    """Once its Sentinels monitor a master, or its hash slots have masters: a chart's pods may be ready before that."""
    seen: list[System] = []

    def look() -> tuple[bool, str]:
        seen[:] = [_only(settings, place)]
        unclear = (*options_for(seen[0]).refusals, *seen[0].not_known)
        return not unclear, "; ".join(unclear) or "it is formed"

    eventually(look, within_s=_FORMED_WITHIN_S, what="the deployed Redis to be discovered, with a master")
    return seen[0]
