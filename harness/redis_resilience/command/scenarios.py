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
    """name: "master-kill" for the test `test_master_kill`. node: what pytest is given."""

    name: str
    summary: str
    node: str


def scenarios(folder: Path = SCENARIOS) -> tuple[Scenario, ...]:
    """All scenarios in the order of their files."""
    found = []
    for path in sorted(folder.glob("test_*.py")):
        for item in ast.parse(path.read_text()).body:
            if isinstance(item, ast.FunctionDef) and item.name.startswith("test_"):
                summary = (ast.get_docstring(item) or "").split("\n", 1)[0]
                name = item.name.removeprefix("test_").replace("_", "-")
                found.append(Scenario(name=name, summary=summary, node=f"{path}::{item.name}"))
    return tuple(found)


def scenario(name: str, folder: Path = SCENARIOS) -> Scenario:
    """The scenario of that name; raises UsageError with the nearest names."""
    known = {found.name: found for found in scenarios(folder)}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"expected a scenario of: {', '.join(known)}; got {name!r}{hint}")
    return known[name]
