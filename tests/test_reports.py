"""Published evidence: pages are made from data, and each names the command that makes it."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.judges.judge import judge
from redis_resilience.model.faults import rolling_upgrade
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows
from redis_resilience.model.verdict import Verdict
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge
from tests.trials.corpus import CORPUS, unpack
from tests.trials.refusing import REASON, Refusing

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / "reports"
DATA = sorted(REPORTS.glob("*.json"))


def program(name: str) -> ModuleType:
    """Of benchmarks/, which import one another as scripts do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        return importlib.import_module(name)


COMMANDS = {
    "predictions": "redis-resilience predict",
    "documented": "python benchmarks/documented.py",
    "upgrades": "python benchmarks/upgrades.py",
}
MADE_FROM_TRIALS = ("documented", "upgrades")


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

    command = COMMANDS[data.stem]
    assert f'"made_by": "{command}' in text
    assert f"<!-- made by `{command}" in page
    assert f"`{command}" in listed


@pytest.mark.parametrize("name", MADE_FROM_TRIALS)
def test_the_page_is_made_from_its_data(name: str) -> None:
    """On a mismatch: run the command without arguments."""
    made = program(name)

    assert table_in(name) == made.table(made.read().rows)


@pytest.mark.parametrize("name", MADE_FROM_TRIALS)
def test_every_field_of_the_data_is_documented(name: str) -> None:
    text = (REPORTS / "README.md").read_text()

    assert all(f"`{field}`" in text for field in program(name).Row.__struct_fields__)


def judged(name: str, folder: Path) -> TrialFolder:
    """The recorded trial, with what is said of it today."""
    (archive,) = CORPUS.glob(f"*{name}.tar.xz")
    trial = unpack(archive, folder)
    trial.save_judgement(judge(trial.history()))
    return trial


def test_a_trial_becomes_a_row(tmp_path: Path) -> None:
    """Seconds after the fault, as the judges have them."""
    trial = judged("documented-master-kill", tmp_path)

    row = program("documented").taken(trial, "kept")

    told = trial.judgement()
    assert (row.scenario, row.verdict, row.lost, row.note) == (told.scenario, told.verdict, told.writes.lost, "kept")
    assert row.outage_s == pytest.approx(told.availability.outage_ms / 1e3, abs=1e-3)
    assert row.first_switch_s == pytest.approx(told.timeline.ms("first_switch_at") / 1e3, abs=1e-3)


def upgraded(folder: Path, kind: type[MemoryDeployment] = MemoryDeployment) -> TrialFolder:
    """A simulated upgrade."""
    found = topology("sidecar")
    plan = Plan(
        trial="t1",
        scenario="upgrade",
        topology=found.name,
        profile="fast",
        backend="memory",
        seed=1,
        load=Load(),
        faults=(Scheduled(fault=rolling_upgrade("8.0.2")),),
        expect=Expect(),
        windows=Windows(heal_s=15.0),
    )
    deployment = kind(found, found.profile("fast"))
    trial = TrialFolder(folder)
    trial.create(plan)
    run_trial(plan, deployment, trial, clock=deployment.clock)
    rejudge(trial)
    return trial


def test_an_upgrade_becomes_a_row(tmp_path: Path) -> None:
    row = program("upgrades").taken(upgraded(tmp_path / "trial"))

    assert row.key == ("memory", "sidecar", "upgrade", "Redis 7.0.0", "Redis 8.0.2")
    assert (row.verdict, row.replaced, row.failovers, row.lost, row.refused) == (Verdict.PASS, 3, 1, 0, "")
    assert row.took_s > row.outage_s > 0


def test_a_refused_engine_is_named_with_the_reason_and_no_pod_counts_that_was_put_back(tmp_path: Path) -> None:
    """redis-1 came back with the new engine before that."""
    row = program("upgrades").taken(upgraded(tmp_path / "trial", Refusing))

    assert (row.before, row.to) == ("Redis 7.0.0", "simulation of 8.0.2")
    assert (row.verdict, row.refused) == (Verdict.FAIL, REASON)
    assert (row.replaced, row.failovers, row.first_switch_s, row.lost) == (1, 0, None, 0)


def test_a_note_outlives_the_trial_that_it_was_written_for(tmp_path: Path) -> None:
    """A trial of another kind is no row, and one that is unknown replaces none."""
    upgrades = program("upgrades")
    trial = upgraded(tmp_path / "upgrade")
    noted = msgspec.structs.replace(upgrades.taken(trial), note="kept", took_s=1.0)
    document = upgrades.Document(made_by="", rows=(noted,))

    (row,) = upgrades.with_trials(document, [trial, judged("documented-master-kill", tmp_path / "kill")]).rows
    assert row == msgspec.structs.replace(upgrades.taken(trial), note="kept")

    trial.save_judgement(dataclasses.replace(trial.judgement(), verdict=Verdict.UNKNOWN))
    assert upgrades.with_trials(document, [trial]) == document
