"""The timeline: every instant from whichever source saw it first, with what is known of it."""

from typing import Any

import pytest

from redis_resilience.judges import timeline
from redis_resilience.judges.masters import promotions
from redis_resilience.judges.reading import read
from redis_resilience.model import instants
from redis_resilience.model.events import Role
from redis_resilience.model.faults import isolate
from redis_resilience.model.operations import Cause

MS = 1_000_000
ORIGIN = 5_000 * MS


def ms(instant: Any) -> tuple[float, float]:
    return ((instant.earliest_ns - ORIGIN) / MS, (instant.latest_ns - ORIGIN) / MS)


def test_a_master_kill_has_every_instant(kill: Any) -> None:
    told = timeline.timeline_of(kill().reading())

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
        ("first_switch_at", (1998, 1999)),
        ("quorum_switch_at", (2003, 2004)),
        ("last_switch_at", (2998, 2999)),
        ("first_write_at", (2020, 2021)),
        ("redundant_at", (3383, 3404)),
    ],
)
def test_each_instant_lies_between_what_was_last_not_so_and_first_so(kill: Any, name: str, known: Any) -> None:
    assert ms(timeline.timeline_of(kill().reading()).instants[name]) == known


def test_what_happened_before_the_fault_is_no_part_of_it(kill: Any) -> None:
    story = kill()
    story.event(100, "sentinel:redis-1", "+sdown", "master mymaster 10.0.0.0 6379")
    story.event(110, "sentinel:redis-1", "+odown", "master mymaster 10.0.0.0 6379 #quorum 2/2")
    story.switch(120, "redis-0", old=2, new=0)

    told = timeline.timeline_of(story.reading())

    assert ms(told.at("sdown_at"))[1] == 1510
    assert ms(told.at("odown_at"))[1] == 1560
    assert told.new_master == "redis-1"


def test_a_replica_that_is_down_is_not_the_master(kill: Any) -> None:
    story = kill()
    story.event(700, "sentinel:redis-1", "+sdown", "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.0 6379")

    assert ms(timeline.timeline_of(story.reading()).at("sdown_at"))[1] == 1510


def test_a_sentinel_that_says_it_again_is_counted_once(kill: Any) -> None:
    story = kill()
    story.switch(3450, "redis-1")

    told = timeline.timeline_of(story.reading())

    assert [switch.sentinel for switch in told.switches] == ["redis-0", "redis-1", "redis-2"]
    assert ms(told.at("last_switch_at"))[1] == 2999


def test_a_line_without_a_message_counts_with_its_own_stamp(tell: Any) -> None:
    """Its pub/sub was not heard; the log still has it, to the millisecond."""
    story = tell()
    story.fault(500)
    story.event(2001, "log:redis-0", "+switch-master", "mymaster 10.0.0.0 6379 10.0.0.1 6379", since=2000)

    (switch,) = timeline.timeline_of(story.reading()).switches

    assert ms(switch.heard) == ms(switch.logged) == (2000, 2001)


def test_a_message_and_its_line_are_one_switch(kill: Any) -> None:
    switches = timeline.timeline_of(kill().reading()).switches

    assert (ms(switches[0].heard), ms(switches[0].logged)) == ((1998, 2000), (1998, 1999))
    assert len(switches) == 3


def test_a_switch_counts_from_its_log_where_that_is_earlier(kill: Any) -> None:
    """A message that came a second late: the Sentinel that was heard second was the first to switch."""
    story = kill()
    story.events = [event for event in story.events if event.label != "+switch-master"]
    for at, logged, name in ((2000, None, "redis-0"), (2900, 1990, "redis-1"), (3000, 2990, "redis-2")):
        story.switch(at, name, logged=logged)

    found = timeline.timeline_of(story.reading()).instants
    assert ms(found["first_switch_at"]) == (1990, 1991)
    assert ms(found["quorum_switch_at"]) == (2000, 2000)
    assert ms(found["last_switch_at"]) == (2990, 2991)


