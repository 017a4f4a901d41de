"""Every cell meets the machine alike: round by round, in an order that the seed draws and then reverses."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.campaigns.schedule import Cell, interleaved

CELLS = tuple(Cell(name=name, scenario="master-kill") for name in "abc")


@given(st.integers(1, 9), st.integers(0, 10**6))
def test_each_round_has_every_cell_once_and_every_second_is_the_reverse(trials: int, seed: int) -> None:
    units = interleaved(CELLS, trials, seed=seed)
    rounds = [[unit.cell.name for unit in units[at : at + 3]] for at in range(0, len(units), 3)]

    assert all(sorted(each) == ["a", "b", "c"] for each in rounds)
    assert all(later == earlier[::-1] for earlier, later in zip(rounds[::2], rounds[1::2], strict=False))
    assert Counter(unit.cell.name for unit in units) == dict.fromkeys("abc", trials)
    assert len({unit.folder for unit in units}) == len(units)


def test_two_cells_alternate_as_abba() -> None:
    names = "".join(unit.cell.name for unit in interleaved(CELLS[:2], 4, seed=1))

    assert {names[:4], names[4:]} <= {"abba", "baab"}


def test_the_seed_decides_the_order_and_a_trial_of_each_cell_has_the_same_seed() -> None:
    units = interleaved(CELLS, 6, seed=4)

    assert units == interleaved(CELLS, 6, seed=4)
    assert units != interleaved(CELLS, 6, seed=5)
    for number in range(1, 7):
        assert len({unit.seed for unit in units if unit.number == number}) == 1
    assert len({unit.seed for unit in units}) == 6
