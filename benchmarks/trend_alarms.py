"""How often trends raise a false alarm, and how soon they find a planted regression.

python benchmarks/trend_alarms.py [HISTORIES]

A run has 5 trials, drawn from the real ones that `compare` plans with. First as they are, then with 2 s more in 15 % of
the trials, as a failed election costs. 3 % of the trials are refused.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from redis_resilience.campaigns.pilot import shipped_pilot
from redis_resilience.statistics.quantiles import spread
from redis_resilience.statistics.trend import Point, trend

RUNS, TRIALS = 30, 5
RANDOM = np.random.default_rng(7)


def history(*, failed: float, at: int = RUNS, factor: float = 1.0) -> list[Point]:
    """failed: share of trials with a failed election. factor: of outages from the run `at` on."""
    real = shipped_pilot().outage.measured_ms
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    points = []
    for number in range(RUNS):
        refused = int(RANDOM.binomial(TRIALS - 1, 0.03))
        outages = RANDOM.choice(real, TRIALS - refused) + 2000 * (RANDOM.random(TRIALS - refused) < failed)
        found = spread(list(outages * (factor if number >= at else 1.0)))
        started = (begin + timedelta(days=number)).isoformat()
        points.append(
            Point(
                run=str(number),
                started=started,
                software="",
                n=TRIALS,
                refused=refused,
                failed=0,
                losing=int(RANDOM.random() < 0.02),
                lost=0,
                outage=found,
                first_switch=found,
            )
        )
    return points


def shuffled(points: list[Point]) -> list[Point]:
    order = RANDOM.permutation(len(points))
    return [replace(points[old], started=points[new].started) for new, old in enumerate(order)]


def alarmed(points: list[Point]) -> bool:
    return bool(trend("", (), points).alarms)


def main() -> None:
    histories = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for failed in (0.0, 0.15):
        print(f"{histories} histories of {RUNS} runs, a failed election in {failed:.0%} of the trials")
        without = [shuffled(history(failed=failed)) for _ in range(histories)]
        changed = sum(bool(trend("", (), points).shifts) for points in without)
        nightly = sum(any(alarmed(points[:end]) for end in range(1, RUNS + 1)) for points in without)
        print(f"  shuffled: a change in {changed}, an alarm at the last run in {sum(map(alarmed, without))}, ", end="")
        print(f"on any of {RUNS} nights in {nightly}")
        for factor in (1.1, 1.2, 1.5):
            nights = [_nights(history(failed=failed, at=20, factor=factor)) for _ in range(histories)]
            found = sum(each <= RUNS - 20 for each in nights) / histories
            print(f"  outage x {factor} from run 21 on: an alarm within 10 runs in {found:.0%}, ", end="")
            print(f"in the median after {np.median(nights):g}")


def _nights(points: list[Point]) -> int:
    """Runs of the new level until the alarm; RUNS where there is none."""
    return next((end - 20 for end in range(21, RUNS + 1) if alarmed(points[:end])), RUNS)


if __name__ == "__main__":
    main()