def test_the_leader_is_the_one_that_ended_the_failover(kill: Any) -> None:
    assert [s.sentinel for s in timeline.timeline_of(kill().reading()).switches if s.leader] == ["redis-2"]


def test_a_leader_that_was_elected_and_gave_up_does_not_lead(kill: Any) -> None:
    story = kill()
    story.event(1600, "sentinel:redis-0", "+elected-leader", "master mymaster 10.0.0.0 6379")

    assert [s.sentinel for s in timeline.timeline_of(story.reading()).switches if s.leader] == ["redis-2"]


def test_the_last_switch_is_told_only_once_every_living_sentinel_has_switched(tell: Any) -> None:
    def story(*, dead: bool) -> Any:
        made = tell()
        made.fault(500)
        if dead:
            made.event(490, "sentinel:redis-2", "sentinel-down", sentinel="redis-2")
        made.switch(2000, "redis-0")
        made.switch(2010, "redis-1")
        return timeline.timeline_of(made.reading())

    assert story(dead=False).at("last_switch_at") is None
    assert ms(story(dead=True).at("last_switch_at"))[1] == 2010
    assert ms(story(dead=False).at("quorum_switch_at"))[1] == 2010


def test_a_quorum_that_was_not_reached_has_no_instant(tell: Any) -> None:
    story = tell()
    story.fault(500)
    story.switch(2000, "redis-0")

    told = timeline.timeline_of(story.reading())

    assert told.at("first_switch_at") is not None
    assert told.at("quorum_switch_at") is None


def test_host_names_are_known_by_their_first_label(tell: Any) -> None:
    story = tell()
    story.fault(500)
    story.event(2000, "sentinel:redis-0", "+switch-master", "mymaster redis-0.redis 6379 redis-2.redis 6379")

    assert timeline.timeline_of(story.reading()).new_master == "redis-2"


def test_a_server_that_moved_is_known_by_its_new_address(tell: Any) -> None:
    story = tell()
    story.fault(500)
    story.event(600, "server:redis-1", "server-up", server="redis-1", address="10.9.9.9:6379", run_id="run-1")
    story.event(2000, "sentinel:redis-0", "+switch-master", "mymaster 10.0.0.0 6379 10.9.9.9 6379")

    assert timeline.timeline_of(story.reading()).new_master == "redis-1"


def test_without_a_failover_there_is_a_fault_and_little_else(tell: Any) -> None:
    story = tell()
    story.fault(500, pod="redis-2")
    story.write(1, 600)

    told = timeline.timeline_of(story.reading())

    assert tuple(told.instants) == ("fault_at",)
    assert (told.failover, told.old_master, told.new_master, told.switches) == (False, "redis-0", "", ())


def test_the_fault_on_the_master_is_the_one_that_counts(tell: Any) -> None:
    """Sentinels were killed first; the clock of the failover starts with the master."""
    story = tell()
    story.fault(300, pod="redis-0", container="sentinel")
    story.fault(500, number=1)

    assert ms(timeline.timeline_of(story.reading()).at("fault_at"))[1] == 500


def test_without_a_fault_there_is_no_instant(tell: Any) -> None:
    assert timeline.timeline_of(tell().reading()).instants == {}


def test_a_write_sent_before_the_fault_is_not_the_first_after_it(kill: Any) -> None:
    story = kill()
    story.write(900, 450, server=1, took=100)

    assert ms(timeline.timeline_of(story.reading()).at("first_write_at")) == (2020, 2021)


def test_a_rejected_write_is_no_first_write(kill: Any) -> None:
    story = kill()
    story.write(900, 1900, server=1, cause=Cause.LOADING)

    assert ms(timeline.timeline_of(story.reading()).at("first_write_at")) == (2020, 2021)


