"""The built wheel in an environment of its own, in a project whose names are those of this project's folders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.local
PASS_OR_BUSY = (0, 2)
"""A trial on a busy machine may say nothing; that it ran is the question here."""


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of an environment with the wheel in it, and the libraries of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    build = (*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    subprocess.run(build, check=True, capture_output=True)
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True)
    # As a line of a .pth file the folder is on the path, but the .pth files in it, as of this checkout, are not read.
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """With packages and a fixture of names that this project has, too, and its own settings for pytest."""
    for package in ("harness", "reports", "scenarios"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(f"OWNER = 'us, {package}'\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers --strict-config\ntestpaths = tests\n")
    (tmp_path / "conftest.py").write_text("import pytest\n\n@pytest.fixture\ndef trial():\n    return 'ours'\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_ours.py").write_text(
        """
import harness
import reports
import scenarios

def test_packages():
    assert [each.OWNER for each in (harness, reports, scenarios)] == [
        "us, harness", "us, reports", "us, scenarios"
    ]

def test_fixture(trial):
    assert trial == "ours"
"""
    )
    return tmp_path


def shell(text: str, environment: Path, cwd: Path, *, path: bool = True, codes: tuple[int, ...] = (0,)) -> str:
    """What it prints, progress too; path: whether the environment's programs are found by their names."""
    environ = {"PATH": f"{environment}:{os.environ['PATH']}" if path else os.environ["PATH"], "HOME": str(cwd)}
    done = subprocess.run(text, shell=True, cwd=cwd, env=environ, capture_output=True, text=True, check=False)  # noqa: S602 - what a user types
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_tests_of_a_project_run_as_before(environment: Path, project: Path):
    """Its packages are its own, its fixture `trial` wins, and nothing of the plugin shows."""
    said = shell("python -m pytest", environment, project)

    assert "2 passed" in said
    assert "redis-resilience:" not in said
    assert not (project / "results").exists()


def test_the_command_runs_and_its_repeat_can_be_pasted(environment: Path, project: Path):
    """On real servers; the shell that it is pasted into need not know of the environment."""
    words = f"{environment}/redis-resilience run master-kill --profile rapid"
    said = shell(words, environment, project, path=False, codes=PASS_OR_BUSY)
    plan = json.loads((project / "results" / "latest" / "master-kill" / "plan.json").read_bytes())
    again = shell(plan["repeat"], environment, project, path=False, codes=PASS_OR_BUSY)

    busy = ("unknown: assumptions.punctual", "unknown: assumptions.awake")
    assert all("trial 1/1 pass" in text or any(reason in text for reason in busy) for text in (said, again))
    assert plan["repeat"].endswith(f"redis-resilience run master-kill --profile rapid --seed {plan['seed']}")


def test_pytest_runs_the_shipped_scenarios(environment: Path, project: Path):
    """With the plugin's fixture, not the project's; the repeat command names the file where it lies."""
    words = "python -m pytest $(redis-resilience scenarios --path) -k replica_kill --redis-backend=memory"
    said = shell(words, environment, project)
    plan = json.loads((project / "results" / "latest" / "replica-kill" / "plan.json").read_bytes())
    again = shell(plan["repeat"], environment, project, path=False)

    assert "1 passed" in said
    assert "1 passed" in again
    assert "/shipped/scenarios/test_replica.py::test_replica_kill" in plan["repeat"]
