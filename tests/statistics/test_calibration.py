"""What the gates promise, by simulation: how often A against A is called worse, how often what was planned is found.

Distributions are those of failovers: three independent phases, and with failed elections that take 5 s more.
"""

from __future__ import annotations

import numpy as np
import pytest

from redis_resilience.statistics.gate import Answer, share_gate
from redis_resilience.statistics.planning import per_arm, per_arm_by_pilot, per_arm_of_shares, simulated_power
from redis_resilience.statistics.proportions import Count
from redis_resilience.statistics.sample import Sample

_DRAWN = np.random.default_rng(11)
_PHASES = 1000 + _DRAWN.uniform(0, 1000, (400, 3)).sum(axis=1)
_BIMODAL = _PHASES + 5000 * (_DRAWN.random(400) < 0.2)
SD_MS = float(_PHASES.std())

PILOTS = {
    "phases": Sample(measured_ms=tuple(_PHASES)),
    "bimodal": Sample(measured_ms=tuple(_BIMODAL)),
    "censored": Sample(
        measured_ms=tuple(_BIMODAL[_BIMODAL < 5000]), bounds_ms=(5000.0,) * int(np.count_nonzero(_BIMODAL >= 5000))
    ),
    "ties": Sample(measured_ms=tuple(np.round(_PHASES, -3))),
}


def test_a_against_a_is_worse_in_5_percent_of_shift_gates() -> None:
    """At a margin of 0, where the gate is at its edge; together 1000 comparisons, whose own error is 0.7 %."""
    called = {name: simulated_power(pilot, n=20, rounds=250, seed=1).worse for name, pilot in PILOTS.items()}

    assert sum(called.values()) / len(called) <= 0.06
    assert max(called.values()) <= 0.09


@pytest.mark.parametrize(("share", "n"), [(0.5, 20), (0.95, 80)])
def test_a_against_a_is_worse_in_at_most_5_percent_of_quantile_gates(share: float, n: int) -> None:
    for name, pilot in PILOTS.items():
        assert simulated_power(pilot, n=n, share=share, rounds=200, seed=1).worse <= 0.05, name


def test_with_a_margin_a_against_a_is_all_but_never_worse() -> None:
    assert simulated_power(PILOTS["phases"], n=20, margin_ms=300, rounds=150, seed=1).worse <= 0.01


def test_a_difference_at_the_margin_is_called_no_worse_in_5_percent() -> None:
    """The dangerous error: 300 runs whose own error is 1.3 %."""
    power = simulated_power(PILOTS["phases"], n=20, effect_ms=300, margin_ms=300, rounds=300, seed=1)

    assert power.no_worse <= 0.08
    assert power.worse <= 0.08


@pytest.mark.parametrize(("effect_ms", "margin_ms"), [(500, 0), (0, 400), (700, 200)])
def test_the_planned_number_of_trials_has_the_planned_power(effect_ms: float, margin_ms: float) -> None:
    n = per_arm(effect_ms, sd_ms=SD_MS, margin_ms=margin_ms, power=0.9)
    power = simulated_power(PILOTS["phases"], n=n, effect_ms=effect_ms, margin_ms=margin_ms, rounds=250, seed=2)

    assert (power.worse if effect_ms > margin_ms else power.no_worse) == pytest.approx(0.9, abs=0.06)


def test_an_outage_20_percent_longer_is_found_with_the_planned_trials() -> None:
    """Planned by the formula, B's trials being as much more scattered as longer, and by simulation."""
    effect_ms, sd_ms = 0.2 * float(_PHASES.mean()), SD_MS * ((1 + 1.2**2) / 2) ** 0.5
    by_formula = per_arm(effect_ms, sd_ms=sd_ms, power=0.8)
    by_pilot = per_arm_by_pilot(PILOTS["phases"], factor=1.2, power=0.8, rounds=150, seed=7)

    for n in (by_formula, by_pilot):
        assert simulated_power(PILOTS["phases"], n=n, factor=1.2, rounds=300, seed=3).worse == pytest.approx(
            0.8, abs=0.07
        )


def test_losses_in_one_percent_of_trials_are_found_with_the_planned_trials() -> None:
    n = per_arm_of_shares(0, 0.01, power=0.8)
    events = np.random.default_rng(4).binomial(n, 0.01, 200)
    answers = {k: share_gate(Count(events=0, n=n), Count(events=k, n=n), margin=0).answer for k in set(events.tolist())}

    assert np.mean([answers[k] is Answer.WORSE for k in events.tolist()]) == pytest.approx(0.8, abs=0.08)


def test_equal_losses_are_worse_in_at_most_5_percent() -> None:
    pairs = np.random.default_rng(6).binomial(40, 0.15, (400, 2)).tolist()
    answers = {
        (a, b): share_gate(Count(events=a, n=40), Count(events=b, n=40), margin=0).answer
        for a, b in {(a, b) for a, b in pairs}
    }

    assert np.mean([answers[a, b] is Answer.WORSE for a, b in pairs]) <= 0.05
