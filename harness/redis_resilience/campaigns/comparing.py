"""Two sides of a comparison: their words, whose trials belong together, and whether their environments are alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import TypeVar

from redis_resilience.campaigns.campaign_file import near
from redis_resilience.campaigns.schedule import Cell
from redis_resilience.model.errors import UsageError
from redis_resilience.model.run import TrialRecord
from redis_resilience.options import OF_THE_USERS
from redis_resilience.results.budgets import grouped
from redis_resilience.statistics.arm import Arm, arm

KEYS = {
    "topology": "redis_topology",
    "profile": "redis_profile",
    "down-after": "redis_down_after",
    "image": "redis_image",
    "server": "redis_server",
    "chart": "redis_chart",
    "values": "redis_values",
    "set": "redis_set",
    "manifests": "redis_manifests",
    "context": "redis_context",
    "namespace": "redis_namespace",
    "attach": "redis_attach",
}
_SEVERAL = ("values", "set", "attach")
"""Keys that may stand in a side more than once, as their options take several, comma-separated."""
_COMMA = re.compile(r",(?![^(]*\))")
"""Not within a set of a label's values: "app in (a,b)"."""
_OF_A_TOPOLOGY = ("topology", "profile", "down-after", "image", "server")
_SET = "set."
_OF_THE_SUBJECT = ("engine", "engine_version", "images")
"""What a comparison may be about, so that it need not be alike."""

T = TypeVar("T")
Trials = tuple[tuple[TrialRecord, ...], tuple[TrialRecord, ...]]
"""Of A and of B."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """text: as it was given. options: by the names of the plugin."""

    text: str
    options: Mapping[str, str] = field(default_factory=dict)


def side_of(text: str) -> Side:
    """Of KEY=VALUE, comma-separated: "image=redis:8.0", "profile=rapid,set.appendonly=yes", "chart=./c,set=size=3".

    Raises UsageError.
    """
    options: dict[str, str] = {}
    directives: list[str] = []
    for part in _COMMA.split(text):
        key, equals, value = (each.strip() for each in part.partition("="))
        if not equals or not (value or key.startswith(_SET)):
            raise UsageError(
                f"expected a run's folder, or KEY=VALUE, comma-separated, with keys {', '.join(KEYS)}, "
                f"{_SET}DIRECTIVE; got {text!r}"
            )
        if key.startswith(_SET):
            directives.append(f"{key.removeprefix(_SET)}={value}")
        elif key in KEYS:
            before = options.get(KEYS[key], "") if key in _SEVERAL else ""
            options[KEYS[key]] = ",".join(filter(None, (before, value)))
        else:
            known = (*KEYS, f"{_SET}DIRECTIVE")
            raise UsageError(f"side {text!r}: expected a key of {', '.join(known)}; got {key!r}{near(key, known)}")
    if directives:
        options["redis_directives"] = ",".join(directives)
    return Side(text=text, options=options)


def must_have_effect(side: Side, common: Mapping[str, str]) -> None:
    """Raises UsageError for the setting of a topology where the side's Redis is the user's own, and keeps its own.

    common: options of both sides.
    """
    chosen = {**common, **side.options}
    of_the_user = [_flag(name) for name in OF_THE_USERS if chosen.get(name)]
    names = {KEYS[key]: key for key in _OF_A_TOPOLOGY} | {"redis_directives": f"{_SET}DIRECTIVE"}
    without = [key for name, key in names.items() if name in side.options]
    if of_the_user and without:
        raise UsageError(
            f"side {side.text!r}: expected chart, values, set, manifests, context, namespace or attach, as "
            f"{of_the_user[0]} names a Redis that keeps its own settings; got {without[0]}; a chart's are set by "
            "values=FILE and set=KEY=VALUE"
        )


def brings(side: Side) -> bool:
    """Whether it deploys a chart or manifests of the user's."""
    return bool(side.options.get("redis_chart") or side.options.get("redis_manifests"))


def cells_of(scenarios: Sequence[str], a: Side, b: Side) -> tuple[Cell, ...]:
    """For each scenario one of A and one of B, in this order."""
    return tuple(
        Cell(name=f"{scenario}-{name.lower()}", scenario=scenario, options=side.options, variant=f"{name}: {side.text}")
        for scenario in dict.fromkeys(scenarios)
        for name, side in (("A", a), ("B", b))
    )


