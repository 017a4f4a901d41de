"""A Redis Cluster of two shards, judged: each by itself, the worst decides, and the shard hit is shown in full.

The story is the master kill of `conftest`, in which redis-0 dies and redis-1 takes over, with redis-3 and redis-4 as a
second shard that nothing touches.
"""

from __future__ import annotations

from typing import Any

import pytest

from redis_resilience.judges.cluster.shards import parts
from redis_resilience.judges.judge import judge
from redis_resilience.model.history import History
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import Finding, Judgement, Verdict


def finding(judgement: Judgement, name: str) -> Finding:
    return next(f for f in (*judgement.assumptions, *judgement.findings) if f.name == name)


@pytest.fixture
def told(cluster: Any) -> History:
    return cluster().reading()


def test_a_replaced_master_of_one_shard_passes_and_the_other_shard_saw_nothing(told: History) -> None:
    judged = judge(told)
    assert judged.verdict is Verdict.PASS, [f for f in judged.findings if f.verdict is not Verdict.PASS]
    assert [(one.name, one.timeline.failover) for one in judged.shards] == [("0-8191", True), ("8192-16383", False)]
    assert (judged.timeline.old_master, judged.timeline.new_master) == ("redis-0", "redis-1")
    assert judged.writes.acknowledged == sum(one.writes.acknowledged for one in judged.shards)
    assert judged.writes.planned == len(told.operations)
    assert judged.writes.final_master == "redis-1, redis-3"
    assert judged.availability.outage_ms == judged.shards[0].availability.outage_ms > 1000
    assert judged.shards[1].availability.outage_ms < 200


def test_the_nodes_words_are_the_instants_and_that_of_a_dead_node_is_not_the_last(told: History) -> None:
    times = judge(told).timeline
    assert [round(times.ms(name) or 0) for name in ("sdown_at", "odown_at")] == [1100, 1200]
    assert [round(times.ms(f"{name}_switch_at") or 0) for name in ("first", "quorum", "last")] == [1260, 1261, 1263]


def test_a_history_of_a_shard_has_its_own_servers_numbers_and_keys(told: History) -> None:
    lower, upper = parts(told)
    assert [s.name for s in upper.environment.servers] == ["redis-3", "redis-4"]
    assert set(upper.operations["server"].tolist()) == {0}
    assert set(upper.samples["source"].tolist()) == {0, NO_SERVER}
    assert len(lower.operations) + len(upper.operations) == len(told.operations)
    assert upper.plan.load.writers[0].rate == told.plan.load.writers[0].rate / 2


def test_a_write_that_the_untouched_shard_lost_is_lost(cluster: Any) -> None:
    judged = judge(cluster(lost=(0,)).reading())
    assert (judged.writes.lost, judged.writes.lost_writes[0].server) == (1, "redis-3")
    assert finding(judged, "ledger.lost").verdict is Verdict.FAIL


def test_writes_that_two_shards_lost_are_told_from_the_first_of_any_to_the_last(cluster: Any) -> None:
    judged = judge(cluster(lost=(0, 43, 47)).reading())
    assert [round(one.writes.lost_seconds, 3) for one in judged.shards] == [0.04, 0.0]
    assert round(judged.writes.lost_seconds, 3) == 0.47


def test_a_shard_that_is_replaced_although_nothing_touched_it_fails(cluster: Any) -> None:
    story = cluster()
    for node in ("redis-0", "redis-1", "redis-2", "redis-3", "redis-4"):
        story.owner(2000, node, slots=(8192, 16383), old="redis-3", new="redis-4")
    judged = judge(story.reading())
    assert finding(judged, "failover.expected").verdict is Verdict.FAIL
    assert finding(judged, "failover.expected").text.startswith("shard 8192-16383: expected no failover")


@pytest.mark.parametrize(("coverage", "verdict"), [("yes", Verdict.PASS), ("no", Verdict.FAIL)])
def test_refusals_in_an_untouched_shard_are_right_only_with_full_coverage(
    cluster: Any, coverage: str, verdict: Verdict
) -> None:
    answer = finding(judge(cluster(coverage=coverage, refused=(133, 136, 137)).reading()), "cluster.other_shards")
    assert answer.verdict is verdict
    assert "3 of their writes were refused with CLUSTERDOWN" in answer.text


