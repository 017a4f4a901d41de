"""Every cell meets the machine alike: round by round, in an order that the seed draws and then reverses."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.campaigns.schedule import ALL, Cell, Share, interleaved, share_of
from redis_resilience.model.errors import UsageError

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


@given(st.integers(1, 9), st.integers(1, 9))
def test_every_trial_is_in_exactly_one_share_and_shares_are_alike_in_size(trials: int, of: int) -> None:
    units = interleaved(CELLS, trials, seed=4)
    shares = [Share(index=index, of=of).taken(units) for index in range(of)]

    assert sorted(unit.folder for share in shares for unit in share) == sorted(unit.folder for unit in units)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_share_is_counted_from_0_as_the_pods_of_an_indexed_job() -> None:
    assert share_of("2/3") == Share(index=2, of=3)
    assert share_of("") == ALL


@pytest.mark.parametrize("text", ["3/3", "0/0", "1", "-1/3", "one/3", "1/3/3"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=f"--share: expected I/N, .* as in 0/3; got '{text}'"):
        share_of(text)
