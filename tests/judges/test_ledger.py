"""The ledger: every write counted once, every lost one by name, and the sums agree."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_resilience.judges import ledger
from redis_resilience.judges.reading import read
from redis_resilience.model.operations import Cause, key_text
from redis_resilience.model.verdict import NAMED, Finding, Verdict, Writes

OUTCOMES = st.sampled_from([Cause.NONE, Cause.CLOSED, Cause.TIMEOUT, Cause.READONLY, Cause.WAITING])


def judged(history: Any) -> tuple[Writes, tuple[Finding, ...]]:
    answer = ledger.judge(read(history))
    return answer.measures, answer.findings


def small(tell: Any, causes: list[Cause], present: set[int], *, replicas: tuple[set[int], ...] = ()) -> Any:
    """A story without a fault: operations in order of their keys, `present` on the master."""
    story = tell(max_lost=None)
    for key, cause in enumerate(causes):
        story.write(key, key * 10, cause=cause)
    story.final(0, present, role="master")
    for server, keys in enumerate(replicas, start=1):
        story.final(server, keys)
    return story


def finding(findings: Any, name: str) -> Any:
    return next(found for found in findings if found.name == name)


def test_an_acknowledged_write_that_the_final_master_does_not_hold_is_lost(tell: Any) -> None:
    writes, _ = judged(small(tell, [Cause.NONE] * 3, {0, 2}).reading())

    assert (writes.acknowledged, writes.lost) == (3, 1)
    assert [lost.key for lost in writes.lost_writes] == [key_text("t1", 1)]


def test_an_unanswered_write_that_is_there_is_recovered_and_one_that_is_not_is_legal(tell: Any) -> None:
    writes, findings = judged(small(tell, [Cause.CLOSED, Cause.TIMEOUT], {1}).reading())

    assert (writes.info, writes.recovered, writes.lost, writes.unexpected) == (2, 1, 0, 0)
    assert finding(findings, "ledger.unexpected").verdict is Verdict.PASS


def test_a_write_that_certainly_failed_and_is_there_is_unexpected(tell: Any) -> None:
    writes, findings = judged(small(tell, [Cause.NONE, Cause.READONLY], {0, 1}).reading())

    assert writes.unexpected == 1
    assert writes.unexpected_keys == (key_text("t1", 1),)
    assert finding(findings, "ledger.unexpected").verdict is Verdict.FAIL


def test_a_key_that_nobody_issued_is_unexpected(tell: Any) -> None:
    writes, _ = judged(small(tell, [Cause.NONE], {0, 9}).reading())

    assert writes.unexpected_keys == (key_text("t1", 9),)


def test_an_acknowledged_key_with_a_foreign_value_is_lost_and_unexpected(tell: Any) -> None:
    story = small(tell, [Cause.NONE] * 2, set())
    story.final(0, {0}, role="master", wrong=(key_text("t1", 1),))

    writes, findings = judged(story.reading())

    assert (writes.lost, writes.unexpected) == (1, 1)
    assert finding(findings, "ledger.reconciles").verdict is Verdict.PASS


def test_a_lost_write_tells_who_acknowledged_it_and_where_it_is_absent(kill: Any) -> None:
    writes, _ = judged(kill(lost=(48,)).reading())

    (lost,) = writes.lost_writes
    assert (lost.server, lost.run_id) == ("redis-0", "run-0")
    assert lost.absent_on == ("redis-0", "redis-1", "redis-2")
    assert (lost.offset_before, lost.offset_after) == (4600, -1)
    assert (lost.return_ns - lost.call_ns) == 1_000_000


def test_a_key_missing_on_three_servers_is_lost_once(kill: Any) -> None:
    writes, _ = judged(kill(lost=(48, 49)).reading())

    assert writes.lost == 2
    assert writes.absent_by_server == {"redis-0": 2, "redis-1": 2, "redis-2": 2}
    assert writes.lost_seconds == 0.01


def test_what_only_a_replica_lacks_has_diverged_and_is_not_lost(tell: Any) -> None:
    writes, findings = judged(small(tell, [Cause.NONE] * 3, {0, 1, 2}, replicas=({0, 1}, {0, 1, 2})).reading())

    assert (writes.lost, writes.diverged) == (0, 1)
    assert writes.absent_by_server == {"redis-0": 0, "redis-1": 1, "redis-2": 0}
    assert finding(findings, "ledger.diverged").verdict is Verdict.FAIL


def test_what_only_a_replica_holds_has_diverged_too(tell: Any) -> None:
    writes, _ = judged(small(tell, [Cause.NONE, Cause.CLOSED], {0}, replicas=({0, 1}, {0, 1})).reading())

    assert (writes.diverged, writes.recovered) == (1, 0)


def test_the_expectation_decides_whether_loss_fails(kill: Any) -> None:
    verdicts = [
        finding(judged(kill(lost=(48, 49), max_lost=allowed).reading())[1], "ledger.lost").verdict
        for allowed in (0, 1, 2, None)
    ]

    assert verdicts == [Verdict.FAIL, Verdict.FAIL, Verdict.PASS, Verdict.PASS]


def test_the_loss_finding_says_how_many_why_and_which_first(kill: Any) -> None:
    _, findings = judged(kill(lost=(48, 49)).reading())

    assert finding(findings, "ledger.lost").text == (
        "expected no loss; 2 of 198 acknowledged writes are not on redis-1 (2 async tail; first rr:t1:000000000048)"
    )


def test_without_a_master_at_the_end_nothing_is_known_of_loss(tell: Any) -> None:
    story = tell()
    story.write(0, 0)
    story.final(0, (), role="replica")
    story.final(1, (), role="replica")

    writes, (only,) = judged(story.reading())

    assert (only.name, only.verdict) == ("ledger.lost", Verdict.UNKNOWN)
    assert (writes.acknowledged, writes.final_master) == (1, "")
    assert "redis-0: replica, redis-1: replica" in only.text


def test_of_two_masters_at_the_end_the_one_that_the_sentinels_named_counts(kill: Any) -> None:
    """A stale second master keeps its own writes; clients that ask a Sentinel do not find them."""
    story = kill()
    story.final(0, range(400), role="master", run_id="run-0b")

    writes, _ = judged(story.reading())

    assert writes.final_master == "redis-1"
    assert writes.lost == 0


def test_two_masters_that_no_sentinel_named_are_no_master(kill: Any) -> None:
    story = kill()
    story.final(1, range(50), role="replica")
    story.final(0, range(50), role="master", run_id="run-0b")
    story.final(2, range(50), role="master")

    writes, (only,) = judged(story.reading())

    assert (only.verdict, writes.final_master) == (Verdict.UNKNOWN, "")


def test_more_keys_read_than_dbsize_counts_do_not_reconcile(tell: Any) -> None:
    story = small(tell, [Cause.NONE] * 2, set())
    story.final(0, {0, 1}, role="master", dbsize=1)

    assert finding(judged(story.reading())[1], "ledger.reconciles").verdict is Verdict.UNKNOWN


def test_a_key_read_twice_does_not_reconcile(tell: Any) -> None:
    story = small(tell, [Cause.NONE] * 2, set())
    story.final(0, [0, 1, 1], role="master", dbsize=3)

    assert finding(judged(story.reading())[1], "ledger.reconciles").verdict is Verdict.UNKNOWN


def test_a_loss_that_nothing_explains_is_no_pass_though_any_is_allowed(kill: Any) -> None:
    for lost, verdict in (((49,), Verdict.PASS), ((3, 49), Verdict.UNKNOWN)):
        writes, findings = judged(kill(lost=lost, max_lost=None).reading())

        assert writes.lost == len(lost)
        assert finding(findings, "ledger.lost").verdict is verdict
    assert "1 unexplained" in finding(findings, "ledger.lost").text


def test_names_stop_at_the_limit_and_counts_do_not(tell: Any) -> None:
    count = NAMED + 5
    writes, _ = judged(small(tell, [Cause.NONE] * count, set()).reading())

    assert (writes.lost, len(writes.lost_writes)) == (count, NAMED)
    assert writes.lost_by_cause == {"unexplained": count}


def test_key_numbers_may_be_far_apart(tell: Any) -> None:
    """A bitmap over 2^60 keys would not fit anywhere."""
    story = tell(max_lost=None)
    far = 2**60
    for number, key in enumerate((3, far, far + 1)):
        story.write(key, number * 10)
    story.final(0, {3, far + 1, far + 7}, role="master")

    writes, _ = judged(story.reading())

    assert [lost.key for lost in writes.lost_writes] == [key_text("t1", far)]
    assert writes.unexpected_keys == (key_text("t1", far + 7),)


def test_a_trial_without_a_single_operation_has_nothing_lost(tell: Any) -> None:
    writes, _ = judged(small(tell, [], set()).reading())

    assert (writes.planned, writes.acknowledged, writes.lost) == (0, 0, 0)


@given(st.lists(OUTCOMES, max_size=40), st.sets(st.integers(0, 45)))
def test_counts_agree_with_plain_sets(tell: Any, causes: list[Cause], present: set[int]) -> None:
    writes, findings = judged(small(tell, causes, present).reading())

    acknowledged = {key for key, cause in enumerate(causes) if cause is Cause.NONE}
    info = {key for key, cause in enumerate(causes) if cause >= Cause.TIMEOUT}
    assert writes.acknowledged == len(acknowledged)
    assert [lost.key for lost in writes.lost_writes] == [key_text("t1", key) for key in sorted(acknowledged - present)]
    assert writes.recovered == len(info & present)
    assert writes.unexpected == len(present - acknowledged - info)
    assert writes.acknowledged + writes.failed + writes.info == writes.planned == len(causes)
    assert sum(writes.causes.values()) == writes.failed + writes.info
    assert finding(findings, "ledger.reconciles").verdict is Verdict.PASS


@given(st.lists(OUTCOMES, max_size=30), st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_adding_a_replica_changes_nothing_of_what_is_lost(
    tell: Any, causes: list[Cause], present: set[int], replica: set[int]
) -> None:
    alone, _ = judged(small(tell, causes, present).reading())
    beside, _ = judged(small(tell, causes, present, replicas=(replica,)).reading())

    assert [lost.key for lost in alone.lost_writes] == [lost.key for lost in beside.lost_writes]
    assert (alone.lost, alone.recovered, alone.unexpected) == (beside.lost, beside.recovered, beside.unexpected)
    assert beside.diverged == len(present ^ replica)


@given(st.integers(1, 60), st.data())
def test_a_write_dropped_from_the_final_master_is_named_exactly(tell: Any, count: int, data: st.DataObject) -> None:
    dropped = data.draw(st.integers(0, count - 1))
    writes, _ = judged(small(tell, [Cause.NONE] * count, set(range(count)) - {dropped}).reading())

    assert [lost.key for lost in writes.lost_writes] == [key_text("t1", dropped)]


@settings(max_examples=20)  # each moves every record
@given(st.randoms(use_true_random=False), st.sets(st.integers(0, 49)))
def test_the_order_of_the_records_changes_nothing(kill: Any, random: Any, lost: set[int]) -> None:
    history = kill(lost=tuple(lost)).reading()
    order = list(range(len(history.operations)))
    random.shuffle(order)
    shuffled = kill(lost=tuple(lost)).reading(operations=history.operations[np.array(order)])

    assert judged(shuffled) == judged(history)


def test_what_diverged_is_named_with_the_server_that_lacks_it(tell: Any) -> None:
    _, findings = judged(small(tell, [Cause.NONE] * 3, {0, 1, 2}, replicas=({0, 1}, {0, 1, 2, 7})).reading())

    assert finding(findings, "ledger.diverged").text == (
        "expected no keys that differ between the final master and a replica; got 2 on redis-0; "
        "redis-1 lacks 1, first rr:t1:000000000002; redis-2 alone holds 1, first rr:t1:000000000007"
    )


def test_a_replica_that_is_left_without_its_master_need_not_catch_up(tell: Any) -> None:
    """Nothing serves at the end of such a trial; the keys are counted and named all the same."""
    story = small(tell, [Cause.NONE] * 3, {0, 1, 2}, replicas=({0, 1}, {0, 1, 2}))
    story.expect(heals=False)
    writes, findings = judged(story.reading())

    diverged = finding(findings, "ledger.diverged")
    assert (writes.diverged, diverged.verdict) == (1, Verdict.PASS)
    assert diverged.text.endswith(
        "redis-1 lacks 1, first rr:t1:000000000002; not judged: the scenario does not expect full redundancy at the end"
    )