def test_a_role_event_stands_in_where_no_sample_tells_of_the_promotion(tell: Any) -> None:
    story = tell()
    story.fault(500)
    story.event(1800, "server:redis-1", "role", since=1780, server="redis-1", role=Role.MASTER, before=Role.REPLICA)
    story.switch(2000, "redis-0")

    assert ms(timeline.timeline_of(story.reading()).at("promoted_at")) == (1780, 1800)


def test_two_failovers_are_two_promotions_and_the_first_makes_the_timeline(kill: Any) -> None:
    story = kill()
    story.switch(3510, "redis-0", old=1, new=0)
    story.switch(3520, "redis-1", old=1, new=0)

    changes = promotions(story.reading())
    told = timeline.timeline_of(story.reading())

    assert [(change.old, change.new) for change in changes] == [("redis-0", "redis-1"), ("redis-1", "redis-0")]
    assert (told.new_master, len(told.switches)) == ("redis-1", 5)


def test_the_leaders_late_word_belongs_to_its_own_promotion(kill: Any) -> None:
    """redis-2 announces the first switch after others announced the second."""
    story = kill()
    story.switch(2500, "redis-0", old=1, new=2)

    changes = promotions(story.reading())

    assert [[switch.sentinel for switch in change.switches] for change in changes] == [
        ["redis-0", "redis-1", "redis-2"],
        ["redis-0"],
    ]


def test_a_broken_announcement_is_passed_over(tell: Any) -> None:
    story = tell()
    story.fault(500)
    story.event(2000, "sentinel:redis-0", "+switch-master", "mymaster 10.0.0.0")

    assert not timeline.timeline_of(story.reading()).failover


def in_its_place(story: Any) -> Any:
    """redis-0 was asked to end at 100 and served until 500; a pod at 10.0.0.9 has its name since, and is promoted."""
    story.deleted(100, 500)
    for at in range(90, 500, 20):
        story.sample(0, at, Role.MASTER)
    story.sample(0, 510, Role.UNREACHABLE)
    for at in range(600, 1500, 20):
        story.sample(0, at, Role.REPLICA, offset=7)
    for at in range(1500, 2500, 20):
        story.sample(0, at, Role.MASTER)
    story.write(1, 499)
    story.write(2, 1600)
    for at, sentinel in ((1900, "redis-1"), (2000, "redis-2")):
        story.switch(at, sentinel, new=9)
    return story


def test_a_pod_made_in_the_masters_place_can_be_promoted_in_its_stead(tell: Any) -> None:
    """It has the same name: what distinguishes them is the address. Seen with document 002 on Kubernetes."""
    story = tell()
    story.event(600, "server:redis-0", "server-up", since=590, server="redis-0", address="10.0.0.9:6379", run_id="b")
    history = in_its_place(story).reading()
    told = timeline.timeline_of(read(history))
    (change,) = promotions(history)

    assert (told.failover, told.old_master, told.new_master) == (True, "redis-0", "redis-0")
    assert (change.offset, len(change.switches)) == (7, 2)
    assert ms(told.instants["promoted_at"]) == (1480, 1501)
    assert ms(told.instants["first_write_at"]) == (1600, 1601)
    assert ms(told.instants["first_switch_at"]) == (1900, 1900)


def test_a_deletion_took_effect_when_the_last_answer_was_not_followed_by_another(kill: Any) -> None:
    """Asked at 400; the last answer is that of the sample of 480, the first none that of 500; seen gone at 530 only."""
    story = kill()
    story.deleted(400, 530)

    told = timeline.timeline_of(story.reading())

    assert (ms(told.at("asked_at")), ms(told.at("fault_at"))) == ((400, 402), (480, 501))
    assert not told.planned_failover