def test_a_node_that_still_names_the_old_master_fails(cluster: Any) -> None:
    story = cluster()
    story.events = [event for event in story.events if (event.source, event.label) != ("node:redis-4", "owner")]
    answer = finding(judge(story.reading()), "convergence.nodes_agree")
    assert answer.verdict is Verdict.FAIL
    assert "got redis-4: redis-0" in answer.text


def test_a_master_of_a_shard_that_was_not_read_is_named_and_makes_it_unknown(cluster: Any) -> None:
    story = cluster()
    del story.finals["redis-3"]
    judged = judge(story.reading())
    assert judged.verdict is Verdict.UNKNOWN
    assert "redis-3 was not read" in finding(judged, "assumptions.final_reads").text
    assert finding(judged, "ledger.lost").verdict is Verdict.UNKNOWN


def test_of_equal_answers_that_of_the_shard_that_was_hit_is_told(cluster: Any) -> None:
    story = cluster()
    story.believe(shards=story.environment.shards[::-1])
    judged = judge(story.reading())
    assert finding(judged, "availability.outage").text.startswith("shard 0-8191: ")


def test_a_node_that_was_out_with_the_one_that_was_hit_is_not_waited_for(cluster: Any) -> None:
    """All pods of a powered-off node are down: redis-2, too, which never announces the new master."""
    story = cluster()
    story.events = [event for event in story.events if (event.source, event.label) != ("node:redis-2", "owner")]
    assert "last_switch_at" not in judge(story.reading()).timeline.instants
    story.takes_along("redis-2")
    assert "last_switch_at" in judge(story.reading()).timeline.instants


def test_a_shard_whose_replica_alone_went_along_is_touched_and_must_not_fail_over(cluster: Any) -> None:
    """The failover is expected of the shard that the fault is for; of the other one its own prediction decides."""
    story = cluster(failover=True)
    story.takes_along("redis-4")
    story.restarted(4, since=480, until=1500)
    judged = judge(story.reading())
    assert judged.verdict is Verdict.PASS, [f for f in judged.findings if f.verdict is not Verdict.PASS]
    assert [one.timeline.failover for one in judged.shards] == [True, False]
    assert "cluster.other_shards" not in {found.name for found in judged.findings}


def test_a_master_that_went_along_is_the_one_whose_end_its_shard_is_judged_by(cluster: Any) -> None:
    """redis-3 answered at 520 for the last time, and not at 540; the fault is known to be between 499 and 560."""
    story = cluster()
    story.takes_along("redis-3", seen=560)
    story.silence(3, since=540)
    _, upper = judge(story.reading()).shards
    fault = upper.timeline.instants["fault_at"]
    begin_ns = story.environment.clock_ns
    assert ((fault.earliest_ns - begin_ns) / 1e6, (fault.latest_ns - begin_ns) / 1e6) == (520, 541)


def test_the_shard_that_lost_its_master_speaks_for_one_that_lost_a_replica(cluster: Any) -> None:
    """Whichever is first, and although no master was replaced."""
    story = cluster(failover=False)
    story.takes_along("redis-4")
    story.believe(shards=story.environment.shards[::-1])
    story.events = [event for event in story.events if event.label not in ("pfail", "fail", "owner")]
    assert judge(story.reading()).timeline.old_master == "redis-0"


def test_an_outage_is_limited_for_a_shard_that_lost_a_server_along_with_another(cluster: Any) -> None:
    story = cluster(max_outage_s=1.6, refused=range(60, 240))
    assert finding(judge(story.reading()), "availability.outage").verdict is Verdict.PASS
    story.takes_along("redis-4")
    story.restarted(4, since=480, until=1500)
    assert finding(judge(story.reading()), "availability.outage").verdict is Verdict.FAIL


def test_a_server_that_was_left_without_power_need_not_be_read(cluster: Any) -> None:
    story = cluster(heals=False)
    del story.finals["redis-4"]
    assert finding(judge(story.reading()), "assumptions.final_reads").verdict is Verdict.UNKNOWN
    story.takes_along("redis-4")
    assert finding(judge(story.reading()), "assumptions.final_reads").verdict is Verdict.PASS
