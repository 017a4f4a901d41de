"""How often a comparison answers wrongly, and how often it finds what was planted: 400 simulated ones of each.

Both sides are drawn from real trials: the shipped pilot, or each setup of your runs (`--run FOLDER`, several times).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from redis_resilience.campaigns.pilot import ABOUT, shipped_pilot
from redis_resilience.results.budgets import grouped
from redis_resilience.results.run_file import read_run
from redis_resilience.statistics.arm import MOST_REFUSED, Arm, arm
from redis_resilience.statistics.comparison import Terms
from redis_resilience.statistics.comparison_plan import Asked, plan_comparison, simulate
from redis_resilience.statistics.sample import Sample

MARGIN, STRICT = Asked(terms=Terms(margin=0.1)), Asked(terms=Terms(margin=0))
LOSS = Asked(terms=Terms(loss_margin=0.01), loss=0.01)
"""As `compare --find-loss 1%` asks."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, action="append", help="folder of a run, in place of the shipped trials")
    parser.add_argument("--rounds", type=int, default=400, help="simulated comparisons of each kind")
    parser.add_argument("--only-losses", action="store_true", help="leave out durations")
    chosen = parser.parse_args()
    pilots = dict(_setups(chosen.run)) if chosen.run else {ABOUT: shipped_pilot()}
    for name, pilot in pilots.items():
        print(f"{name}: {pilot.judged} trials, median outage {_median(pilot):.0f} ms; {chosen.rounds} comparisons each")
        if not chosen.only_losses:
            _times("", pilot, chosen.rounds)
            _times("one in ten 5 s longer: ", _bimodal(pilot), chosen.rounds)
        planned = plan_comparison({"pilot": pilot}, LOSS).trials
        _show("A = A, planned for losses in 1 % of trials", pilot, LOSS, _judged(planned), chosen.rounds)
        for trials in (_judged(planned), planned):
            _show("B loses writes in 1 % of trials", pilot, LOSS, trials, chosen.rounds, loss=0.01)


def _times(prefix: str, pilot: Arm, rounds: int) -> None:
    trials = _judged(plan_comparison({"pilot": pilot}, MARGIN).trials)
    for what, asked, factor in (
        ("A = A, margin 10 %", MARGIN, 1.0),
        ("A = A, no margin", STRICT, 1.0),
        ("B 20 % longer, margin 10 %", MARGIN, 1.2),
        ("B 10 % longer, margin 10 %", MARGIN, 1.1),
    ):
        _show(prefix + what, pilot, asked, trials, rounds, factor=factor)


def _judged(planned: int) -> int:
    """What is left of a plan where as many trials are refused as may be."""
    return int(planned * (1 - MOST_REFUSED))


def _show(
    what: str, pilot: Arm, asked: Asked, trials: int, rounds: int, *, factor: float = 1.0, loss: float = 0.0
) -> None:
    found = simulate({"pilot": pilot}, asked, trials=trials, factor=factor, loss=loss, rounds=rounds, seed=2026)
    print(
        f"  {what:<50} n = {trials:<5} worse {found.worse:6.1%}  no worse {found.no_worse:6.1%}  "
        f"cannot tell {found.cannot_tell:6.1%}  trials until then {found.trials:.0f}",
        flush=True,
    )


def _setups(runs: Iterable[Path]) -> Iterable[tuple[str, Arm]]:
    for run in runs:
        for name, trials in grouped(read_run(run).trials).items():
            yield f"{run.name}, {name}", arm(trials)


def _median(pilot: Arm) -> float:
    measured = sorted(pilot.outage.measured_ms)
    return measured[len(measured) // 2]


def _bimodal(real: Arm) -> Arm:
    def later(sample: Sample) -> Sample:
        return Sample(measured_ms=tuple(ms + 5000 * (place % 10 == 0) for place, ms in enumerate(sample.measured_ms)))

    return replace(real, outage=later(real.outage), first_switch=later(real.first_switch))


if __name__ == "__main__":
    main()
