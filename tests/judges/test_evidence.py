"""What all judges read alike: messages and log lines become one, and every address has a name."""

from typing import Any

from redis_resilience.judges import evidence

MASTER = "master mymaster 10.0.0.0 6379"


def told(story: Any, *kinds: str) -> list[tuple[str, str, bool, bool]]:
    return [
        (item.sentinel, item.kind, item.heard is not None, item.logged is not None)
        for item in evidence.told(story.reading(), *kinds)
    ]


def test_a_fault_takes_its_target_s_server_and_those_of_the_pods_out_with_it(tell: Any) -> None:
    def struck(container: str, **more: Any) -> set[str]:
        story = tell()
        story.event(100, "harness", "fault-effect", pod="redis-0", container=container, **more)
        return story.reading().events[0].servers

    assert struck("redis") == {"redis-0"}
    assert struck("sentinel") == set(), "its server goes on"
    assert struck("sentinel", pods=("redis-0", "redis-2")) == {"redis-0", "redis-2"}


def test_a_message_and_the_line_written_with_it_are_one(tell: Any) -> None:
    story = tell()
    story.event(101, "log:a", "+sdown", MASTER, since=100)
    story.event(102, "sentinel:a", "+sdown", MASTER)

    assert told(story, "+sdown") == [("a", "+sdown", True, True)]


def test_the_same_event_of_two_sentinels_is_two(tell: Any) -> None:
    story = tell()
    story.event(101, "log:a", "+sdown", MASTER, since=100)
    story.event(102, "sentinel:b", "+sdown", MASTER)

    assert told(story, "+sdown") == [("a", "+sdown", False, True), ("b", "+sdown", True, False)]


def test_an_event_that_comes_again_is_told_again_each_with_its_own_line(tell: Any) -> None:
    story = tell()
    for at in (100, 700):
        story.event(at + 1, "log:a", "+sdown", MASTER, since=at)
        story.event(at + 2, "sentinel:a", "+sdown", MASTER)

    found = evidence.told(story.reading(), "+sdown")

    assert [item.instant.error_ms for item in found] == [2.0, 2.0]


def test_a_line_written_long_before_is_another_event(tell: Any) -> None:
    story = tell()
    story.event(101, "log:a", "+sdown", MASTER, since=100)
    story.event(5102, "sentinel:a", "+sdown", MASTER)

    assert told(story, "+sdown") == [("a", "+sdown", False, True), ("a", "+sdown", True, False)]


def test_a_line_written_after_the_message_is_another_event(tell: Any) -> None:
    story = tell()
    story.event(100, "sentinel:a", "+sdown", MASTER)
    story.event(121, "log:a", "+sdown", MASTER, since=120)

    assert len(told(story, "+sdown")) == 2


def test_a_line_stamped_a_moment_late_by_a_steered_clock_still_fits(tell: Any) -> None:
    story = tell()
    story.event(100, "sentinel:a", "+sdown", MASTER)
    story.event(102, "log:a", "+sdown", MASTER, since=101)

    (item,) = evidence.told(story.reading(), "+sdown")

    assert item.instant.error_ms == 0.0


def test_an_announced_host_name_and_an_unknown_address(tell: Any) -> None:
    history = tell().reading()
    names = evidence.server_names(history)

    assert evidence.name_at(history, names, "10.0.0.1:6379") == "redis-1"
    assert evidence.name_at(history, names, "redis-2.redis.default.svc:6379") == "redis-2"
    assert evidence.name_at(history, names, "10.7.7.7:6379") == "10.7.7.7:6379"
