"""How often a comparison answers wrongly, and how often it finds what was planted: 400 simulated ones of each.

Both sides are drawn from real trials: the shipped pilot, or a run of yours (`--run FOLDER`).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from redis_resilience.campaigns.pilot import shipped_pilot
from redis_resilience.results.run_file import read_run
from redis_resilience.statistics.arm import Arm, arm
from redis_resilience.statistics.comparison import Terms
from redis_resilience.statistics.comparison_plan import Asked, fewest, plan_comparison, simulate
from redis_resilience.statistics.sample import Sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="folder of a run, in place of the recorded trials")
    parser.add_argument("--rounds", type=int, default=400)
    chosen = parser.parse_args()
    real = arm(read_run(chosen.run).trials) if chosen.run else shipped_pilot()
    asked = Asked(terms=Terms())
    planned = plan_comparison({"pilot": real}, asked).trials
    strict = Asked(terms=Terms(margin=0))
    print(f"pilot of {real.judged} trials, {chosen.rounds} comparisons each; planned: {planned} trials of each side")
    for name, pilot in {"as recorded": real, "one in ten 5 s longer": _bimodal(real)}.items():
        for what, question, factor in (
            ("A = A, margin 10 %", asked, 1.0),
            ("A = A, no margin", strict, 1.0),
            ("B 20 % longer, margin 10 %", asked, 1.2),
            ("B 10 % longer, margin 10 %", asked, 1.1),
        ):
            _show(f"{name}: {what}", pilot, question, planned, chosen.rounds, factor=factor)
    loss = Asked(terms=Terms(loss_margin=0.01), loss=0.01)
    trials = fewest(loss, tests=len(loss.terms.tests))
    _show("B loses writes in 1 % of trials", real, loss, trials, chosen.rounds, loss=0.01)


def _show(
    what: str, pilot: Arm, asked: Asked, trials: int, rounds: int, *, factor: float = 1.0, loss: float = 0.0
) -> None:
    found = simulate({"pilot": pilot}, asked, trials=trials, factor=factor, loss=loss, rounds=rounds, seed=2026)
    print(
        f"{what:<50} n = {trials:<5} worse {found.worse:6.1%}  no worse {found.no_worse:6.1%}  "
        f"cannot tell {found.cannot_tell:6.1%}  trials until then {found.trials:.0f}",
        flush=True,
    )


def _bimodal(real: Arm) -> Arm:
    def later(sample: Sample) -> Sample:
        return Sample(measured_ms=tuple(ms + 5000 * (place % 10 == 0) for place, ms in enumerate(sample.measured_ms)))

    return replace(real, outage=later(real.outage), first_switch=later(real.first_switch))


if __name__ == "__main__":
    main()
