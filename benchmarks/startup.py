"""What the plugin costs a user who only has it installed: `pytest --version` with and without it, in turns."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time


def seconds(*words: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "pytest", "--version", *words], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="pairs of runs (default: 20)")
    rounds = parser.parse_args().rounds
    seconds()
    pairs = [(seconds("-p", "no:redis_resilience.plugin"), seconds()) for _ in range(rounds)]
    without, with_it = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
    extra = statistics.median((one - other) * 1e3 for other, one in pairs)
    print(
        print(
            f"pytest --version, {rounds} pairs: {without:.0f} ms without, {with_it:.0f} ms with; extra {extra:.1f} ms"
        )
    )


if __name__ == "__main__":
    main()
