"""Which engine a pod runs is its image's choice, under whatever names that has for its programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

MANIFESTS = Path(__file__).parents[2] / "manifests"
_PROGRAM = re.compile(r"(?<![\w/.-])redis-(?:server|cli|sentinel)(?![\w:-])")
_TAKEN = re.compile(r"\$\(command -v redis-(\w+) \|\| command -v valkey-\1\)")


def programs(path: Path) -> list[str]:
    """Lines that name a program: of a script any but its comments, of an object the commands that start a server."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    if path.suffix != ".sh":
        lines = [line for line in lines if "redis-server" in line]
    return [line for line in lines if _PROGRAM.search(line)]


NAMING = [path for path in sorted(MANIFESTS.rglob("*")) if path.suffix in (".sh", ".yaml") and programs(path)]


def test_every_topology_names_its_programs_somewhere():
    assert {path.relative_to(MANIFESTS).parts[0] for path in NAMING} == {
        "bootstrap", "chart", "cluster", "helm", "sidecar", "statefulset",
    }  # fmt: skip


@pytest.mark.parametrize("path", NAMING, ids=lambda path: str(path.relative_to(MANIFESTS)))
def test_a_program_is_taken_under_the_name_that_the_image_has(path: Path):
    """An image of Valkey may have valkey-* only."""
    assert [line for line in programs(path) if _PROGRAM.search(_TAKEN.sub("", line))] == []
