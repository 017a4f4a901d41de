"""The table of promises, predictions and measurements: generated from the catalogue and from trials, never edited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.command.predict import BEGIN, END, SCENARIOS, Case, measured_cells, tables, write
from redis_resilience.command.scenarios import scenarios
from redis_resilience.faults.target import MASTER, REPLICA
from redis_resilience.model.errors import BrokenTrial, UsageError
from redis_resilience.model.faults import delete_pod, kill
from redis_resilience.topologies.catalogue import names
from redis_resilience.trials.keeper import Keeper
from redis_resilience.trials.settings import settings
from redis_resilience.trials.trial import Trial

PAGE = Path(__file__).parents[2] / "reports" / "predictions.md"
DELETED = str(delete_pod(MASTER, grace_s=0))
OF_NODE = Case(topology="node", profile="fast", fault="kill master", backend="local")


def between(page: str) -> str:
    return page.split(BEGIN + "\n", 1)[1].split(END, 1)[0]


def row(text: str, case: Case) -> list[str]:
    begin = f"| {case.topology} | {case.profile} | {case.fault} | {case.backend} |"
    (found,) = (line for line in text.splitlines() if line.startswith(begin))
    return [cell.strip() for cell in found.strip("|").split(" | ")]


def test_the_page_predicts_what_the_catalogue_says():
    """On a mismatch: redis-resilience predict --write reports/predictions.md; what was measured stays."""
    text = between(PAGE.read_text())

    assert text == tables([], measured_cells(text))


def test_every_topology_is_in_both_tables():
    text = tables([], {})

    assert all(f"\n| {name} | documented | kill master | kind |" in text for name in names())
    assert all(text.count(f"\n| {name} | ") > 6 for name in names())


def test_bounds_are_those_of_the_settings():
    """D = 5 s with Sentinel's own periods; a PING period more for a hung master; a planned failover in a cluster."""
    text = tables([], {})

    killed = row(text, replace(OF_NODE, profile="documented"))[4]
    hung = row(text, replace(OF_NODE, profile="documented", fault="pause master"))[4]
    assert killed == "+switch-master after 5.08 to 8.22 s, 120 s later for each failed election"
    assert hung.startswith("+switch-master after 5.08 to 10.2 s")
    assert row(text, replace(OF_NODE, backend="kind", fault=DELETED))[4].startswith("planned failover; if that fails")
    assert row(text, Case(topology="statefulset", profile="documented", fault="kill master", backend="kind"))[
        4
    ].startswith("no failover: the kubelet brings it back")


@pytest.fixture
def results(tmp_path):
    """The folder of a trial with these faults, labelled as local: a complete history without processes."""

    def make(*faults, scenario: str = "master-kill") -> Path:
        chosen = settings({"redis_backend": "memory"}, results=tmp_path)
        with Keeper(chosen) as keeper:
            trial = Trial(scenario=scenario, number=1, folder=tmp_path / "trial", settings=chosen, keeper=keeper)
            for fault in faults:
                trial.inject(fault)
            trial.run()
        path = tmp_path / "trial" / "plan.json"
        path.write_text(path.read_text().replace('"memory"', '"local"'))
        (tmp_path / "trial" / "SHA256SUMS").unlink()
        return tmp_path

    return make


def test_what_was_measured_comes_from_trials_of_that_case(results):
    folder = results(kill(MASTER))

    text = tables([folder], {})

    assert row(text, OF_NODE)[5].startswith("1 trial: 1 failover, +switch-master after ")
    assert row(text, OF_NODE)[5].endswith("; 0 lost")
    assert len(measured_cells(text)) == 1


@pytest.mark.parametrize(
    ("faults", "scenario"),
    [((kill(REPLICA),), "replica-kill"), ((kill(MASTER),), "old-name"), ((), "master-kill")],
    ids=["a replica", "writers elsewhere", "nothing broken"],
)
def test_other_trials_are_no_measurement_of_it(results, faults, scenario):
    assert measured_cells(tables([results(*faults, scenario=scenario)], {})) == {}


def test_trials_of_a_topology_of_one_s_own_have_no_row_and_do_no_harm(results):
    """They may lie in the same folder; what the catalogue does not know is in no table."""
    folder = results(kill(MASTER))
    plan = folder / "trial" / "plan.json"
    plan.write_text(plan.read_text().replace('"topology": "node"', '"topology": "five-sentinels"'))
    assert "five-sentinels" in plan.read_text()

    assert measured_cells(tables([folder], {})) == {}


@pytest.mark.parametrize("name", ["nosuch", "."])
def test_a_folder_without_trials_is_an_error(tmp_path, name):
    with pytest.raises(UsageError, match=r"expected a folder with judged trials; got .*; try results/"):
        tables([tmp_path / name], {})


def test_a_damaged_trial_is_an_error(results):
    folder = results(kill(MASTER))
    (folder / "trial" / "verdict.json").write_text("{")
    with pytest.raises(BrokenTrial, match="verdict"):
        tables([folder], {})


def test_every_fault_is_measured_by_a_scenario_that_exists():
    assert set(SCENARIOS) <= {found.name for found in scenarios()}


def test_what_was_measured_before_stays_until_it_is_measured_again(results, tmp_path):
    """Only the case that was tried again changes; what is around the marks is left alone."""
    page = tmp_path / "page.md"
    other = replace(OF_NODE, fault="pause master")
    page.write_text(f"# Mine\n{BEGIN}\n{tables([], {OF_NODE: 'old', other: 'kept'})}{END}\nend\n")

    write(page, [results(kill(MASTER))])

    text = page.read_text()
    assert row(text, OF_NODE)[5].startswith("1 trial")
    assert row(text, other)[5] == "kept"
    assert text.startswith("# Mine\n")
    assert text.endswith(f"{END}\nend\n")


def test_a_page_without_marks_is_not_touched(tmp_path):
    (tmp_path / "page.md").write_text("# Mine\n")

    with pytest.raises(UsageError, match=r"expected a page with <!-- made by .* in it; got .*page.md"):
        write(tmp_path / "page.md", [])
    assert (tmp_path / "page.md").read_text() == "# Mine\n"
