"""How often `nightly` raises a false alarm, and whether it finds a regression in its first night: simulated histories.

Nights are drawn from the shipped pilot's real trials, or from those of a run (`--run FOLDER`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.random import Generator

from redis_resilience.campaigns.pilot import shipped_pilot
from redis_resilience.results.run_file import read_run
from redis_resilience.statistics.arm import Arm, all_judged, arm
from redis_resilience.statistics.comparison import Terms, compare
from redis_resilience.statistics.gate import Answer
from redis_resilience.statistics.sample import Sample

MARGIN, ALPHA, HISTORY = 0.1, 0.01, 14
"""The defaults of `nightly`."""
_TIMES = ("outage", "first_switch", "last_switch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="folder of a run, in place of the shipped trials")
    parser.add_argument("--histories", type=int, default=200)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--trials", type=int, default=20, help="of each night")
    chosen = parser.parse_args()
    pilot = arm(read_run(chosen.run).trials) if chosen.run else shipped_pilot()
    generator = np.random.default_rng(2026)
    alarms, histories, found = 0, 0, 0
    for _ in range(chosen.histories):
        nights = [_night(pilot, chosen.trials, generator) for _ in range(chosen.nights)]
        false = sum(_worse(nights[max(0, at - HISTORY) : at], nights[at]) for at in range(1, len(nights)))
        alarms += false
        histories += bool(false)
        found += _worse(nights[-HISTORY:], _night(pilot, chosen.trials, generator, factor=1.2))
    compared = chosen.histories * (chosen.nights - 1)
    print(
        f"{chosen.histories} histories of {chosen.nights} nights of {chosen.trials} trials, margin {MARGIN:.0%}, "
        f"alpha {ALPHA:.0%}: false alarms in {alarms} of {compared} nights, in {histories} histories; "
        f"20 % longer found in its first night: {found / chosen.histories:.1%}"
    )


def _worse(before: list[Arm], tonight: Arm) -> bool:
    pooled = _arm(*(sum((getattr(night, name).measured_ms for night in before), ()) for name in _TIMES))
    return compare({"pilot": (pooled, tonight)}, Terms(margin=MARGIN), alpha=ALPHA).answer is Answer.WORSE


def _night(pilot: Arm, trials: int, generator: Generator, *, factor: float = 1.0) -> Arm:
    """The same place in each sample for one trial."""
    places = generator.integers(pilot.outage.n, size=trials)
    return _arm(*(tuple(factor * np.array(getattr(pilot, name).measured_ms)[places]) for name in _TIMES))


def _arm(outage: tuple[float, ...], first_switch: tuple[float, ...], last_switch: tuple[float, ...]) -> Arm:
    return all_judged(
        outage=Sample(measured_ms=outage),
        first_switch=Sample(measured_ms=first_switch),
        last_switch=Sample(measured_ms=last_switch),
        lost=(0,) * len(outage),
    )


if __name__ == "__main__":
    main()
