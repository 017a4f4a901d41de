"""The command and pytest in processes of their own, forked from one that has the imports behind it.

A tenth of a second instead of two. What depends on how an interpreter begins or ends (a closed pipe, a signal, what is
installed) is tested with interpreters of its own.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

CHILD = Path(__file__).with_name("forked.py")
PLAIN = {"NO_COLOR": "1", "COLUMNS": "120"}
_FORKED: Any = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.preloaded"])


def hears_ctrl_c() -> None:
    """For `preexec_fn`: a shell in the background has Ctrl-C ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def command(
    *words: object, cwd: Path, given: bytes = b"", within_s: float = 100, **environ: str
) -> subprocess.CompletedProcess[str]:
    """`redis-resilience WORDS` in that folder; `given` is its standard input."""
    return _ended(["redis-resilience", *map(str, words)], cwd, PLAIN | environ, given=given, within_s=within_s)


def pytest_in(folder: Path, *words: object) -> pytest.RunResult:
    """`python -m pytest WORDS` in that folder, without a cache."""
    argv = [str(Path(pytest.__file__).with_name("__main__.py")), "-p", "no:cacheprovider", *map(str, words)]
    done = _ended(argv, folder, PLAIN | {"COLUMNS": "80"}, given=b"", within_s=100)
    return pytest.RunResult(done.returncode, done.stdout.splitlines(), done.stderr.splitlines(), 0.0)


def _ended(
    argv: list[str], cwd: Path, environ: dict[str, str], *, given: bytes, within_s: float
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder) / name for name in ("in", "out", "err")]
        for stream, content in zip(streams, (given, b"", b""), strict=True):
            stream.write_bytes(content)
        told = {"TOLD": (argv, cwd, os.environ | environ, streams)}
        process = _FORKED.Process(target=runpy.run_path, args=(CHILD, told))
        process.start()
        process.join(within_s)
        late = process.exitcode is None
        process.kill()
        process.join()
        said, complained = (stream.read_text() for stream in streams[1:])
    if late:
        raise subprocess.TimeoutExpired(argv, within_s, said, complained)
    return subprocess.CompletedProcess(argv, process.exitcode, said, complained)
