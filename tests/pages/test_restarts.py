"""A server that came back as another process is marked where it did, and what became of its data is said."""

from __future__ import annotations

from typing import Any

from redis_resilience.model.events import ServerUp
from redis_resilience.pages.frame import frame_of
from redis_resilience.pages.restarts import restarts


def marks(make: Any, *ups: tuple[float, str, str], **writes: Any) -> list[tuple[str, float, str]]:
    events = tuple(
        ServerUp(at_ns=make.fault_ms(ms), source="probe", server=name, address="", run_id=run_id)
        for ms, name, run_id in ups
    )
    history, judgement = make.history(events=events), make.judgement(writes=make.writes(**writes))
    frame = frame_of(history, judgement)
    assert frame is not None
    traces = restarts(history, judgement, frame)
    return [mark for each in traces for mark in zip(each["y"], each["x"], each["text"], strict=True)]


def test_another_process_is_marked_once(make: Any) -> None:
    found = marks(make, (-500, "redis-0", "1" * 40), (900, "redis-0", "f" * 40), (1500, "redis-0", "f" * 40))

    assert found == [("redis-0", 0.9, "came back as a new process")]


def test_a_master_that_came_back_empty_is_marked_so(make: Any) -> None:
    lost = {"lost": 2, "lost_by_cause": {"wipe": 2}, "final_master": "redis-0"}

    (found,) = marks(make, (900, "redis-0", "f" * 40), **lost)

    assert found == ("redis-0", 0.9, "came back as a new process without its data")


def test_without_another_process_there_is_no_mark(make: Any) -> None:
    assert marks(make, (-500, "redis-0", "1" * 40)) == []
