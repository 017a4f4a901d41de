"""What the plugin costs a user who only has it installed: pytest with and without it, in turns, with nothing to run.

In CPU time, which a busy machine changes little. `pytest --version` of pytest 9.2 loads no plugin of anybody; a
collection of an empty folder does.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile

NOTHING_COLLECTED = 5
ASKED = {"--version": ("--version",), "an empty collection": ("--collect-only", "-q", "-p", "no:cacheprovider")}


def seconds(*words: str) -> float:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as empty:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "pytest", *words]
        done = subprocess.run(command, cwd=empty, env=environ, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, NOTHING_COLLECTED):
        sys.exit(done.stderr.decode())
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="pairs of runs (default: 20)")
    rounds = parser.parse_args().rounds
    for name, words in ASKED.items():
        seconds(*words)
        pairs = [(seconds(*words, "-p", "no:redis_resilience.plugin"), seconds(*words)) for _ in range(rounds)]
        without, with_it = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
        extra = statistics.median((one - other) * 1e3 for other, one in pairs)
        print(f"pytest, {name}, {rounds} pairs: {without:.0f} ms without, {with_it:.0f} ms with; extra {extra:.1f} ms")


if __name__ == "__main__":
    main()
