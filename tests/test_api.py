"""The public face: what `redis_resilience` itself offers, and what importing it costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import redis_resilience

STUB = Path(redis_resilience.__file__).with_suffix(".pyi")
SCENARIOS = sorted((Path(__file__).parent.parent / "scenarios").glob("test_*.py"))


def test_every_public_name_can_be_had():
    """And is the very object of its module."""
    for home, names in redis_resilience._HOMES.items():
        module = import_module(f"redis_resilience.{home}")
        for name in names:
            assert getattr(redis_resilience, name) is getattr(module, name)
    assert set(redis_resilience.__all__) <= set(dir(redis_resilience))


def test_the_types_are_those_of_the_same_names():
    """What mypy reads is what Python finds: the stub names every public name, from the same module."""
    typed = {
        alias.asname: node.module
        for node in ast.parse(STUB.read_text()).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert typed == {name: f"redis_resilience.{home}" for name, home in redis_resilience._HOME_OF.items()}


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'redis_resilience' has no attribute 'kil'"):
        redis_resilience.kil  # noqa: B018 - looking at it is the test


def test_importing_it_costs_nothing():
    """Of this package only itself, and none of the libraries that it uses."""
    code = """
import sys
import redis_resilience
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"numpy", "msgspec", "rich", "hiredis", "typer", "jinja2", "plotly", "pytest", "yaml"}, loaded
assert [name for name in sys.modules if name.startswith("redis_resilience")] == ["redis_resilience"]
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_a_scenario_needs_the_public_api_only(path: Path):
    """What the shipped ones need from a module inside, a user's own would need, too."""
    inside = [
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("redis_resilience.")
    ]

    assert inside == []
