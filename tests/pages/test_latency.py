"""Latency over time: of acknowledged writes only, by rank, with the fault between two bins."""

from __future__ import annotations

from typing import Any

import pytest

from redis_resilience.model.operations import Result
from redis_resilience.pages.latency import latency


def lines(make: Any, **changes: Any) -> dict[str, list[tuple[float, float]]]:
    figure = latency(make.history(**changes), make.judgement())
    assert figure is not None
    return {trace["name"]: list(zip(trace["x"], trace["y"], strict=True)) for trace in figure["data"]}


def test_median_p99_and_maximum_of_each_tenth_of_a_second(make: Any) -> None:
    operations = make.operations(5000)
    operations["return_ns"][20] = operations["call_ns"][20] + 7_000_000  # in the first bin, of a hundred writes

    drawn = lines(make, operations=operations)

    assert drawn["median"][0] == (pytest.approx(-1.0), pytest.approx(0.2))
    assert drawn["maximum"][0][1] == pytest.approx(7.0)
    assert drawn["p99"][0][1] == pytest.approx(0.2)


def test_a_line_is_interrupted_where_nothing_was_acknowledged(make: Any) -> None:
    known = [x for x, _ in lines(make)["median"] if x is not None]

    assert not [x for x in known if 0.1 <= x < 2.2]
    assert (None, None) in lines(make)["median"]


def test_no_bin_holds_the_fault(make: Any) -> None:
    assert all(round(x * 1000) % 100 == 0 for x, _ in lines(make)["median"] if x is not None)


def test_without_an_acknowledged_write_there_is_no_picture(make: Any) -> None:
    operations = make.operations(100)
    operations["outcome"] = Result.FAIL

    assert latency(make.history(operations=operations), make.judgement()) is None
