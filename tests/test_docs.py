"""The documents tell the truth: their code runs, their tables are those of the program, their commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from redis_resilience.cli import app
from redis_resilience.command.lint import rules_page
from redis_resilience.command.scenarios import scenarios
from redis_resilience.options import OPTIONS
from redis_resilience.topologies import catalogue

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "reports").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{path.name}-{number}")
    for path in DOCUMENTS
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_every_python_block_is_a_scenario_that_passes(pytester: pytest.Pytester, block: str):
    """On the simulation: names, signatures and claims hold."""
    pytester.makepyfile(test_block=block)

    result = pytester.runpytest_subprocess("--redis-backend=memory", "-p", "no:cacheprovider")

    assert result.ret == 0
    assert result.parseoutcomes()["passed"] >= 1


def test_the_readme_lists_every_option():
    """The table is made from the program's own; on a mismatch the message is the right table."""
    head, rest = (
        (ROOT / "README.md")
        .read_text()
        .split("<!-- options: made by tests/test_docs.py from redis_resilience.options -->\n")
    )
    table = rest.split("<!-- end of options -->", 1)[0]
    rows = [
        f"| `{each.flag}` | {f'`{each.default}`' if each.default else ''} | {each.help.replace('|', ' or ')} |"
        for each in OPTIONS
    ]

    assert head
    assert table.splitlines() == ["| option | default | meaning |", "|---|---|---|", *rows], "\n".join(rows)


def test_the_rules_of_lint_are_those_of_the_program():
    """The end of the page is what `redis-resilience lint --rules` prints."""
    rules = (
        (ROOT / "docs" / "lint.md").read_text().split("<!-- rules: made by `redis-resilience lint --rules` -->\n")[1]
    )

    assert rules == rules_page().rstrip("\n") + "\n"


def test_every_scenario_is_in_the_readme():
    """With what is broken and what the right answer is."""
    table = (ROOT / "README.md").read_text().split("| scenario |", 1)[1].split("\n\n", 1)[0]
    listed = re.findall(r"^\| `([a-z0-9-]+)` \|", table, re.MULTILINE)

    assert sorted(listed) == sorted(found.name for found in scenarios())


def test_every_topology_is_in_the_readme():
    table = (ROOT / "README.md").read_text().split("| topology |", 1)[1].split("\n\n", 1)[0]
    listed = [name for line in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", line.split("|")[1])]

    assert sorted(listed) == sorted(catalogue.names())


@pytest.mark.parametrize("path", [*DOCUMENTS, ROOT / "TRACK_RECORD.md"], ids=lambda path: path.name)
def test_every_command_that_is_named_exists(path: Path):
    """`redis-resilience WORD` is a command, `run NAME` a scenario."""
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    names = {found.name for found in scenarios()}

    for line in re.findall(r"redis-resilience ([a-z][a-z-]+(?: [a-z][a-z0-9-]+)?)", path.read_text()):
        word, _, argument = line.partition(" ")
        if word in known and word == "run" and argument:
            assert argument in names
        elif word not in ("has", "warns"):
            assert word in known, line


@pytest.mark.parametrize(
    "path", [*DOCUMENTS, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"], ids=lambda path: path.name
)
def test_every_file_that_is_named_exists(path: Path):
    """A path in backticks that looks like one of this project is one."""
    for name in re.findall(
        r"`((?:harness|reports|scenarios|tests|docs|benchmarks|manifests)/[\w./-]*)`", path.read_text()
    ):
        assert (ROOT / name).exists() or list(ROOT.glob(name)), name
