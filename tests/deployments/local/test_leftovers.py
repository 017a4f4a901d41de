"""Whatever ends the harness, no process of a deployment outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import redis_resilience
from redis_resilience.deployments.local.isolation import Level
from redis_resilience.deployments.waiting import eventually

pytestmark = pytest.mark.local

ROOT = Path(redis_resilience.__file__).parent.parent
DEPLOYS = """
import signal, sys
from pathlib import Path
from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.topologies.catalogue import SIDECAR
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background
with LocalDeployment(SIDECAR, SIDECAR.profile("fast"), folder=Path(sys.argv[1]), isolation=sys.argv[2]):
    print("up", flush=True)
    sys.stdin.readline()
    raise RuntimeError("an error of the harness")
"""

Find = Callable[[Path], list[str]]


@contextmanager
def harness_with_a_deployment(folder: Path, level: Level) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", DEPLOYS, str(folder), level.value],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        yield process


def gone(folder: Path, processes_of: Find) -> None:
    eventually(
        lambda: (not processes_of(folder), str(processes_of(folder))), within_s=60, what="the end of all processes"
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_a_harness_ended_by_a_signal(
    level: Level, tmp_path: Path, processes_of: Find, how: signal.Signals
) -> None:
    folder = tmp_path / "deployment"
    with harness_with_a_deployment(folder, level) as process:
        assert len(processes_of(folder)) == 9
        process.send_signal(how)
        process.wait(10)
    gone(folder, processes_of)
    assert folder.exists() == (how is not signal.SIGINT), "Ctrl-C takes down in order, folder and all"


def test_nothing_outlives_an_exception(level: Level, tmp_path: Path, processes_of: Find) -> None:
    folder = tmp_path / "deployment"
    with harness_with_a_deployment(folder, level) as process:
        _, complaints = process.communicate("\n", timeout=60)
    assert "an error of the harness" in complaints
    assert processes_of(folder) == []
    assert not folder.exists()


def test_nothing_outlives_a_harness_whose_socket_another_process_inherited(
    level: Level, tmp_path: Path, processes_of: Find
) -> None:
    """A fork of the harness keeps the agent's socket open, so its end is not seen: the guard sees the PID go."""
    folder = tmp_path / "deployment"
    forks = DEPLOYS.replace(
        'print("up"', 'import os, time\n    if not os.fork(): time.sleep(30); os._exit(0)\n    print("up"'
    )
    with subprocess.Popen(
        [sys.executable, "-c", forks, str(folder), level.value],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.kill()
        process.wait(10)
        try:
            gone(folder, processes_of)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
