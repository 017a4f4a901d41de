"""What no fault of the plan explains is reported, and the trial is no pass."""

from typing import Any

from redis_resilience.judges import unplanned
from redis_resilience.judges.masters import promotions
from redis_resilience.judges.timeline import timeline_of
from redis_resilience.model.verdict import Verdict


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


def test_a_server_that_restarted_by_itself_is_reported_once(kill: Any) -> None:
    story = kill()
    address = "10.0.0.2:6379"
    story.event(900, "server:redis-2", "server-up", server="redis-2", run_id="run-2b", address=address)
    story.final(2, story.finals["redis-1"].keys, run_id="run-2b")

    assert found(story) == (Verdict.UNKNOWN, "redis-2 was restarted, and no fault had hit it")


def test_settings_that_were_changed_meanwhile_are_reported(kill: Any) -> None:
    story = kill()
    change = "master mymaster 10.0.0.0 6379 down-after-milliseconds 60000"
    story.event(3000, "sentinel:redis-1", "+set", change)

    assert found(story) == (
        Verdict.UNKNOWN,
        f"the Sentinel of redis-1 received a change of its settings: +set {change}",
    )


def test_a_failover_of_another_master_is_reported_and_is_not_ours(kill: Any) -> None:
    story = kill()
    text = "cache 10.0.9.0 6379 10.0.9.1 6379"
    story.event(300, "sentinel:redis-1", "+switch-master", text)

    assert found(story) == (
        Verdict.UNKNOWN,
        f"the Sentinel of redis-1 announced a failover of a master other than mymaster: {text}",
    )
    assert [change.new for change in promotions(story.reading())] == ["redis-1"]
