"""Published evidence: pages are made from data, and each names the command that makes it."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from redis_resilience.judges.judge import judge
from tests.trials.corpus import CORPUS, unpack

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / "reports"
DATA = sorted(REPORTS.glob("*.json"))


def program(name: str) -> ModuleType:
    """Of benchmarks/, which import one another as scripts do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        return importlib.import_module(name)


@pytest.fixture(scope="module")
def documented() -> ModuleType:
    return program("documented")


def table_in(name: str) -> str:
    """What stands between the marks of the page."""
    published = program("published")
    page = (REPORTS / f"{name}.md").read_text()
    return page.split(f"{published.begin(name)}\n", 1)[1].split(published.END, 1)[0]


def test_every_page_has_its_data_and_every_data_its_page() -> None:
    assert {path.stem for path in DATA} == {path.stem for path in REPORTS.glob("*.md")} - {"README"}


@pytest.mark.parametrize("data", DATA, ids=lambda path: path.stem)
def test_data_page_and_list_name_the_command(data: Path) -> None:
    text, page, listed = data.read_text(), data.with_suffix(".md").read_text(), (REPORTS / "README.md").read_text()

    command = {"predictions": "redis-resilience predict", "documented": "python benchmarks/documented.py"}[data.stem]
    assert f'"made_by": "{command}' in text
    assert f"<!-- made by `{command}" in page
    assert f"`{command}" in listed


def test_the_documents_page_is_made_from_its_data(documented: ModuleType) -> None:
    """On a mismatch: python benchmarks/documented.py."""
    assert table_in("documented") == documented.table(documented.read().rows)


def test_every_field_of_the_documents_data_is_documented(documented: ModuleType) -> None:
    text = (REPORTS / "README.md").read_text()

    assert all(f"`{name}`" in text for name in documented.Row.__struct_fields__)


def test_a_trial_becomes_a_row(documented: ModuleType, tmp_path: Path) -> None:
    """Seconds after the fault, as the judges have them."""
    (archive,) = CORPUS.glob("*-documented-master-kill.tar.xz")
    trial = unpack(archive, tmp_path)
    trial.save_judgement(judge(trial.history()))

    row = documented.taken(trial, "kept")

    told = judge(trial.history())
    assert (row.scenario, row.verdict, row.lost, row.note) == (told.scenario, told.verdict, told.writes.lost, "kept")
    assert row.outage_s == pytest.approx(told.availability.outage_ms / 1e3, abs=1e-3)
    assert row.first_switch_s == pytest.approx(told.timeline.ms("first_switch_at") / 1e3, abs=1e-3)
