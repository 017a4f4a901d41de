"""What no fault of the plan explains is reported, and the trial is no pass."""

from typing import Any

import pytest

from redis_resilience.judges import bounds, elections, unplanned
from redis_resilience.judges.masters import promotions
from redis_resilience.judges.timeline import timeline_of
from redis_resilience.model.events import Role
from redis_resilience.model.faults import Fault, delete_pod, rolling_upgrade, stop
from redis_resilience.model.faults import kill as kill_of
from redis_resilience.model.verdict import Verdict
from tests.judges.test_mutants import calm

MASTER = "master mymaster 10.0.0.0 6379"


def found(story: Any) -> tuple[Verdict, str]:
    (finding,) = unplanned.judge(story.reading()).findings
    return finding.verdict, finding.text.partition("; got ")[2]


def test_what_the_plan_breaks_is_no_surprise(kill: Any) -> None:
    assert found(kill()) == (Verdict.PASS, "none")


def test_a_change_of_master_before_the_fault_is_reported_with_its_tellers(kill: Any) -> None:
    story = kill()
    story.switch(100, "redis-0", new=2)
    story.switch(110, "redis-2", new=2)

    assert found(story) == (
        Verdict.UNKNOWN,
        "redis-0 replaced by redis-2 before the first fault (announced by redis-0, redis-2)",
    )


def test_a_change_of_master_before_the_fault_is_not_the_failover_after_it(kill: Any) -> None:
    story = kill()
    story.switch(100, "redis-0", new=2)
    story.switch(110, "redis-0", old=2, new=0)

    assert [change.new for change in promotions(story.reading())] == ["redis-2", "redis-0", "redis-1"]
    assert timeline_of(story.reading()).new_master == "redis-1"


def handed_over(story: Any, at: float, *, odown: bool = False) -> Any:
    """redis-2 takes over from redis-1, led by redis-0's Sentinel."""
    master = "master mymaster 10.0.0.1 6379"
    if odown:
        story.event(at - 1, "sentinel:redis-0", "+odown", f"{master} #quorum 2/2")
    story.event(at, "sentinel:redis-0", "+try-failover", master)
    story.event(at + 1, "sentinel:redis-0", "-odown", master)
    story.event(at + 2, "sentinel:redis-0", "+elected-leader", master)
    for name in ("redis-0", "redis-1", "redis-2"):
        story.switch(at + 5, name, old=1, new=2)
    return story


def test_a_change_of_master_that_somebody_requested_is_reported_and_is_no_failure(kill: Any) -> None:
    """A Sentinel begins a failover by itself only once it has found the master down."""
    requested, wrong = handed_over(kill(), 3510), handed_over(kill(), 3510, odown=True)

    verdict, text = found(requested)
    assert verdict is Verdict.UNKNOWN
    assert text.startswith("redis-1 replaced by redis-2 on request: SENTINEL FAILOVER, by no fault of the plan; ")
    assert [each.new for each in elections.requested(requested.reading())] == ["redis-2"]
    assert once(requested) == (
        Verdict.PASS,
        "expected 1 changes of master or fewer; got 2 (redis-0 > redis-1 > redis-2), 1 of them by no fault of the plan",
    )
    assert "on request" not in found(wrong)[1]
    assert once(wrong)[0] is Verdict.FAIL


def once(story: Any) -> tuple[Verdict, str]:
    return next(
        (each.verdict, each.text) for each in bounds.judge(story.reading()).findings if each.name == bounds.ONCE
    )


