"""The marker `redis`: what one scenario needs, whatever was chosen for the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from redis_resilience.options import BACKENDS, OPTIONS

_CHOICES = ("topology", "profile", "trials", "fresh")
_OTHERS = ("fails", "backends")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """choices: parsed values by the names of their options ("redis_topology").

    fails: the findings by which this scenario shows that a document no longer holds: any of them, and no other.
    backends: where alone it can run; empty: anywhere.
    """

    choices: Mapping[str, object] = field(default_factory=dict)
    fails: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()


def marked(node: pytest.Item) -> Marked:
    """What the test's own marker says; raises pytest.UsageError for a word or a value that makes no sense."""
    marker = node.get_closest_marker("redis")
    if marker is None:
        return Marked()
    if marker.args or not set(marker.kwargs) <= {*_CHOICES, *_OTHERS}:
        known = ", ".join(f"{name}=" for name in (*_CHOICES, *_OTHERS))
        given = ", ".join([*map(repr, marker.args), *marker.kwargs])
        raise pytest.UsageError(f"{node.nodeid}: expected the marker redis with {known}; got {given}")
    parsers = {option.name: option.parse for option in OPTIONS}
    choices = {}
    for name in _CHOICES:
        if name in marker.kwargs:
            try:
                choices[f"redis_{name}"] = parsers[f"redis_{name}"](str(marker.kwargs[name]))
            except ValueError as error:
                raise pytest.UsageError(f"{node.nodeid}: marker redis, {name}: {error}") from error
    backends = _several(marker.kwargs.get("backends", ()))
    if not set(backends) <= set(BACKENDS):
        raise pytest.UsageError(
            f"{node.nodeid}: marker redis, backends: expected any of: {', '.join(BACKENDS)}; got {', '.join(backends)}"
        )
    return Marked(choices=choices, fails=_several(marker.kwargs.get("fails", ())), backends=backends)


def _several(given: object) -> tuple[str, ...]:
    return tuple(map(str, given)) if isinstance(given, tuple | list) else (str(given),)
