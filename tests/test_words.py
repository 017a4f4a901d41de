"""What a reader meets is written in the field's own terms: a table of home-made ones keeps them out."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from redis_resilience.command.scenarios import scenarios

ROOT = Path(__file__).parent.parent
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *ROOT.glob("*s/README.md"),
    *(ROOT / "reports").glob("*.md"),
]

WORDS = {
    r"whole again|(?:is|are|all|be|not|was) whole\b": "healthy, fully redundant",
    r"(?:made|makes?|making|begun|began) (?:it |them |\w+ )?anew": "recreated (pod), restarted (container)",
    r"hand(?:ed|s|ing)? (?:it )?over|hand-overs?|hands? nothing over": "planned failover",
    r"control window": "baseline",
    r"\bstrays?\b(?! master`)": "stale master",
    r"turn(?:ed|s|ing)? (?:it |the old master )?round": "demoted",
    r"cut(?:s|ting)?[ -]off": "isolated, partitioned",
    r"\bmates\b|\bsiblings\b": "co-located pods, pods of the same controller",
    r"\bghosts?\b": "stale Sentinel entry",
    r"\bworn\b": "no longer reusable",
    r"\bby hand\b": "manually",
    r"\blateness\b": "scheduling delay",
    r"look-ups?\b": "DNS lookup",
    r"power cut|without power|loses its power": "node failure",
    r"between commas": "comma-separated",
    r"\bidem\b": "say it again",
    r"\bowes?\b": "is required to",
    r"what it comes to|come to nothing|came to nothing": "the outcome",
    r"\bnobody\b": "no server, no Sentinel, no client",
    r"\b(?:is|are|was|were|be) told\b|\btells? of\b": "reported",
    r"\bfinds? (?:it|them) to be so\b|found to be so": "detected",
    r"\bmend(?:ed|s|ing)?\b": "fix",
    r"\bset-ups?\b": "deployment, topology",
    r"\bas a rule\b": "usually",
    r"the one who\b": "the client that",
}
"""A home-made term, and what to write."""


def _found(text: str) -> list[str]:
    """Each home-made term of the text, with its line and what to write instead."""
    return [
        f"{number}: {found.group()!r}: write {instead}; in: {line.strip()[:100]}"
        for number, line in enumerate(text.splitlines(), 1)
        for pattern, instead in WORDS.items()
        for found in re.finditer(pattern, line, re.IGNORECASE)
    ]


def _prose(path: Path) -> Iterator[str]:
    """Docstrings and comments of the module."""
    source = path.read_text()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    yield from (token.string for token in tokens if token.type == tokenize.COMMENT)


def _texts(path: Path) -> Iterator[str]:
    """Strings of the module but its docstrings: help, findings, errors, rules, pages."""
    tree = ast.parse(path.read_text())
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    yield from (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent
    )


def test_the_program_uses_the_fields_terms():
    """In everything that a user may see: help, findings, errors, rules of lint, predictions, pages."""
    wrong = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sorted((ROOT / "harness").rglob("*.py"))
        for text in _texts(path)
        for found in _found(text)
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("folder", ["harness", "tests", "scenarios", "benchmarks"])
def test_docstrings_and_comments_use_the_fields_terms(folder: str):
    """In everything that a developer reads beside the code."""
    wrong = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for text in _prose(path)
        for found in _found(text)
    ]

    assert not wrong, "\n".join(wrong)


def test_the_summaries_of_scenarios_use_the_fields_terms():
    """`redis-resilience scenarios` prints them, each by itself."""
    wrong = [f"{each.name}: {found}" for each in scenarios() for found in _found(each.summary)]

    assert not wrong, "\n".join(wrong)
    assert not [each.name for each in scenarios() if each.summary.startswith("The same")]


def test_names_of_functions_and_classes_use_the_fields_terms():
    wrong = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in sorted((ROOT / "harness").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for found in _found(node.name.replace("_", " "))
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_use_the_fields_terms(path: Path):
    """Names of files are free: decisions keep theirs."""
    text = re.sub(r"docs/adr/\S+", "", path.read_text())

    assert not _found(text), "\n".join(_found(text))
