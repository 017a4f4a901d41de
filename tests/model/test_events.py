"""An event lies between its two stamps, or is exact."""

from redis_resilience.model.events import LoadBegin


def test_without_an_earlier_stamp_an_event_is_exact() -> None:
    assert LoadBegin(at_ns=7, source="probe").earliest_ns == 7


def test_with_one_it_may_have_happened_from_then_on() -> None:
    assert LoadBegin(at_ns=7, since_ns=3, source="probe").earliest_ns == 3
