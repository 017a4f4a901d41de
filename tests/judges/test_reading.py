"""A reading: one order whatever was on disk, and each fact worked out once."""

from dataclasses import replace
from typing import Any

from redis_resilience.judges.reading import Reading, once, read


def test_events_are_in_order_of_time(kill: Any) -> None:
    history = kill().history()

    assert read(replace(history, events=history.events[::-1])).events == read(history).events


def test_a_fact_is_worked_out_once_for_each_reading(kill: Any) -> None:
    asked: list[Reading] = []

    @once
    def fact(reading: Reading) -> str:
        asked.append(reading)
        return reading.plan.trial

    one, other = read(kill().history()), read(kill().history())

    assert [fact(one), fact(one), fact(other)] == ["t1"] * 3
    assert asked == [one, other]


def test_a_changed_reading_knows_nothing_of_the_one_before(kill: Any) -> None:
    """A shard's reading is made of the whole one; facts about the whole must not be taken for the shard's own."""

    @once
    def servers(reading: Reading) -> int:
        return len(reading.environment.servers)

    whole = read(kill().history())
    assert servers(whole) == 3

    part = replace(whole, environment=replace(whole.environment, servers=()))
    assert servers(part) == 0
