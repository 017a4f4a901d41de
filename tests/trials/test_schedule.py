"""Faults follow one another, or hit at their own times while others last."""

from __future__ import annotations

from redis_resilience.model.faults import kill
from redis_resilience.model.plan import Scheduled, Since, in_order
from redis_resilience.trials.schedule import Schedule

S = 1_000_000_000


def at(target: str, after_s: float, since: Since = Since.PREVIOUS) -> Scheduled:
    return Scheduled(fault=kill(target), after_s=after_s, since=since)


def run(*planned: Scheduled, takes_s: float = 0.0) -> list[tuple[str, float]]:
    """Each target with the second at which it is hit, where every injection takes so long."""
    now_ns = start_ns = 5 * S
    schedule, hit = Schedule(planned, start_ns=start_ns), []
    while upcoming := schedule.upcoming():
        number, at_ns = upcoming
        now_ns = max(now_ns, at_ns)
        hit.append((planned[number].fault.target, (now_ns - start_ns) / S))
        now_ns += round(takes_s * S)
        schedule.took_effect(number, now_ns)
    return hit


def test_one_after_another_counts_from_the_effect_of_the_one_before():
    assert run(at("a", 0.5), at("b", 1.0), takes_s=2.0) == [("a", 0.5), ("b", 3.5)]


def test_at_the_same_time_counts_from_the_start():
    """The plan's order decides only between those that are due at once."""
    planned = (at("a", 3.0), at("b", 1.0, Since.START), at("c", 1.0, Since.START), at("d", 0.5))

    assert run(*planned) == [("b", 1.0), ("c", 1.0), ("d", 1.5), ("a", 3.0)]
    assert [fault.target for fault in in_order(planned)] == ["b", "c", "d", "a"]


def test_what_is_due_while_another_is_injected_follows_at_once():
    assert run(at("a", 0.0), at("b", 1.0, Since.START), takes_s=5.0) == [("a", 0.0), ("b", 5.0)]


def test_no_fault_is_upcoming_in_an_empty_plan():
    assert run() == []
