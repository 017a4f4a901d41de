"""Who calls a public function reads in a docstring what it raises: in its own, or in that of its class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

HARNESS = Path(__file__).parent.parent / "harness"
SPECIAL = ("__init__", "__post_init__", "__enter__")
UNTOLD = ("AttributeError", "Exit")
"""By Python's own protocol of attributes; the exit of a command."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _raised(function: Function) -> Iterator[str]:
    """Names of the classes that its own statements raise."""
    left: list[ast.AST] = list(function.body)
    while left:
        match left.pop():
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                continue
            case (
                ast.Raise(exc=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)))
                | ast.Raise(exc=ast.Name(id=name))
            ) if name[0].isupper():
                yield name
            case node:
                left += ast.iter_child_nodes(node)


def _untold(node: ast.Module | ast.ClassDef, around: str = "") -> Iterator[str]:
    """Each public function with what it raises and no docstring mentions. around: the class's docstring."""
    for each in node.body:
        match each:
            case ast.ClassDef(name=name) if not name.startswith("_"):
                yield from _untold(each, ast.get_docstring(each) or "")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in SPECIAL or not name.startswith(
                "_"
            ):
                said = around + (ast.get_docstring(each) or "")
                yield from (
                    f"{each.lineno}: {name} raises {raised}"
                    for raised in sorted(set(_raised(each)) - set(UNTOLD))
                    if raised not in said
                )


def test_public_functions_say_what_they_raise() -> None:
    untold = [
        f"{path.relative_to(HARNESS)}:{one}"
        for path in sorted(HARNESS.rglob("*.py"))
        if path.name != "cli.py"  # docstrings of commands are their --help
        for one in _untold(ast.parse(path.read_text()))
    ]

    assert not untold, "\n".join(untold)


def test_one_that_does_not_say_it_is_found() -> None:
    source = 'def take(x):\n    """Takes it."""\n    if x:\n        raise ValueError("x")\n    raise KeyError\n'

    assert list(_untold(ast.parse(source))) == ["1: take raises KeyError", "1: take raises ValueError"]
    assert not list(_untold(ast.parse(source.replace("Takes it.", "Raises KeyError and ValueError."))))
