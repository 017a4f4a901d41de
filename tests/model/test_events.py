"""An event lies between its two stamps, or is exact."""

from redis_resilience.model.events import Event


def test_without_an_earlier_stamp_an_event_is_exact() -> None:
    assert Event(at_ns=7, source="probe", kind="load-begin").earliest_ns == 7


def test_with_one_it_may_have_happened_from_then_on() -> None:
    assert Event(at_ns=7, since_ns=3, source="probe", kind="load-begin").earliest_ns == 3
