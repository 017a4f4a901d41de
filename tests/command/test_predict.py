"""The table of promises, predictions and measurements: generated from the catalogue and from trials, never edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from redis_resilience.command.measured import (
    SCENARIOS,
    Case,
    Measured,
    Spread,
    measure,
    read_measured,
    write_measured,
)
from redis_resilience.command.predict import BEGIN, END, tables, write
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
ONCE = Measured(
    trials=1,
    failovers=1,
    change_ms=Spread(median=2000, least=2000, most=2000),
    outage_ms=Spread(median=2100, least=2100, most=2100),
    lost=0,
)
OF_NODE = Case(topology="sidecar", profile="fast", fault="kill master", backend="local")


def between(page: str) -> str:
    return page.split(BEGIN + "\n", 1)[1].split(END, 1)[0]


def row(text: str, case: Case) -> list[str]:
    begin = f"| {case.topology} | {case.profile} | {case.fault} | {case.backend} |"
    (found,) = (line for line in text.splitlines() if line.startswith(begin))
    return [cell.strip() for cell in found.strip("|").split(" | ")]


def test_the_page_is_made_from_the_catalogue_and_its_data():
    """On a mismatch: redis-resilience predict --write reports/predictions.md; what was measured stays."""
    assert between(PAGE.read_text()) == tables(read_measured(PAGE.with_suffix(".json")))


def test_every_topology_is_in_both_tables():
    text = tables({})

    assert all(f"\n| {name} | documented | kill master | kind |" in text for name in names())
    assert all(text.count(f"\n| {name} | ") > 6 for name in names())


def test_bounds_are_those_of_the_settings():
    """D = 5 s with Sentinel's own periods; a PING period more for a hung master; a planned failover in a cluster."""
    text = tables({})

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

    measured = measure([folder])

    assert [(case, found.trials, found.failovers, found.lost) for case, found in measured.items()] == [
        (OF_NODE, 1, 1, 0)
    ]
    assert row(tables(measured), OF_NODE)[5].startswith("1 trial: 1 failover, +switch-master after ")
    assert row(tables(measured), OF_NODE)[5].endswith("; 0 lost")


def test_several_trials_are_median_minimum_and_maximum():
    """In seconds, of three significant digits; what several trials lost is their sum."""
    several = replace(ONCE, trials=3, failovers=2, change_ms=Spread(median=2004.9, least=1900, most=2109), lost=7)

    assert row(tables({OF_NODE: several}), OF_NODE)[5] == (
        "3 trials: 2 failovers, +switch-master after 2 s (1.9 to 2.11); no writes for 2.1 s (2.1 to 2.1); 7 lost in all"
    )


def test_measurements_are_read_back_as_they_were_written(tmp_path):
    other = replace(OF_NODE, topology="cluster")
    measured = {OF_NODE: ONCE, other: replace(ONCE, failovers=0, change_ms=None)}

    write_measured(tmp_path / "page.json", measured)

    assert read_measured(tmp_path / "page.json") == measured


def test_data_that_cannot_be_read_is_an_error_and_stays(tmp_path):
    page, data = tmp_path / "page.md", tmp_path / "page.json"
    page.write_text(f"{BEGIN}\n{END}\n")
    data.write_text('{"rows": [{"case": 1}]}')

    with pytest.raises(UsageError, match=r"expected measurements of `redis-resilience predict .*page.json; .*rows"):
        write(page, [])
    assert data.read_text() == '{"rows": [{"case": 1}]}'


def test_every_field_of_the_data_is_documented():
    text = (PAGE.parent / "README.md").read_text()

    for kind in (Case, Measured, Spread):
        assert all(f"`{name}`" in text for name in kind.__struct_fields__)


@pytest.mark.parametrize(
    ("faults", "scenario"),
    [((kill(REPLICA),), "replica-kill"), ((kill(MASTER),), "old-name"), ((), "master-kill")],
    ids=["a replica", "writers elsewhere", "nothing broken"],
)
def test_other_trials_are_no_measurement_of_it(results, faults, scenario):
    assert measure([results(*faults, scenario=scenario)]) == {}


def test_trials_of_a_topology_of_one_s_own_have_no_row_and_do_no_harm(results):
    """They may lie in the same folder; what the catalogue does not know is in no table."""
    folder = results(kill(MASTER))
    plan = folder / "trial" / "plan.json"
    plan.write_text(plan.read_text().replace('"topology": "sidecar"', '"topology": "five-sentinels"'))
    assert "five-sentinels" in plan.read_text()

    assert "five-sentinels" not in tables(measure([folder]))


@pytest.mark.parametrize("name", ["nosuch", "."])
def test_a_folder_without_trials_is_an_error(tmp_path, name):
    with pytest.raises(UsageError, match=r"expected a folder with judged trials; got .*; try results/"):
        measure([tmp_path / name])


def test_a_damaged_trial_is_an_error(results):
    folder = results(kill(MASTER))
    (folder / "trial" / "verdict.json").write_text("{")
    with pytest.raises(BrokenTrial, match="verdict"):
        measure([folder])


def test_every_fault_is_measured_by_a_scenario_that_exists():
    assert set(SCENARIOS) <= {found.name for found in scenarios()}


def test_what_was_measured_before_stays_until_it_is_measured_again(results, tmp_path):
    """Only the case that was tried again changes; what is around the marks is left alone."""
    page = tmp_path / "page.md"
    other = replace(OF_NODE, fault="pause master")
    write_measured(page.with_suffix(".json"), {OF_NODE: replace(ONCE, trials=9), other: ONCE})
    page.write_text(f"# Mine\n{BEGIN}\n{END}\nend\n")

    write(page, [results(kill(MASTER))])

    text = page.read_text()
    assert row(text, OF_NODE)[5].startswith("1 trial")
    assert row(text, other)[5] == "1 trial: 1 failover, +switch-master after 2 s; no writes for 2.1 s; 0 lost"
    assert text.startswith("# Mine\n")
    assert text.endswith(f"{END}\nend\n")


def test_a_page_without_marks_is_not_touched(tmp_path):
    (tmp_path / "page.md").write_text("# Mine\n")

    with pytest.raises(UsageError, match=r"expected a page with <!-- made by .* in it; got .*page.md"):
        write(tmp_path / "page.md", [])
    assert (tmp_path / "page.md").read_text() == "# Mine\n"
