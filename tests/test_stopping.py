"""Ctrl-C and SIGTERM: what was judged is reported, nothing stays, the exit code names the signal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from redis_resilience.shipped import SCENARIOS
from redis_resilience.signals import Stop, Terminated
from tests.processes import hears_ctrl_c

RUN = (sys.executable, "-m", "redis_resilience.cli", "run", "master-kill", "--trials", "400")
PYTEST = (sys.executable, "-m", "pytest", f"{SCENARIOS}/test_master.py", "-k", "test_master_kill", "-v")
PYTEST += ("-p", "no:cacheprovider", "--redis-trials=400")
ALONE, GROUP = os.kill, os.killpg
"""A signal to the program alone, as from `kill` and `timeout`; or to its group with all workers, as from a terminal."""


def stopped_after(number: int, judged: str, words, folder: Path, *, send, which: signal.Signals) -> tuple[int, str]:
    """Send the signal once so many trials were judged; returns the exit code and everything that was printed."""
    (folder / "tmp").mkdir()
    said = folder / "said.txt"
    with said.open("wb") as out:
        running = subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "TMPDIR": str(folder / "tmp")},
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=hears_ctrl_c,  # noqa: PLW1509 - no thread of this test's is alive
        )
    until = time.monotonic() + 60
    while len(re.findall(judged, said.read_text(), re.MULTILINE)) < number:
        assert running.poll() is None, said.read_text()
        assert time.monotonic() < until, said.read_text()
        time.sleep(0.02)
    send(running.pid, which)
    if which == signal.SIGINT:  # and impatiently
        while "stopping" not in said.read_text() and running.poll() is None:
            time.sleep(0.005)
        if running.poll() is None:
            send(running.pid, which)
    return running.wait(timeout=60), said.read_text()


def left_of(folder: Path) -> list[str]:
    """Processes that belong to the run, files of its deployments."""
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _is_there(path)]
    files = [path.name for path in (folder / "tmp").glob("redis-resilience-*") if path.suffix != ".lock"]
    return [line.decode() for line in lines if str(folder).encode() in line] + files


def _is_there(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("send", "which", "code", "parallel"), [(GROUP, signal.SIGINT, 130, "1"), (ALONE, signal.SIGTERM, 143, "2")]
)
def test_a_stopped_run_reports_what_was_judged(tmp_path, send, which, code, parallel):
    """With table, summary and pages; a second Ctrl-C changes nothing."""
    words = [*RUN, "--backend", "memory", "--parallel", parallel]

    ended, said = stopped_after(3, r"^trial \d+/400 pass", words, tmp_path, send=send, which=which)

    latest = tmp_path / "results" / "latest"
    judged = int(re.search(rf"stopped by {which.name}: (\d+) of 400 trials were judged", said)[1])
    assert ended == code, said
    assert judged >= 3
    assert f"fast, n = {judged}" in said
    assert f"{judged} passed" in (latest / "summary.md").read_text()
    assert len(list(latest.glob("*/report.html"))) == judged
    assert "Traceback" not in said
    assert left_of(tmp_path) == []


@pytest.mark.parametrize(
    ("send", "which", "code", "parallel"), [(GROUP, signal.SIGINT, 2, "2"), (ALONE, signal.SIGTERM, 143, "0")]
)
def test_pytest_reports_what_was_judged(tmp_path, send, which, code, parallel):
    """Its own exit code for Ctrl-C, 143 for SIGTERM, which pytest alone would die of at once."""
    words = [*PYTEST, "--redis-backend=memory", "-n", parallel]

    ended, said = stopped_after(3, "PASSED", words, tmp_path, send=send, which=which)

    assert ended == code, said
    table = re.search(r"fast, n = (\d+)", said)
    assert table, said
    assert (n := int(table[1])) >= 3, said
    assert f"{n} passed" in (tmp_path / "results" / "latest" / "summary.md").read_text()
    assert left_of(tmp_path) == []


@pytest.mark.local
@pytest.mark.parametrize(("send", "which", "code"), [(GROUP, signal.SIGINT, 130), (ALONE, signal.SIGTERM, 143)])
def test_real_servers_are_gone(tmp_path, send, which, code):
    """Workers are stopped with the command, also by a signal that reaches the command alone."""
    words = [*RUN[:-1], "8", "--profile", "rapid", "--parallel", "2"]

    ended, said = stopped_after(1, r"^trial \d+/8 \w+", words, tmp_path, send=send, which=which)

    assert ended == code, said
    assert (tmp_path / "results" / "latest" / "summary.md").exists()
    assert left_of(tmp_path) == []


def test_only_the_first_signal_is_raised():
    """While it cleans up none is; outside of it everything is as before."""
    before = signal.getsignal(signal.SIGTERM)
    with Stop(announce=False) as stop:
        with pytest.raises(Terminated):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert (stop.received, stop.exit_code) == (signal.SIGTERM, 143)
    with Stop(announce=False) as stop:
        stop.ending()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.exit_code == 143

    assert signal.getsignal(signal.SIGTERM) is before
