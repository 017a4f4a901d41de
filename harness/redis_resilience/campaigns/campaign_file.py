"""A campaign as a YAML file: lists whose product is its cells, and how many trials each cell gets."""

from __future__ import annotations

import difflib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import msgspec
import yaml

from redis_resilience import user_files
from redis_resilience.campaigns.schedule import Cell
from redis_resilience.model.errors import UsageError
from redis_resilience.options import OPTIONS

Scalar = str | bool | int | float
_LISTS = {
    "topologies": "redis_topology",
    "profiles": "redis_profile",
    "down_after": "redis_down_after",
    "images": "redis_image",
    "servers": "redis_server",
    "directives": "redis_directives",
    "waits": "redis_wait",
}
"""What is varied, and the option that it is."""
_SHOWN = ("redis_topology", "redis_profile", "redis_down_after", "redis_wait")
"""Options that a trial's record names anyway: no part of the variant."""
_NOT_COMMON = ("redis_seed", "redis_trials", "redis_results", "redis_require")


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFile:
    """scenarios x topologies x profiles x down_after x images x servers x directives x waits; an empty list is the
    default's.

    trials: of each cell. options: of every trial, by the names of `run` ("kind-cluster"). seed: None: a new one, kept.
    budgets: as of `run --budget`. name: of its folder in the results.
    """

    name: str
    scenarios: list[str]
    topologies: list[str] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    down_after: list[int] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    servers: list[str] = field(default_factory=list)
    directives: list[dict[str, Scalar]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    trials: int = 1
    seed: int | None = None
    options: dict[str, Scalar] = field(default_factory=dict)
    budgets: list[str] = field(default_factory=list)


def read_campaign(path: Path) -> CampaignFile:
    """Raises UsageError for a file that cannot be read, an unknown key, a value of the wrong type."""
    text = user_files.text_of(path, "a campaign")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"expected a campaign in {path}; it cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected an object with {', '.join(_keys())}; got {type(data).__name__}")
    for key in data:
        if key not in _keys():
            raise UsageError(f"{path}: expected the keys {', '.join(_keys())}; got {key!r}{near(str(key), _keys())}")
    try:
        campaign = msgspec.convert({"name": path.stem, **data}, CampaignFile)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {error}") from error
    if campaign.trials < 1 or not campaign.scenarios:
        raise UsageError(f"{path}: expected one scenario or more, and trials of 1 or more; got {campaign.trials}")
    if not re.fullmatch(r"\w[\w.-]*", campaign.name):
        raise UsageError(f"{path}: expected a name of letters, digits, dashes and dots; got {campaign.name!r}")
    return campaign


def common_options(options: Mapping[str, Scalar]) -> dict[str, str]:
    """By the names of the plugin. Raises UsageError for a name that is no option, or that a campaign decides itself."""
    known = {_word(each.name): each.name for each in OPTIONS if each.name not in (*_NOT_COMMON, *_LISTS.values())}
    found = {}
    for name, value in options.items():
        if name not in known:
            raise UsageError(f"options: expected any of: {', '.join(known)}; got {name!r}{near(name, known)}")
        found[known[name]] = text_of(value)
    return found


def cells_of(campaign: CampaignFile) -> tuple[Cell, ...]:
    """All combinations, named after what differs between them."""
    varied = {option: _texts(getattr(campaign, key)) for key, option in _LISTS.items()}
    cells = []
    for scenario in campaign.scenarios:
        for values in itertools.product(*(texts or [""] for texts in varied.values())):
            options = {option: value for option, value in zip(varied, values, strict=True) if value}
            several = {option: value for option, value in options.items() if len(varied[option]) > 1}
            shown = {option: value for option, value in several.items() if option not in _SHOWN}
            cells.append(
                Cell(
                    name="-".join(filter(None, (scenario, *map(_slug, several.items())))),
                    scenario=scenario,
                    options=options,
                    variant=", ".join(shown.values()),
                )
            )
    return unique(cells)


def unique(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Cells of the same name are numbered."""
    cells = tuple(cells)
    counts = Counter(cell.name for cell in cells)
    return tuple(
        replace(cell, name=f"{cell.name}-c{number}") if counts[cell.name] > 1 else cell
        for number, cell in enumerate(cells, 1)
    )


def text_of(value: Scalar) -> str:
    """As an option's text: YAML reads an unquoted `yes` as true."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def near(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def _texts(values: Iterable[object]) -> list[str]:
    """As options' texts; of `{}`, the topology's own directives, "": no option."""
    return [
        ",".join(f"{name}={text_of(each)}" for name, each in value.items()) if isinstance(value, dict) else str(value)
        for value in values
    ]


def _slug(chosen: tuple[str, str]) -> str:
    """Of an option and its value; a bare number of replicas would not say what it is."""
    option, value = chosen
    text = f"wait {value}" if option == "redis_wait" else value
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")[-40:]


def _word(option: str) -> str:
    return option.removeprefix("redis_").replace("_", "-")


def _keys() -> tuple[str, ...]:
    return tuple(each.name for each in fields(CampaignFile))
