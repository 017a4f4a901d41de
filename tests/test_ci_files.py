"""The workflows that users copy are valid YAML, and every command in them is one that this project has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from redis_resilience.cli import app

FILES = sorted((Path(__file__).parent.parent / "docs" / "ci").glob("*.yaml"))
COMMANDS = re.compile(r"redis-resilience ([^\n)]+)")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_command_of_a_workflow_is_parsed(path: Path) -> None:
    yaml.safe_load(path.read_text())
    lines = COMMANDS.findall(path.read_text())
    command = get_command(app)

    assert any(line.startswith("nightly") for line in lines)
    for line in lines:
        name, *words = shlex.split(line.rstrip('"'))
        command.commands[name].make_context(name, words, resilient_parsing=False)  # type: ignore[attr-defined]
