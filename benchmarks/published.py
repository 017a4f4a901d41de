"""What the pages of `reports/` that are made from trials have in common: rows as JSON, and a table between marks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from redis_resilience.trials.folder import TrialFolder

REPORTS = Path(__file__).parents[1] / "reports"
END = "<!-- end -->"
D = TypeVar("D", bound=msgspec.Struct)
R = TypeVar("R")
"""A row: a struct with a `key` and a `note`."""


def begin(program: str) -> str:
    """The mark above the table that this program makes."""
    return f"<!-- made by `python benchmarks/{program}.py` -->"


def read(program: str, kind: type[D]) -> D:
    """The data that this program keeps."""
    return msgspec.json.decode((REPORTS / f"{program}.json").read_bytes(), type=kind)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """In Markdown; every row has the cells of `head`."""
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, ("---",) * len(head), *rows))


def judged(runs: Iterable[Path]) -> Iterator[TrialFolder]:
    """The trials of these runs that have a verdict, the oldest first."""
    verdicts = [path for run in runs for path in run.rglob("verdict.json") if ".attempts" not in path.parts]
    yield from (TrialFolder(path.parent) for path in sorted(verdicts, key=lambda path: path.stat().st_mtime))


def renewed(old: Iterable[R], new: Iterable[R]) -> tuple[R, ...]:
    """Each new row in place of the old one of its key, whose note, which a person wrote, it keeps; others stay."""
    rows = {row.key: row for row in old}
    for row in new:
        note = rows[row.key].note if row.key in rows else ""
        rows[row.key] = msgspec.structs.replace(row, note=note)
    return tuple(rows.values())


def write(program: str, document: msgspec.Struct, made: str) -> None:
    """Replace the data, and the table in the page; what people wrote around it stays."""
    data = REPORTS / f"{program}.json"
    data.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    page = data.with_suffix(".md")
    head, rest = page.read_text().split(begin(program) + "\n", 1)
    page.write_text(f"{head}{begin(program)}\n{made}{END}{rest.split(END, 1)[1]}")
