"""A topology as the YAML that `own` reads: what stands at its default is left out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from typing import Any

import yaml

from redis_resilience.topologies.topology import OF_A_TRIAL, Topology

_WIDTH = 118


def as_yaml(topology: Topology, comments: Iterable[str] = ()) -> str:
    """Its name is that of the file. comments: paragraphs above it; an indented one goes on under itself."""
    described = {name: value for name, value in _plain(topology).items() if name != "name"}
    above = (f"{line}\n" for comment in comments for line in _comment(comment))
    return "".join((*above, *(_dumped(key, value) for key, value in described.items())))


def _dumped(key: str, value: Any) -> str:
    """Directives stand one below the other; elsewhere what holds no other list or mapping stands in one line."""
    flow = None if isinstance(value, list) else False
    return yaml.safe_dump(
        {key: value}, sort_keys=False, default_flow_style=flow, allow_unicode=True, width=_WIDTH, indent=2
    )


def _comment(text: str) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text.strip() or "#",
        width=_WIDTH,
        initial_indent=f"# {indent}" if text.strip() else "",
        subsequent_indent=f"# {indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: _plain(own)
            for each in fields(value)
            if OF_A_TRIAL not in each.metadata and (own := getattr(value, each.name)) != _default(each)
        }
    if isinstance(value, tuple) and value and all(isinstance(each, tuple) for each in value):
        return _directives(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, StrEnum) else value


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _directives(pairs: tuple[tuple[str, str], ...]) -> dict[str, str | list[str]]:
    """One that stands several times is a list."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}