def test_a_kill_is_when_its_process_was_gone_whatever_the_watchers_had(kill: Any) -> None:
    story = kill()
    story.events = [event for event in story.events if event.label != "fault-effect"]
    where = {"fault": 0, "fault_kind": "kill", "pod": "redis-0", "container": "redis"}
    story.event(500, "harness", "fault-effect", since=300, proof="process gone", **where)

    assert ms(timeline.timeline_of(story.reading()).at("fault_at")) == (300, 500)


def planned_failover(story: Any) -> Any:
    """Asked at 1550, after which Sentinels elect and switch; the old master ends at 2500."""
    story.events = [event for event in story.events if event.label not in ("+sdown", "+odown", "+try-failover")]
    story.deleted(1550, 2500)
    return story


def test_a_master_that_was_replaced_before_any_sentinel_found_it_down_is_a_planned_failover(kill: Any) -> None:
    """The fault is then the request; that a Sentinel found it down later is no part of the story."""
    story = planned_failover(kill())
    story.event(2700, "sentinel:redis-1", "+sdown", "master mymaster 10.0.0.0 6379")

    told = timeline.timeline_of(story.reading())

    assert told.planned_failover
    assert told.at("fault_at") == told.at("asked_at")
    assert told.at("sdown_at") is None
    assert told.ms("first_switch_at") == 452.0


def test_one_that_a_quorum_found_down_first_was_not(kill: Any) -> None:
    story = planned_failover(kill())
    story.event(1600, "sentinel:redis-1", "+odown", "master mymaster 10.0.0.0 6379 #quorum 2/2")

    told = timeline.timeline_of(story.reading())

    assert not told.planned_failover
    assert told.at("odown_at") is not None


def test_nobody_hands_over_who_was_not_asked_to_go(kill: Any) -> None:
    story = kill()
    story.events = [event for event in story.events if event.label not in ("+sdown", "+odown", "+try-failover")]

    assert not timeline.timeline_of(story.reading()).planned_failover


def test_the_sentinel_of_a_pod_that_is_gone_is_not_waited_for_and_counts_no_more(kill: Any) -> None:
    """redis-0's own announces the switch when it is back, at 3450; the last one of the failover is redis-2's."""
    story = planned_failover(kill())
    story.events = [
        event for event in story.events if not (event.label == "+switch-master" and event.source.endswith(":redis-0"))
    ]
    story.switch(3450, "redis-0")

    told = timeline.timeline_of(story.reading())

    assert ms(told.at("first_switch_at"))[1] == 2004
    assert ms(told.at("last_switch_at"))[1] == 2999


def test_a_pod_that_was_healed_before_the_switch_counts_again(kill: Any) -> None:
    story = kill()
    story.deleted(400, 500)
    story.event(1900, "harness", "heal-end", fault=0, pod="redis-0", container="redis", pods=("redis-0",))

    assert ms(timeline.timeline_of(story.reading()).at("first_switch_at"))[1] == 1999


def test_a_master_that_is_only_cut_off_is_not_dead(kill: Any) -> None:
    story = kill()
    story.deleted(499, 500, fault=isolate("master"))

    assert timeline.timeline_of(story.reading()).at("dead_at") is None


def test_what_the_cluster_and_the_resolver_tell_of_its_return(kill: Any) -> None:
    """Of the pod that was hit, after it was hit."""
    story = kill()
    for at, pod in ((100, "redis-0"), (2000, "redis-1"), (2500, "redis-0")):
        story.event(at, f"name:{pod}", "name-found", since=at - 250, server=pod, address="10.0.0.9")
        story.event(at + 1, f"kubernetes:{pod}", "container-started", pod=pod, container="sentinel")
        story.event(at + 2, f"kubernetes:{pod}", "container-started", pod=pod, container="redis")
        story.event(at + 3, f"kubernetes:{pod}", "pod-ready", pod=pod)

    told = timeline.timeline_of(story.reading())

    assert ms(told.at("named_at")) == (2250, 2500)
    assert (ms(told.at("started_at")), ms(told.at("ready_at"))) == ((2502, 2502), (2503, 2503))
