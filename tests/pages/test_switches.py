"""The headline's last announcement and the table of all of them agree, or the difference is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from redis_resilience.model.instants import Instant
from redis_resilience.model.verdict import Switch, Timeline
from redis_resilience.pages.story import what_happened
from redis_resilience.pages.switches import afterwards, announced


def switch(make: Any, sentinel: str, ms: float, *, old: str = "redis-0", new: str = "redis-1") -> Switch:
    heard = Instant(earliest_ns=make.fault_ms(ms), latest_ns=make.fault_ms(ms), source="")
    return Switch(sentinel=sentinel, heard=heard, logged=None, old=old, new=new, leader=False)


def of(make: Any, *switches: Switch) -> Timeline:
    timeline: Timeline = make.timeline()
    return replace(timeline, switches=switches)


def test_an_announcement_of_a_sentinel_that_was_away_is_no_part_of_the_failover(make: Any) -> None:
    timeline = of(make, *(switch(make, f"redis-{n}", ms) for n, ms in ((2, 2260), (1, 3310), (0, 5399))))

    assert [each.late for each in announced(timeline)] == [False, False, True]
    assert "redis-0, which was away, announced it 5399 ms after the fault." in what_happened(
        make.judgement(timeline=timeline)
    )


def test_a_second_failover_is_told_apart(make: Any) -> None:
    back = {"old": "redis-1", "new": "redis-0"}
    first = (switch(make, "a", 2260), switch(make, "b", 3310))
    timeline = of(make, *first, switch(make, "a", 9000, **back), switch(make, "b", 9500, **back))

    assert [each.failover for each in announced(timeline)] == [1, 1, 2, 2]
    assert [each.note for each in afterwards(timeline)] == ["failover 2", "failover 2"]
    told = what_happened(make.judgement(timeline=timeline))
    assert told.count("In a second failover redis-0 replaced redis-1 9000 ms after the fault.") == 1


def test_a_failover_that_not_all_announced_has_no_last(make: Any) -> None:
    times = {name: instant for name, instant in make.timeline().instants.items() if name != "last_switch_at"}

    told = what_happened(make.judgement(timeline=replace(make.timeline(), instants=times)))

    assert "the first +switch-master came 2260 ms after the fault, not all announced it." in told
