"""A plan is executable: from its plan.json alone a trial is done again, with the same faults in the same places."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from redis_resilience.model.events import FaultEffect
from redis_resilience.model.faults import kill, pause
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Since, Windows, Writers
from redis_resilience.shipped import SCENARIOS
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.plan_file import as_yaml
from tests.processes import command, pytest_in

IN_MEMORY = {
    "master-back-in-time", "master-delete", "master-delete-now", "master-isolate", "master-kill", "master-pause",
    "master-stop", "master-wiped", "old-name", "replica-delete", "replica-kill", "rolling-restart", "sentinel-delete",
    "sentinel-kill", "sentinel-majority-lost", "document-002", "document-002-dead-sentinel", "document-004-master",
    "document-004-sentinel", "document-004-server",
}  # fmt: skip
"""Every scenario with a fault that the simulation can do."""
SEVERAL = Plan(
    trial="0000beef",
    scenario="several",
    topology="sidecar",
    profile="fast",
    backend="memory",
    seed=7,
    load=Load(writers=(Writers(count=2, rate=100.0),)),
    faults=(
        Scheduled(fault=pause("redis-1", for_s=0.5), after_s=0.2),
        Scheduled(fault=kill("redis-2", for_s=0.5), after_s=0.4, since=Since.START),
    ),
    expect=Expect(failover=False),
    windows=Windows(heal_s=15.0),
)


def trials(results: Path) -> dict[str, TrialFolder]:
    found = [TrialFolder(path.parent) for path in results.rglob("plan.json")]
    return {folder.plan().scenario: folder for folder in found if (folder.path / "environment.json").is_file()}


def effects(folder: TrialFolder) -> list[tuple[int, str, str, str]]:
    """Every fault that took effect: its number, its kind, and where."""
    return [
        (each.fault, each.fault_kind, each.pod, each.container) for each in folder.history().of(FaultEffect)
    ]  # fmt: skip


def must_be_done_again(first: TrialFolder, folder: Path) -> None:
    said = command("run", first.path / "plan.json", "--results", folder / "again", cwd=folder)
    [second] = trials(folder / "again").values()
    plan = first.plan()
    assert second.plan() == msgspec.convert({**msgspec.to_builtins(plan), "repeat": second.plan().repeat}, Plan), said
    assert effects(second) == effects(first)
    assert {number for number, *_ in effects(second)} == set(range(len(plan.faults)))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TrialFolder]:
    """Every scenario on the simulation: those that it can do have a trial."""
    folder = tmp_path_factory.mktemp("simulated")
    words = ["-c", os.devnull, "-p", "no:cacheprovider", "-q", "--import-mode=importlib", "--redis-backend=memory"]
    pytest_in(folder, SCENARIOS, *words, "--redis-fresh=yes", f"--redis-results={folder}/results")
    return {name: trial for name, trial in trials(folder / "results").items() if effects(trial)}


def test_the_simulation_does_these_scenarios(simulated):
    assert set(simulated) == IN_MEMORY


@pytest.mark.parametrize("name", sorted(IN_MEMORY))
def test_the_plan_of_every_scenario_is_done_again_on_the_simulation(simulated, name, tmp_path):
    must_be_done_again(simulated[name], tmp_path)


@pytest.mark.local
@pytest.mark.parametrize(
    "name", ["master-isolate", "master-pause", "master-wiped", "sentinel-majority-lost", "cluster-grows"]
)
def test_the_plan_of_a_scenario_is_done_again_on_real_servers(name, tmp_path):
    command("run", name, "--results", tmp_path / "first", cwd=tmp_path)
    [first] = trials(tmp_path / "first").values()

    must_be_done_again(first, tmp_path)


def test_a_plan_in_yaml_runs_with_faults_that_overlap(tmp_path):
    """Each at its own time from the start, each healed at its own."""
    (tmp_path / "several.yaml").write_text(as_yaml(SEVERAL))

    said = command("run", "several.yaml", cwd=tmp_path)

    folder = trials(tmp_path / "results")["several"]
    assert said.returncode == 0, said.stdout + said.stderr
    assert folder.plan().faults == SEVERAL.faults
    assert effects(folder) == [(0, "pause", "redis-1", "redis"), (1, "kill", "redis-2", "redis")]
    order = [event.label for event in folder.history().events if event.label in ("fault-effect", "heal-end")]
    assert order == ["fault-effect", "fault-effect", "heal-end", "heal-end"]
    assert " run several.yaml " in folder.plan().repeat
    assert not {"--profile", "--rate", "--writers"} & set(folder.plan().repeat.split())


def test_the_plan_of_a_scenario_is_shown_and_can_be_run(tmp_path):
    shown = command("plan", "master-back-in-time", "--backend", "memory", cwd=tmp_path)
    (tmp_path / "plan.yaml").write_text(shown.stdout)

    said = command("run", "plan.yaml", cwd=tmp_path)

    assert shown.returncode == said.returncode == 0, said.stdout + said.stderr
    plan = trials(tmp_path / "results")["master-back-in-time"].plan()
    assert (plan.down_after_ms, plan.redis) == (3000, {"appendonly": "yes", "appendfsync": "everysec"})


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        ({"sead": 1}, (), "did you mean 'seed'?"),
        ({}, ("--rate", "5"), "expected no --rate with plan.json: a plan is run as it is; change it in the file"),
        ({}, ("--topology", "cluster"), "expected the topology of plan.json, sidecar; got --topology cluster"),
        ({"topology": "nod"}, (), "'nod'"),
        ({"faults": [{"fault": {"kind": "kill", "target": "redis-7"}}]}, (), "its pods are: redis-0 (redis, sentinel)"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_starts(tmp_path, change, words, message):
    (tmp_path / "plan.json").write_text(json.dumps({**msgspec.to_builtins(SEVERAL), **change}))

    said = command("run", "plan.json", *words, cwd=tmp_path)

    assert said.returncode != 0
    assert message in said.stdout + said.stderr
    assert "Traceback" not in said.stdout + said.stderr
    assert not trials(tmp_path)
