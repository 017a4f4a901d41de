"""The timeline: every instant from whoever saw it first, with what is known of it."""

from typing import Any

import pytest

from harness.judges import timeline
from harness.model import instants
from harness.model.operations import Cause

MS = 1_000_000
ORIGIN = 5_000 * MS


def ms(instant: Any) -> tuple[float, float]:
    return ((instant.earliest_ns - ORIGIN) / MS, (instant.latest_ns - ORIGIN) / MS)


def test_a_master_kill_has_every_instant(kill: Any) -> None:
    told = timeline.judge(kill().history())

    of_clusters = {"asked_at", "started_at", "named_at", "ready_at"}
    assert tuple(told.instants) == tuple(name for name in instants.NAMES if name not in of_clusters)
    assert (told.failover, told.old_master, told.new_master) == (True, "redis-0", "redis-1")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("fault_at", (499, 500)),
        ("dead_at", (499, 501)),
        ("sdown_at", (1510, 1510)),
        ("odown_at", (1560, 1560)),
        ("elected_at", (1620, 1620)),
        ("promoted_at", (1743, 1761)),
        ("first_switch_at", (1998, 2000)),
        ("quorum_switch_at", (2003, 2005)),
        ("last_switch_at", (2998, 3000)),
        ("first_write_at", (2020, 2021)),
        ("redundant_at", (3383, 3404)),
    ],
)
def test_each_instant_lies_between_what_was_last_not_so_and_first_so(kill: Any, name: str, known: Any) -> None:
    assert ms(timeline.judge(kill().history()).instants[name]) == known


def test_what_happened_before_the_fault_is_no_part_of_it(kill: Any) -> None:
    story = kill()
    story.event(100, "sentinel:redis-1", "+sdown", "master mymaster 10.0.0.0 6379")
    story.event(110, "sentinel:redis-1", "+odown", "master mymaster 10.0.0.0 6379 #quorum 2/2")
    story.switch(120, "redis-0", old=2, new=0)

    told = timeline.judge(story.history())

    assert ms(told.at("sdown_at"))[1] == 1510
    assert ms(told.at("odown_at"))[1] == 1560
    assert told.new_master == "redis-1"


def test_a_replica_that_is_down_is_not_the_master(kill: Any) -> None:
    story = kill()
    story.event(700, "sentinel:redis-1", "+sdown", "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.0 6379")

    assert ms(timeline.judge(story.history()).at("sdown_at"))[1] == 1510


def test_a_sentinel_that_says_it_again_is_counted_once(kill: Any) -> None:
    story = kill()
    story.switch(3450, "redis-1")

    told = timeline.judge(story.history())

    assert [switch.sentinel for switch in told.switches] == ["redis-0", "redis-1", "redis-2"]
    assert ms(told.at("last_switch_at"))[1] == 3000


def test_a_line_without_a_message_counts_with_its_own_stamp(tell: Any) -> None:
    """Its pub/sub was not heard; the log still has it, to the millisecond."""
    story = tell()
    story.fault(500)
    story.event(2001, "log:redis-0", "+switch-master", "mymaster 10.0.0.0 6379 10.0.0.1 6379", since=2000)

    (switch,) = timeline.judge(story.history()).switches

    assert ms(switch.heard) == ms(switch.logged) == (2000, 2001)


def test_a_message_and_its_line_are_one_switch(kill: Any) -> None:
    switches = timeline.judge(kill().history()).switches

    assert (ms(switches[0].heard), ms(switches[0].logged)) == ((1998, 2000), (1998, 1999))
    assert len(switches) == 3


def test_the_leader_is_the_one_that_ended_the_failover(kill: Any) -> None:
    assert [s.sentinel for s in timeline.judge(kill().history()).switches if s.leader] == ["redis-2"]


def test_a_leader_that_was_elected_and_gave_up_does_not_lead(kill: Any) -> None:
    story = kill()
    story.event(1600, "sentinel:redis-0", "+elected-leader", "master mymaster 10.0.0.0 6379")

    assert [s.sentinel for s in timeline.judge(story.history()).switches if s.leader] == ["redis-2"]