def pairs_of(a: Sequence[TrialRecord], b: Sequence[TrialRecord]) -> dict[str, Trials]:
    """Trials that are compared with each other, by name: same scenario, topology, profile and settings in both sides.

    Where no group is in both sides, by scenario alone: then topologies or settings are what is compared. Raises
    UsageError where nothing is in both, or several groups of a scenario would be thrown together.
    """
    groups_a, groups_b = grouped(a), grouped(b)
    common = [name for name in groups_a if name in groups_b]
    if common:
        return {name: (tuple(groups_a[name]), tuple(groups_b[name])) for name in common}
    by_a, by_b = (_by_scenario(groups) for groups in (groups_a, groups_b))
    scenarios = [scenario for scenario in by_a if scenario in by_b]
    if not scenarios:
        names = [", ".join(sorted(side)) or "nothing" for side in (by_a, by_b)]
        raise UsageError(f"expected a scenario that both sides ran; A has {names[0]}, B has {names[1]}")
    for side, groups in (("A", by_a), ("B", by_b)):
        for scenario in scenarios:
            if len(names := groups[scenario]) > 1:
                raise UsageError(
                    f"expected one setup of {scenario} in {side}, as no setup is in both sides; got {'; '.join(names)}"
                )
    return {
        scenario: (tuple(groups_a[by_a[scenario][0]]), tuple(groups_b[by_b[scenario][0]])) for scenario in scenarios
    }


def _flag(option: str) -> str:
    return f"--{option.removeprefix('redis_')}"


def left_out(a: Sequence[TrialRecord], b: Sequence[TrialRecord], pairs: Mapping[str, Trials]) -> dict[str, int]:
    """Trials of either side that have no counterpart, by scenario: they are in no test."""
    used = {id(trial) for trial in chain.from_iterable(chain.from_iterable(pairs.values()))}
    missing = [trial.scenario for trial in (*a, *b) if id(trial) not in used]
    return {scenario: missing.count(scenario) for scenario in dict.fromkeys(missing)}


def of_sides(cells: Sequence[Cell], of: Callable[[Cell], T]) -> dict[str, tuple[T, T]]:
    """What `of` gives for A's cell and for B's, by scenario; cells: as `cells_of` made them."""
    return {a.scenario: (of(a), of(b)) for a, b in zip(cells[::2], cells[1::2], strict=True)}


def arms_of(pairs: Mapping[str, Trials], not_judged: Mapping[str, tuple[int, int]]) -> dict[str, tuple[Arm, Arm]]:
    """not_judged: trials of A and of B that ended without a verdict, by the pairs' names; refused ones, then."""
    arms = {}
    for name, (a, b) in pairs.items():
        of_a, of_b = not_judged.get(name, (0, 0))
        arms[name] = (arm(a, not_judged=of_a), arm(b, not_judged=of_b))
    return arms


def unlike(a: Sequence[TrialRecord], b: Sequence[TrialRecord]) -> tuple[str, ...]:
    """What of the environment differs between the sides, besides the engine under test: "kernel: A 6.1; B 6.2"."""
    seen_a, seen_b = _environments(a), _environments(b)
    return tuple(
        f"{name}: A {_several(seen_a.get(name))}; B {_several(seen_b.get(name))}"
        for name in dict.fromkeys((*seen_a, *seen_b))
        if seen_a.get(name) != seen_b.get(name)
    )


def setups(pairs: Mapping[str, Trials]) -> dict[str, tuple[str, str]]:
    """Scenario, topology, profile and settings of A and of B, by the pairs' names, where they differ."""
    names = {name: (next(iter(grouped(a))), next(iter(grouped(b)))) for name, (a, b) in pairs.items()}
    return {name: (of_a, of_b) for name, (of_a, of_b) in names.items() if of_a != of_b}


def _by_scenario(groups: Mapping[str, Sequence[TrialRecord]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, trials in groups.items():
        found.setdefault(trials[0].scenario, []).append(name)
    return found


def _environments(trials: Sequence[TrialRecord]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for trial in trials:
        whole = asdict(trial.where)
        for name, value in {**whole.pop("more"), **whole}.items():
            if name not in _OF_THE_SUBJECT:
                found.setdefault(name, set()).add(str(value))
    return found


def _several(values: set[str] | None) -> str:
    return " and ".join(sorted(each or "not recorded" for each in values)) if values else "not recorded"
