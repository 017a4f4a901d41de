"""A Sentinel's log becomes events, and nothing else of it does."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.model.events import Event
from redis_resilience.model.sentinel_log import UNRESOLVED, parse_log

SWITCH = "4711:X 21 Nov 2026 02:03:04.567 # +switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379"
STAMP_NS = int(datetime(2026, 11, 21, 2, 3, 4, tzinfo=UTC).timestamp()) * 10**9 + 567 * 10**6


def parse(text: str, *, clock_ns: int = 0, wall_ns: int = 0) -> tuple[Event, ...]:
    return parse_log(text, name="redis-0", clock_ns=clock_ns, wall_ns=wall_ns)


def test_a_line_becomes_the_event_that_was_published() -> None:
    (event,) = parse(SWITCH)

    assert (event.source, event.name) == ("log:redis-0", "+switch-master")
    assert event.text == "mymaster 10.0.0.1 6379 10.0.0.2 6379"


def test_the_stamp_is_the_beginning_of_the_millisecond_in_which_it_happened() -> None:
    (event,) = parse(SWITCH)

    assert (event.since_ns, event.at_ns) == (STAMP_NS, STAMP_NS + 1_000_000)


def test_wall_time_is_moved_onto_the_clock_of_the_history() -> None:
    (event,) = parse(SWITCH, clock_ns=77_000, wall_ns=STAMP_NS - 5_000_000)

    assert event.since_ns == 5_077_000


@pytest.mark.parametrize("level", ["#", "*", "-", "."])
def test_every_log_level_carries_events(level: str) -> None:
    (event,) = parse(f"1:X 01 Jan 2026 00:00:00.000 {level} +sdown master mymaster 10.0.0.1 6379")

    assert event.name == "+sdown"


def test_an_event_with_a_number_alone_or_with_hyphens_is_read_whole() -> None:
    stamp = "1:X 01 Jan 2026 00:00:00.000"
    text = f"{stamp} # +new-epoch 3\n{stamp} # -failover-abort-no-good-slave master m h 1"

    assert [(event.name, event.text) for event in parse(text)] == [
        ("+new-epoch", "3"),
        ("-failover-abort-no-good-slave", "master m h 1"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "4711:X 21 Nov 2026 02:03:04.567 * Running mode=sentinel, port=26379.",
        "4711:X 21 Nov 2026 02:03:04.567 # Next failover delay: no failover before Sat Nov 21 02:04:04 2026",
        "4711:X 21 Nov 2026 02:03:04.567 # Sentinel ID is 7f3c",
        "4711:M 21 Nov 2026 02:03:04.567 # +switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379",
        "4711:X 31 Foo 2026 02:03:04.567 # +sdown master mymaster 10.0.0.1 6379",
        "4711:X 31 Feb 2026 02:03:04.567 # +sdown master mymaster 10.0.0.1 6379",
        "4711:X 21 Nov 2026 02:03:04 # +sdown master mymaster 10.0.0.1 6379",
        SWITCH[: SWITCH.index("+sw")],
    ],
)
def test_what_is_no_event_is_passed_over(line: str) -> None:
    assert parse(line) == ()


def test_a_line_torn_in_the_middle_hides_no_other() -> None:
    kinds = [event.name for event in parse(f"{SWITCH[:20]}\n{SWITCH}\n{SWITCH[:30]}")]

    assert kinds == ["+switch-master"]


@given(st.text())
def test_no_text_whatever_breaks_the_parser(text: str) -> None:
    assert all(event.name[0] in "+-" for event in parse(text))


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2199, 1, 1)))  # noqa: DTZ001 - given UTC below
def test_every_date_is_read_as_utc(moment: datetime) -> None:
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    ms = moment.microsecond // 1000
    stamp = f"{moment:%d} {months[moment.month - 1]} {moment.year:04d} {moment:%H:%M:%S}.{ms:03d}"

    (event,) = parse(f"1:X {stamp} # +tilt #tilt mode entered")

    whole = moment.replace(microsecond=0, tzinfo=UTC)
    assert event.since_ns == int(whole.timestamp()) * 10**9 + ms * 10**6


def test_a_name_without_an_address_is_an_event_of_this_projects_own_name() -> None:
    (event,) = parse("1:X 21 Nov 2026 05:31:51.249 # Failed to resolve hostname 'redis-1.redis'")

    assert (event.source, event.name, event.text) == ("log:redis-0", UNRESOLVED, "redis-1.redis")