def test_a_requested_change_of_master_where_none_was_expected_is_unknown(kill: Any) -> None:
    """A replica was killed, and somebody sent SENTINEL FAILOVER; where a Sentinel began it by itself, it failed."""
    for odown, verdict in ((False, Verdict.UNKNOWN), (True, Verdict.FAIL)):
        story = kill(failover=False)
        story.events = [
            event
            for event in story.events
            if (odown or event.label != "+odown") and not event.label.startswith(("fault-", "heal-"))
        ]
        story.planned(kill_of("redis-2"))
        story.fault(500, pod="redis-2")
        story.samples = [row for row in story.samples if row[5] != Role.UNREACHABLE]
        expected = next(each for each in bounds.judge(story.reading()).findings if each.name == bounds.EXPECTED)

        assert expected.verdict is verdict
        assert ("it was requested" in expected.text) is not odown


def test_a_master_that_somebody_stopped_is_replaced_by_no_fault_of_the_plan(kill: Any) -> None:
    """The Sentinels did what they should; it was the scenario that was disturbed."""
    story = handed_over(kill(), 3510, odown=True)
    story.silence(1, 2300, 3600)

    assert "redis-1 did not answer for 1281 ms, and no fault had hit it" in found(story)[1]
    assert once(story)[0] is Verdict.PASS


@pytest.mark.parametrize("fault", [stop("redis-0"), delete_pod("redis-0"), rolling_upgrade()])
def test_what_a_fault_asks_for_is_planned(kill: Any, fault: Fault) -> None:
    """A pod's hook asks for it when the server is asked to end; a rolling upgrade asks for it itself."""
    story = kill()
    story.planned(fault)
    story.events = [event for event in story.events if event.label != "+odown"]

    assert found(story) == (Verdict.PASS, "none")


def test_a_replica_that_became_master_without_a_sentinel_is_reported(kill: Any) -> None:
    """A manual REPLICAOF NO ONE; one that a Sentinel chose may be master for a while, as an attempt may fail."""
    by_hand, chosen, hit = kill(), kill(), kill()
    for story in (by_hand, chosen, hit):
        story.sample(2, 2211, Role.MASTER, offset=2211)
    chosen.event(1700, "sentinel:redis-2", "+selected-slave", f"slave redis-2 10.0.0.2 6379 @ {MASTER[7:]}")
    hit.fault(2000, pod="redis-2", number=1)

    assert found(by_hand) == (Verdict.UNKNOWN, "redis-2 reported master, and no Sentinel had chosen it")
    assert found(chosen) == found(hit) == (Verdict.PASS, "none")


def test_a_replica_that_follows_another_replica_is_reported(kill: Any) -> None:
    """A manual REPLICAOF, which a Sentinel undoes after a while; a chain that was there before is as it was."""
    by_hand, chained, hit = calm(kill), calm(kill), kill()
    by_hand.sample(2, 1211, Role.REPLICA, offset=1211, source=1)
    chained.samples = [(*row[:4], 1, *row[5:]) if row[3] == 2 else row for row in chained.samples]
    hit.fault(2000, pod="redis-0", number=1)
    hit.sample(0, 3611, Role.REPLICA, offset=3611, source=2)

    assert found(by_hand) == (Verdict.UNKNOWN, "redis-2 followed redis-1, and no Sentinel had chosen that")
    assert found(chained) == found(hit) == (Verdict.PASS, "none")


def test_a_server_that_restarted_by_itself_is_reported_once(kill: Any) -> None:
    story = kill()
    address = "10.0.0.2:6379"
    story.event(900, "server:redis-2", "server-up", server="redis-2", run_id="run-2b", address=address)
    story.final(2, story.finals["redis-1"].keys, run_id="run-2b")

    assert found(story) == (Verdict.UNKNOWN, "redis-2 was restarted, and no fault had hit it")


def test_a_failover_of_another_master_is_reported_and_is_not_ours(kill: Any) -> None:
    story = kill()
    text = "cache 10.0.9.0 6379 10.0.9.1 6379"
    story.event(300, "sentinel:redis-1", "+switch-master", text)

    assert found(story) == (
        Verdict.UNKNOWN,
        f"the Sentinel of redis-1 announced a failover of a master other than mymaster: {text}",
    )
    assert [change.new for change in promotions(story.reading())] == ["redis-1"]
