"""The documents tell the truth: their tables are those of the program, the files that they name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from redis_resilience.command.lint import rules_page
from redis_resilience.command.scenarios import scenarios
from redis_resilience.options import OPTIONS
from redis_resilience.topologies import catalogue

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), *sorted((ROOT / "reports").glob("*.md"))]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_options_are_those_of_the_program():
    """The table is made from the program's own; on a mismatch the message is the right table."""
    head, rest = (
        (DOCS / "options.md")
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
    rules = (DOCS / "lint.md").read_text().split("<!-- rules: made by `redis-resilience lint --rules` -->\n")[1]

    assert rules == rules_page().rstrip("\n") + "\n"


def test_every_scenario_is_described():
    """With what is broken and what must hold."""
    listed = re.findall(r"^\| `([a-z0-9-]+)` \|", (DOCS / "scenarios.md").read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(found.name for found in scenarios())


def test_every_topology_is_in_the_readme():
    table = (ROOT / "README.md").read_text().split("| topology |", 1)[1].split("\n\n", 1)[0]
    listed = [name for line in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", line.split("|")[1])]

    assert sorted(listed) == sorted(catalogue.names())


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_every_file_that_is_named_exists(path: Path):
    """A path in backticks that looks like one of this project is one; so is the target of a picture."""
    text = path.read_text()

    for name in re.findall(r"`((?:harness|reports|scenarios|tests|docs|benchmarks|manifests)/[\w./-]*)`", text):
        assert (ROOT / name).exists() or list(ROOT.glob(name)), name
    for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text):
        assert (path.parent / target).is_file(), target
