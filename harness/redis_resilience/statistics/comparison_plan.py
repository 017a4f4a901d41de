"""How many trials of each side a comparison takes, and how often it answers rightly: by simulation from a pilot.

The whole procedure is simulated: every test, Holm's adjustment, the looks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from redis_resilience.model.errors import UsageError
from redis_resilience.statistics.arm import MOST_REFUSED, Arm, all_judged
from redis_resilience.statistics.comparison import LOSING, QUANTILES, Terms, compare
from redis_resilience.statistics.gate import Answer
from redis_resilience.statistics.intervals import trials_for_limits
from redis_resilience.statistics.planning import MOST_SIMULATED, per_arm_of_shares
from redis_resilience.statistics.proportions import Count, upper_share
from redis_resilience.statistics.quantiles import FEW
from redis_resilience.statistics.sample import Floats, Sample, check_share
from redis_resilience.statistics.sequential import Look, looks

LOST_AT_ONCE = 25
"""Writes that a planted defect loses in a trial; the tests are of trials, so that the number hardly matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """alpha: of the whole comparison. power: of each right answer. looks: at most so many times is the answer tested.

    loss: a share of losing trials, where A has none, that is to be found; None: whatever the other tests' trials find.
    """

    terms: Terms
    alpha: float = 0.05
    power: float = 0.8
    looks: int = 2
    loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Shares of the rounds by answer; trials: of each side until the answer, on average."""

    worse: float
    no_worse: float
    cannot_tell: float
    trials: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """trials: of each side, as many as may be refused included. same: B as A. longer: B longer by twice the margin.

    of_pilot: trials that the pilot had, by scenario.
    """

    trials: int
    looks: tuple[Look, ...]
    same: Simulated
    longer: Simulated
    of_pilot: Mapping[str, int]


def plan_comparison(pilots: Mapping[str, Arm], asked: Asked, *, rounds: int = 60, seed: int = 0) -> Planned:
    """Fewest trials, by steps of a quarter, for which B as A is `no worse`, and B longer by twice the margin `worse`.

    Each in `power` of the rounds; the latter where durations are tested, with a margin; both also where as many trials
    are refused as may be, `MOST_REFUSED`. pilots: by scenario.

    Raises UsageError for a pilot without an outage, a power or loss outside (0, 1), more than `MOST_SIMULATED` trials.
    """
    check_share("power", asked.power)
    for name, pilot in pilots.items():
        if not pilot.outage.n:
            raise UsageError(f"expected a pilot with judged trials of {name} that had an outage; got none of {pilot.n}")
    factor = 1 + 2 * asked.terms.margin
    durations = asked.terms.margin > 0 and any(test in QUANTILES for test in asked.terms.tests)
    trials = fewest(asked, tests=len(asked.terms.tests) * len(pilots))
    while True:
        same = simulate(pilots, asked, trials=trials, rounds=rounds, seed=seed)
        longer = simulate(pilots, asked, trials=trials, factor=factor, rounds=rounds, seed=seed)
        if same.no_worse >= asked.power and (longer.worse >= asked.power or not durations):
            break
        if trials >= MOST_SIMULATED:
            raise UsageError(
                f"expected a power of {asked.power:g} with {MOST_SIMULATED} trials of each side or fewer; the "
                f"simulation has {same.no_worse:.0%} of `no worse` and {longer.worse:.0%} of `worse`; allow a larger "
                "margin, or leave out a test"
            )
        trials = min(MOST_SIMULATED, math.ceil(1.25 * trials))
    trials = math.ceil(trials / (1 - MOST_REFUSED))
    return Planned(
        trials=trials,
        looks=looks(trials, asked.looks, alpha=asked.alpha),
        same=same,
        longer=longer,
        of_pilot={name: pilot.judged for name, pilot in pilots.items()},
    )


def fewest(asked: Asked, *, tests: int) -> int:
    """Judged trials of each side without which a test cannot answer at the last look, whatever they show.

    tests: of all scenarios.
    """
    last = looks(1000, asked.looks, alpha=asked.alpha)[-1].alpha
    terms, needed = asked.terms, FEW
    for test in terms.tests:
        if test in QUANTILES:
            needed = max(needed, trials_for_limits(QUANTILES[test][1], last))
        elif test == LOSING:
            while upper_share(Count(events=0, n=needed), last) >= terms.loss_margin:
                needed += 1
    if asked.loss is not None:
        needed = max(needed, per_arm_of_shares(0, asked.loss, alpha=last / tests, power=asked.power))
    return needed


def simulate(
    pilots: Mapping[str, Arm],
    asked: Asked,
    *,
    trials: int,
    factor: float = 1.0,
    loss: float = 0.0,
    rounds: int = 60,
    seed: int = 0,
) -> Simulated:
    """Both sides drawn from the pilots; the same seed gives the same answer.

    B's durations of the first scenario are `factor` times as long, and a share `loss` of its trials loses writes.
    """
    generator = np.random.default_rng(seed)
    planned = looks(trials, asked.looks, alpha=asked.alpha)
    answers, used = [], []
    for _ in range(rounds):
        pairs = {
            name: (
                _drawn(pilot, trials, generator),
                _drawn(pilot, trials, generator, factor=1.0 if number else factor, loss=0.0 if number else loss),
            )
            for number, (name, pilot) in enumerate(pilots.items())
        }
        answer, at = _sequential(pairs, planned, asked.terms)
        answers.append(answer)
        used.append(at)
    return Simulated(
        worse=answers.count(Answer.WORSE) / rounds,
        no_worse=answers.count(Answer.NO_WORSE) / rounds,
        cannot_tell=answers.count(Answer.CANNOT_TELL) / rounds,
        trials=sum(used) / rounds,
    )


@dataclass(frozen=True, slots=True)
class _Draw:
    """One side, trial by trial, so that a look can take the first of them."""

    values: Mapping[str, tuple[Floats, Floats]]
    """By the arm's field: each trial's ms, and whether it is measured."""
    lost: tuple[int, ...]

    def first(self, n: int) -> Arm:
        return all_judged(
            outage=self._sample("outage", n),
            first_switch=self._sample("first_switch", n),
            last_switch=self._sample("last_switch", n),
            lost=self.lost[:n],
        )

    def _sample(self, name: str, n: int) -> Sample:
        ms, measured = self.values[name][0][:n], self.values[name][1][:n].astype(bool)
        return Sample(measured_ms=tuple(ms[measured]), bounds_ms=tuple(ms[~measured]))


def _drawn(pilot: Arm, n: int, generator: Generator, *, factor: float = 1.0, loss: float = 0.0) -> _Draw:
    """The same place in each sample for one trial: outage and switch belong together."""
    place = generator.random(n)
    values = {}
    for name in ("outage", "first_switch", "last_switch"):
        sample: Sample = getattr(pilot, name)
        if not sample.n:
            values[name] = (np.empty(0), np.empty(0))
            continue
        at = (place * sample.n).astype(int)
        ms = factor * np.array([*sample.measured_ms, *sample.bounds_ms])
        values[name] = (ms[at], (at < len(sample.measured_ms)).astype(float))
    lost = [int(pilot.lost[int(each * len(pilot.lost))]) if pilot.lost else 0 for each in place]
    planted = generator.random(n) < loss
    return _Draw(values, tuple(LOST_AT_ONCE if added else had for had, added in zip(lost, planted, strict=True)))


def _sequential(
    pairs: Mapping[str, tuple[_Draw, _Draw]], planned: tuple[Look, ...], terms: Terms
) -> tuple[Answer, int]:
    for look in planned:
        seen = {name: (a.first(look.trials), b.first(look.trials)) for name, (a, b) in pairs.items()}
        answer = compare(seen, terms, alpha=look.alpha).answer
        if answer is not Answer.CANNOT_TELL:
            break
    return answer, look.trials
