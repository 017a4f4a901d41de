"""Redundancy restored: one master, linked and caught-up replicas, agreeing Sentinels, and no failover under way."""

from typing import Any

import pytest

from redis_resilience.judges.redundancy import redundant_at
from redis_resilience.judges.timeline import timeline_of as timeline
from redis_resilience.model.events import Role
from redis_resilience.model.faults import Fault, delete_pod, kill, pause
from redis_resilience.model.instants import REDUNDANT_AT, Instant

MS = 1_000_000
ORIGIN = 5_000 * MS
FAULT = Instant(earliest_ns=ORIGIN + 100 * MS, latest_ns=ORIGIN + 101 * MS, source="harness")


def found(story: Any) -> tuple[float, float] | None:
    instant = redundant_at(story.reading(), FAULT, ())
    return instant and ((instant.earliest_ns - ORIGIN) / MS, (instant.latest_ns - ORIGIN) / MS)


def calm(tell: Any, *, lag: int = 0, until: int = 300) -> Any:
    """Master and two replicas sampled every 20 ms, offsets rising by 1 a ms; redis-2 lags behind."""
    story = tell()
    for at in range(0, until, 20):
        story.sample(0, at, Role.MASTER, offset=at)
        story.sample(1, at + 5, Role.REPLICA, offset=at + 4, source=0)
        story.sample(2, at + 5, Role.REPLICA, offset=at + 4 - lag, source=0)
    return story


def test_what_nothing_broke_was_never_not_whole(tell: Any) -> None:
    """Redundancy is known since the fault as soon as the replicas were asked again."""
    assert found(calm(tell)) == (100, 106)


def test_a_replica_that_was_away_makes_it_whole_when_it_is_back_and_level(tell: Any) -> None:
    story = calm(tell)
    story.sample(2, 150, Role.UNREACHABLE)

    assert found(story) == (150, 166)


def test_a_replica_that_lags_is_not_redundant(tell: Any) -> None:
    assert found(calm(tell, lag=50)) is None


def test_caught_up_is_measured_against_what_the_master_had_told_before(tell: Any) -> None:
    """Behind by what was written between the two samples counts as caught up; behind by more does not."""
    assert found(calm(tell, lag=4)) is not None
    assert found(calm(tell, lag=5)) is None


def test_a_replica_of_another_or_of_nobody_does_not_count(tell: Any) -> None:
    story = calm(tell)
    story.sample(2, 310, Role.REPLICA, offset=400, source=1)

    assert found(story) is None


def test_two_masters_at_the_end_are_not_whole(tell: Any) -> None:
    story = calm(tell)
    story.sample(2, 310, Role.MASTER, offset=400)

    assert found(story) is None


def test_a_server_that_was_never_seen_is_not_known_to_be_whole(tell: Any) -> None:
    story = calm(tell)
    story.samples = [sample for sample in story.samples if sample[3] != 2]

    assert found(story) is None


def test_what_the_probe_misses_while_it_reads_back_does_not_count(tell: Any) -> None:
    story = calm(tell)
    story.sample(2, 400, Role.UNREACHABLE)
    story.phase(350, "read")

    assert found(story) == (100, 106)


def test_a_failover_under_way_is_not_whole(tell: Any) -> None:
    story = calm(tell)
    story.event(120, "sentinel:redis-0", "+try-failover", "master mymaster 10.0.0.0 6379")

    assert found(story) is None

    story.event(220, "sentinel:redis-0", "-failover-abort-not-elected", "master mymaster 10.0.0.0 6379")

    assert found(story) is not None


@pytest.mark.parametrize(("back_as", "whole"), [("", True), ("another", True), ("sentinel-0", False)])
def test_a_failover_ends_with_the_process_that_began_it(tell: Any, back_as: str, whole: Any) -> None:
    """The leader was in the master's own pod: no end of it is on record. One that only hung goes on with it."""
    story = calm(tell)
    story.event(120, "sentinel:redis-0", "+try-failover", "master mymaster 10.0.0.0 6379")
    story.event(150, "sentinel:redis-0", "sentinel-down", sentinel="redis-0")
    if back_as:
        story.event(200, "sentinel:redis-0", "sentinel-up", sentinel="redis-0", run_id=back_as)

    assert (found(story) is not None) is whole


@pytest.mark.parametrize(
    ("fault", "hit", "whole"),
    [
        (kill("sentinel"), {"container": "sentinel"}, True),
        (delete_pod("redis-0", grace_s=0.0), {"pods": ("redis-0",)}, True),
        (kill("redis-0"), {}, False),
        (pause("sentinel"), {"container": "sentinel"}, False),
    ],
)
def test_a_failover_ends_with_a_sentinel_that_a_fault_ends_and_that_keeps_its_identity(
    tell: Any, fault: Fault, hit: dict[str, Any], whole: Any
) -> None:
    """Its identity is in its state file, so that the same one is met again once it is started."""
    story = calm(tell)
    story.planned(fault)
    story.event(120, "sentinel:redis-0", "+try-failover", "master mymaster 10.0.0.0 6379")
    where = {"fault": 0, "fault_kind": fault.kind, "pod": "redis-0", "container": "redis", **hit}
    story.event(150, "harness", "fault-effect", since=149, **where)
    story.event(151, "sentinel:redis-0", "sentinel-down", sentinel="redis-0")
    story.event(200, "sentinel:redis-0", "sentinel-up", sentinel="redis-0", run_id="sentinel-0")

    assert (found(story) is not None) is whole


def test_a_sentinel_that_died_before_it_began_a_failover_has_not_ended_it(tell: Any) -> None:
    story = calm(tell)
    story.event(105, "sentinel:redis-0", "sentinel-down", sentinel="redis-0")
    story.event(110, "sentinel:redis-0", "sentinel-up", sentinel="redis-0", run_id="another")
    story.event(120, "sentinel:redis-0", "+try-failover", "master mymaster 10.0.0.0 6379")

    assert found(story) is None


def test_a_sentinel_that_announced_another_master_last_disagrees(kill: Any) -> None:
    story = kill()
    story.switch(3540, "redis-0", old=1, new=2)

    assert timeline(story.reading()).at(REDUNDANT_AT) is None


def test_it_is_not_whole_before_the_last_sentinel_agrees(kill: Any) -> None:
    story = kill()
    story.events = [
        event for event in story.events if event.source != "sentinel:redis-2" or event.label != "+switch-master"
    ]
    story.events = [event for event in story.events if event.source != "log:redis-2"]
    story.switch(3550, "redis-2")

    instant = timeline(story.reading()).at(REDUNDANT_AT)

    assert instant is not None
    assert (instant.latest_ns - ORIGIN) / MS == 3550


def test_a_sample_missed_just_before_the_final_read_is_answered_by_the_next(tell: Any) -> None:
    """On a busy machine a connection was lost 1 ms before the read began; the server was there throughout it."""
    story = calm(tell, until=200)
    story.phase(200, "read")
    story.sample(1, 199, Role.UNREACHABLE)
    story.sample(1, 210, Role.REPLICA, offset=204, source=0)

    assert found(story) == (199, 211)


def test_what_is_missed_during_the_final_read_is_no_evidence(tell: Any) -> None:
    """Not against redundancy; and it proves none where the last sample before was bad."""
    story = calm(tell, until=200)
    story.phase(200, "read")
    story.sample(1, 210, Role.UNREACHABLE)
    assert found(story) is not None

    story.sample(1, 199, Role.UNREACHABLE)
    assert found(story) is None
