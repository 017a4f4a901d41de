"""What every subcommand takes, and an output that takes nothing: no traceback, no exit code of a verdict."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from redis_resilience.cli import app
from redis_resilience.command.everywhere import complain, prepare_streams
from tests.processes import command

COMMAND = (sys.executable, "-m", "redis_resilience.cli")
NAMES = [each.name or each.callback.__name__.rstrip("_") for each in app.registered_commands]


def interpreter(*words, cwd, stdout):
    """The command in an interpreter of its own, whose output goes there."""
    return subprocess.run(
        [*COMMAND, *words],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120"},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_subcommand_has_the_common_options(name, tmp_path):
    """Short and long."""
    help_ = command(name, "-h", cwd=tmp_path)

    assert help_.returncode == 0
    for option in ("--quiet", "-q", "--verbose", "-v", "--version", "--help", "-h"):
        assert f" {option} " in help_.stdout, help_.stdout
    assert command(name, "--version", cwd=tmp_path).stdout.startswith("redis-resilience 0.")


def test_quiet_is_names_alone(tmp_path):
    """For loops of a shell."""
    assert "master-kill" in command("scenarios", "-q", cwd=tmp_path).stdout.splitlines()
    assert "sidecar" in command("topologies", "-q", cwd=tmp_path).stdout.splitlines()


def test_quiet_is_the_table_alone(tmp_path):
    """Of a run that passes: no progress, no path of the report."""
    done = command("run", "master-kill", "-q", "--backend", "memory", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "fast, n = 1" in done.stdout


def test_verbose_is_every_phase_and_where_an_error_was_raised(tmp_path):
    """Of a trial, of a wrong word."""
    done = command("run", "master-kill", "-v", "--backend", "memory", "--trials", "2", "--parallel", "1", cwd=tmp_path)
    wrong = command("run", "master-kil", "-v", cwd=tmp_path)

    assert "master-kill-2of2: phase observe" in done.stderr
    assert wrong.returncode == 3
    assert "Traceback (most recent call last):" in wrong.stderr
    assert "UsageError: expected a scenario of" in wrong.stderr


@pytest.mark.parametrize("words", [("scenarios",), ("lint", "--topology", "sidecar", "--format", "json"), ("doctor",)])
def test_an_output_that_takes_nothing_is_a_message(words, tmp_path):
    """A full disk is one line; a reader that has gone is what a shell expects of it."""
    with Path("/dev/full").open("w") as full:
        done = interpreter(*words, cwd=tmp_path, stdout=full)
    assert done.returncode == 3
    assert done.stderr == "UsageError: expected to write the output; got: No space left on device\n"

    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = interpreter(*words, cwd=tmp_path, stdout=closed)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_run_whose_output_takes_nothing_keeps_its_results(tmp_path):
    """Only the table is missing."""
    with Path("/dev/full").open("w") as full:
        done = interpreter("run", "master-kill", "--backend", "memory", cwd=tmp_path, stdout=full)

    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert list(tmp_path.glob("results/latest/master-kill/report.html"))


def test_what_an_encoding_lacks_is_a_question_mark(monkeypatch):
    """A table has lines that Latin-1 does not have; it was an internal error once all trials had run."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    prepare_streams()
    typer.echo("\u2500 caf\u00e9")

    assert raw.getvalue() == b"? caf\xe9\n"


def test_streams_that_are_closed_or_full_are_no_error(monkeypatch):
    """The exit code alone tells, and it is never that of a failed verdict."""
    monkeypatch.setattr(sys, "stdout", None)
    prepare_streams()
    typer.echo("into nothing")

    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        complain("nobody reads this")


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("redis-resilience run master-k", "master-kill"),
        ("redis-resilience plan sentinel-maj", "sentinel-majority-lost"),
        ("redis-resilience run master-kill --topology stateful", "statefulset"),
        ("redis-resilience run master-kill --backend me", "memory"),
    ],
)
def test_a_shell_completes_names(typed, completed, tmp_path):
    """As its script asks, which --show-completion prints."""
    words = typed.split()
    asked = {"_REDIS_RESILIENCE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    program = Path(sys.executable).with_name("redis-resilience")

    done = subprocess.run(
        [program], cwd=tmp_path, env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )

    assert completed in done.stdout.split()


def test_the_documented_script_is_printed(tmp_path):
    """Which `eval` reads; of the shell that runs it."""
    done = subprocess.run(
        ["bash", "-c", f"{shlex.join(COMMAND)} --show-completion; true"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "complete -o default -F _" in done.stdout