def test_the_last_switch_is_told_only_once_every_living_sentinel_has_switched(tell: Any) -> None:
    def story(*, dead: bool) -> Any:
        made = tell()
        made.fault(500)
        if dead:
            made.event(490, "sentinel:redis-2", "sentinel-down", sentinel="redis-2")
        made.switch(2000, "redis-0")
        made.switch(2010, "redis-1")
        return timeline.judge(made.history())

    assert story(dead=False).at("last_switch_at") is None
    assert ms(story(dead=True).at("last_switch_at"))[1] == 2010
    assert ms(story(dead=False).at("quorum_switch_at"))[1] == 2010


def test_a_quorum_that_was_not_reached_has_no_instant(tell: Any) -> None:
    story = tell()
    story.fault(500)
    story.switch(2000, "redis-0")

    told = timeline.judge(story.history())

    assert told.at("first_switch_at") is not None
    assert told.at("quorum_switch_at") is None


def test_host_names_are_known_by_their_first_label(tell: Any) -> None:
    story = tell()
    story.fault(500)
    story.event(2000, "sentinel:redis-0", "+switch-master", "mymaster redis-0.redis 6379 redis-2.redis 6379")

    assert timeline.judge(story.history()).new_master == "redis-2"


def test_a_server_that_moved_is_known_by_its_new_address(tell: Any) -> None:
    story = tell()
    story.fault(500)
    story.event(600, "server:redis-1", "server-up", server="redis-1", address="10.9.9.9:6379", run_id="run-1")
    story.event(2000, "sentinel:redis-0", "+switch-master", "mymaster 10.0.0.0 6379 10.9.9.9 6379")

    assert timeline.judge(story.history()).new_master == "redis-1"


def test_without_a_failover_there_is_a_fault_and_little_else(tell: Any) -> None:
    story = tell()
    story.fault(500, pod="redis-2")
    story.write(1, 600)

    told = timeline.judge(story.history())

    assert tuple(told.instants) == ("fault_at",)
    assert (told.failover, told.old_master, told.new_master, told.switches) == (False, "redis-0", "", ())


def test_the_fault_on_the_master_is_the_one_that_counts(tell: Any) -> None:
    """Sentinels were killed first; the clock of the failover starts with the master."""
    story = tell()
    story.fault(300, pod="redis-0", container="sentinel")
    story.fault(500, number=1)

    assert ms(timeline.judge(story.history()).at("fault_at"))[1] == 500


def test_without_a_fault_there_is_no_instant(tell: Any) -> None:
    assert timeline.judge(tell().history()).instants == {}


def test_a_write_sent_before_the_fault_is_not_the_first_after_it(kill: Any) -> None:
    story = kill()
    story.write(900, 450, server=1, took=100)

    assert ms(timeline.judge(story.history()).at("first_write_at")) == (2020, 2021)


def test_a_rejected_write_is_no_first_write(kill: Any) -> None:
    story = kill()
    story.write(900, 1900, server=1, cause=Cause.LOADING)

    assert ms(timeline.judge(story.history()).at("first_write_at")) == (2020, 2021)


def test_a_role_event_stands_in_where_no_sample_tells_of_the_promotion(tell: Any) -> None:
    story = tell()
    story.fault(500)
    story.event(1800, "server:redis-1", "role", since=1780, server="redis-1", role="master", before="replica")
    story.switch(2000, "redis-0")

    assert ms(timeline.judge(story.history()).at("promoted_at")) == (1780, 1800)


def test_two_failovers_are_two_promotions_and_the_first_makes_the_timeline(kill: Any) -> None:
    story = kill()
    story.switch(3510, "redis-0", old=1, new=0)
    story.switch(3520, "redis-1", old=1, new=0)

    changes = timeline.promotions(story.history())
    told = timeline.judge(story.history())

    assert [(change.old, change.new) for change in changes] == [("redis-0", "redis-1"), ("redis-1", "redis-0")]
    assert (told.new_master, len(told.switches)) == ("redis-1", 5)


def test_the_leaders_late_word_belongs_to_its_own_promotion(kill: Any) -> None:
    """redis-2 announces the first switch after others announced the second."""
    story = kill()
    story.switch(2500, "redis-0", old=1, new=2)

    changes = timeline.promotions(story.history())

    assert [[switch.sentinel for switch in change.switches] for change in changes] == [
        ["redis-0", "redis-1", "redis-2"],
        ["redis-0"],
    ]


def test_a_broken_announcement_is_passed_over(tell: Any) -> None:
    story = tell()
    story.fault(500)
    story.event(2000, "sentinel:redis-0", "+switch-master", "mymaster 10.0.0.0")

    assert not timeline.judge(story.history()).failover
