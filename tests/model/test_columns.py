"""Operations by their columns are those of the records, whatever was chosen of them, and cannot be changed."""

from __future__ import annotations

import numpy as np
import pytest

from redis_resilience.model.columns import Columns
from redis_resilience.model.records import OPERATION


@pytest.fixture
def rows():
    records = np.zeros(6, dtype=OPERATION)
    records["key"], records["client"] = np.arange(6), [1, 2, 1, 2, 1, 2]
    return Columns(records)


def test_a_column_is_that_of_the_records(rows):
    assert (len(rows), rows["key"].tolist()) == (6, [0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("chosen", "keys"),
    [(np.array([True, False] * 3), [0, 2, 4]), (np.array([5, 0]), [5, 0]), (np.s_[2:4], [2, 3]), (np.s_[:0], [])],
    ids=["mask", "numbers", "slice", "none"],
)
def test_a_part_has_the_columns_of_what_was_chosen(rows, chosen, keys):
    part = rows[chosen]

    assert (len(part), part["key"].tolist()) == (len(keys), keys)


def test_a_part_of_a_part(rows):
    assert rows[rows["client"] == 1][np.array([2, 1])]["key"].tolist() == [4, 2]


def test_a_column_is_kept_and_nobody_can_change_it(rows):
    assert rows["key"] is rows["key"]
    with pytest.raises(ValueError, match="read-only"):
        rows["key"][0] = 9
