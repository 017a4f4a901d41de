"""The command that repeats a trial, as a trial's page shows it, pasted into a shell outside the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
BARE = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}


def run(*words: str, cwd: Path, results: Path) -> None:
    environ = {**BARE, "REDIS_RESILIENCE_RESULTS": str(results)}
    done = subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def plans(results: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in sorted(results.glob("2*/*/plan.json"))]


def pasted(plan: dict[str, Any], cwd: Path, results: Path) -> dict[str, Any]:
    """The plan of the one trial that the command of this one makes."""
    run("sh", "-c", plan["repeat"], cwd=cwd, results=results)
    (again,) = plans(results)
    return again


@pytest.mark.parametrize("spoken", [("pytest",), ("python", "-m", "pytest")], ids=["script", "module"])
def test_of_a_shipped_scenario_in_a_checkout(tmp_path: Path, spoken: tuple[str, ...]):
    """Also without the plugins that only this project's own tests need."""
    words = (str(BIN / spoken[0]), *spoken[1:], "-p", "no:timeout", "scenarios/test_replica.py")
    run(*words, "--redis-backend=memory", "-p", "no:cacheprovider", cwd=ROOT, results=tmp_path / "first")
    (plan,) = plans(tmp_path / "first")

    again = pasted(plan, ROOT, tmp_path / "again")

    assert "scenarios/test_replica.py::test_replica_kill" in plan["repeat"]
    assert (again["seed"], again["faults"]) == (plan["seed"], plan["faults"])


def test_of_a_scenario_of_ones_own_under_xdist_on_a_topology_by_marker(tmp_path: Path):
    """One of several trials, with a parameter, in a class: the one seed in the command is the trial's own."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nredis_backend = memory\n")
    (tmp_path / "sub dir").mkdir()
    (tmp_path / "sub dir" / "test_own.py").write_text(
        """
import pytest
from redis_resilience import REPLICA, kill

@pytest.mark.redis(topology="statefulset", trials=2)
class TestOwn:
    @pytest.mark.parametrize("writers", [2])
    def test_kill(self, trial, writers):
        trial.load(writers=writers)
        trial.inject(kill(REPLICA))
        trial.run()
"""
    )
    run(str(BIN / "pytest"), "-n", "2", "-p", "no:cacheprovider", cwd=tmp_path, results=tmp_path / "first")
    second = plans(tmp_path / "first")[1]

    again = pasted(second, tmp_path, tmp_path / "again")

    assert second["repeat"].count("seed") == 1
    assert f"--redis-seed={second['seed']}" in second["repeat"]
    assert again["topology"] == "statefulset"
    assert (again["seed"], again["faults"]) == (second["seed"], second["faults"])


def test_of_a_run_of_the_command(tmp_path: Path):
    """It speaks the command's own words; of several trials it repeats the one."""
    command = str(BIN / "redis-resilience")
    run(
        *(command, "run", "replica-kill", "--backend", "memory", "--trials", "2", "--parallel", "2", "--fresh"),
        cwd=tmp_path,
        results=tmp_path / "first",
    )
    second = plans(tmp_path / "first")[1]

    again = pasted(second, tmp_path, tmp_path / "again")

    words = f"{command} run replica-kill --backend memory --fresh --seed {second['seed']}"
    assert second["repeat"] == words
    assert (again["seed"], again["faults"]) == (second["seed"], second["faults"])
