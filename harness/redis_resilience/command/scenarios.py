"""The scenarios that the command knows by name: the tests in the folder `scenarios`, read without importing them."""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.model.errors import UsageError
from redis_resilience.shipped import SCENARIOS


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """name: "master-kill" for the test `test_master_kill`. node: what pytest is given.

    topology: the only one that it runs on, "" for any.
    """

    name: str
    summary: str
    node: str
    topology: str = ""


def scenarios(folder: Path = SCENARIOS) -> tuple[Scenario, ...]:
    """All scenarios in the order of their files."""
    found = []
    for path in sorted(folder.glob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        of_all = [item.value for item in module.body if isinstance(item, ast.Assign) and _named(item, "pytestmark")]
        for item in module.body:
            if isinstance(item, ast.FunctionDef) and item.name.startswith("test_"):
                summary = (ast.get_docstring(item) or "").split("\n", 1)[0]
                name = item.name.removeprefix("test_").replace("_", "-")
                only = next(filter(None, map(_topology, (*item.decorator_list, *of_all))), "")
                found.append(Scenario(name=name, summary=summary, node=f"{path}::{item.name}", topology=only))
    return tuple(found)


def _named(item: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in item.targets)


def _topology(marker: ast.expr) -> str:
    """What the marker `redis` has as topology=; "" for another marker, or none."""
    if not isinstance(marker, ast.Call):
        return ""
    words = {word.arg: word.value.value for word in marker.keywords if isinstance(word.value, ast.Constant)}
    return str(words.get("topology", "")) if ast.unparse(marker.func) == "pytest.mark.redis" else ""


def must_run_on(wanted: Scenario, topology: str) -> None:
    """Raises UsageError where the scenario has a topology of its own, and another one was asked for; "" is none."""
    if topology not in ("", wanted.topology) and wanted.topology:
        raise UsageError(
            f"expected --topology {wanted.topology}, the only one that scenario {wanted.name} runs on, or none;"
            f" got {topology!r}"
        )


def scenario(name: str, folder: Path = SCENARIOS) -> Scenario:
    """The scenario of that name; raises UsageError with the nearest names."""
    known = {found.name: found for found in scenarios(folder)}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"expected a scenario of: {', '.join(known)}; got {name!r}{hint}")
    return known[name]
