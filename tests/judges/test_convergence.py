"""Redundancy restored at the end, and never two masters that accept writes."""

from dataclasses import replace
from typing import Any

import pytest

from redis_resilience.judges import convergence
from redis_resilience.model.events import Role
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import Finding, Verdict


def findings(story: Any) -> dict[str, Finding]:
    return {found.name: found for found in convergence.judge(story.reading()).findings}


def test_a_clean_failover_converges(kill: Any) -> None:
    found = findings(kill())

    assert list(found) == [
        "convergence.one_master",
        "convergence.final_master",
        "convergence.sentinels_agree",
        "convergence.in_time",
        "convergence.redundant",
    ]
    assert {finding.verdict for finding in found.values()} == {Verdict.PASS}
    assert found["convergence.redundant"].text.endswith("redundancy restored 2.904 s after the fault (+/- 21 ms)")


def test_a_write_that_the_old_master_takes_after_the_promotion_fails(kill: Any) -> None:
    story = kill()
    story.write(900, 1800, server=0)
    story.write(901, 1900, server=0)

    found = findings(story)["convergence.one_master"]

    assert found.verdict is Verdict.FAIL
    assert "2 writes acknowledged by redis-0 within 101 ms while another server was master" in found.text


def test_a_write_sent_before_the_promotion_and_answered_after_it_proves_nothing(kill: Any) -> None:
    story = kill()
    story.write(900, 1700, server=0, took=500)

    assert findings(story)["convergence.one_master"].verdict is Verdict.PASS


def test_two_masters_that_nobody_wrote_to_are_told_and_pass(kill: Any) -> None:
    story = kill()
    for at in (3305, 3325, 3345):
        story.sample(0, at, Role.MASTER, offset=1)
    story.samples = [s for s in story.samples if s[3] != 0 or s[5] != Role.REPLICA]

    found = findings(story)["convergence.one_master"]

    assert found.verdict is Verdict.PASS
    assert "redis-0 and redis-1 both reported master for 39 ms or more" in found.text


def test_one_word_of_a_master_is_no_window(kill: Any) -> None:
    """A single sample shows one moment within it: not long enough to overlap with anything."""
    story = kill()
    story.sample(0, 3290, Role.MASTER, offset=1)

    assert "at most one server reported master" in findings(story)["convergence.one_master"].text


def test_two_masters_at_the_end_fail(kill: Any) -> None:
    story = kill()
    story.final(0, range(50), role="master")

    found = findings(story)

    assert found["convergence.final_master"].verdict is Verdict.FAIL
    assert found["convergence.final_master"].text == (
        "expected one master and 2 replicas at the end; got redis-0: master, redis-1: master, redis-2: replica; "
        "redis-0 is a second master without replicas; the current master is redis-1"
    )


def test_a_second_master_is_reported_with_its_replicas(kill: Any) -> None:
    story = kill()
    story.final(0, range(50), role="master")
    story.sample(2, 3990, Role.REPLICA, source=0, offset=1)

    assert (
        "redis-0 is a second master followed by redis-2; the current master is redis-1"
        in findings(story)["convergence.final_master"].text
    )


def test_masters_of_whom_none_was_promoted_are_not_called_second_masters(kill: Any) -> None:
    story = kill()
    story.final(0, range(50), role="master")
    story.final(1, range(50), role="replica")
    story.final(2, range(50), role="master")

    assert "second master" not in findings(story)["convergence.final_master"].text


def test_a_server_that_is_missing_at_the_end_fails(kill: Any) -> None:
    story = kill()
    del story.finals["redis-0"]

    assert findings(story)["convergence.final_master"].verdict is Verdict.FAIL


def test_a_sentinel_that_never_switched_disagrees(kill: Any) -> None:
    story = kill()
    story.events = [event for event in story.events if not event.source.endswith(":redis-1")]

    found = findings(story)["convergence.sentinels_agree"]

    assert found.verdict is Verdict.FAIL
    assert found.text == "expected every Sentinel to name redis-1 at the end; got redis-1: redis-0"


@pytest.mark.parametrize(("named", "verdict"), [("10.0.0.1:6379", Verdict.PASS), ("10.0.0.0:6379", Verdict.FAIL)])
def test_a_sentinel_that_is_asked_at_the_end_need_not_have_announced_anything(
    kill: Any, named: str, verdict: Verdict
) -> None:
    """It was recreated, and began with the promoted master; or with the old one."""
    story = kill()
    story.events = [event for event in story.events if not event.source.endswith(":redis-0")]
    story.asked(redis_0=named)

    assert findings(story)["convergence.sentinels_agree"].verdict is verdict


def test_one_that_began_anew_and_was_not_asked_is_left_out(kill: Any) -> None:
    """Of a trial that broke off before: which master it began with is not known."""
    story = kill()
    story.events = [event for event in story.events if not event.source.endswith(":redis-0")]
    for at, run_id in ((10, "sentinel-0"), (3310, "sentinel-0b")):
        story.event(at, "sentinel:redis-0", "sentinel-up", sentinel="redis-0", run_id=run_id)
    assert findings(story)["convergence.sentinels_agree"].text.endswith("all 2 did")

    story.event(3590, "harness", "named", address="10.0.0.0:6379", sentinel="redis-0")
    assert findings(story)["convergence.sentinels_agree"].verdict is Verdict.FAIL


def test_its_answer_counts_for_more_than_what_it_announced(kill: Any) -> None:
    story = kill()
    story.asked(redis_1="10.0.0.2:6379")

    found = findings(story)["convergence.sentinels_agree"]

    assert found.verdict is Verdict.FAIL
    assert found.text == "expected every Sentinel to name redis-1 at the end; got redis-1: redis-2"


def test_a_replica_that_went_by_no_fault_of_the_plan_is_named_and_is_no_failure(kill: Any) -> None:
    story = kill()
    story.silence(1, 2300)
    assert findings(story)["convergence.redundant"].verdict is Verdict.UNKNOWN
    assert "redis-1 did not answer at the end, and no fault had hit it" in findings(story)["convergence.redundant"].text

    story.fault(2290, pod="redis-1", number=1)
    assert findings(story)["convergence.redundant"].verdict is Verdict.FAIL


def test_a_replica_without_its_link_is_not_redundant(kill: Any) -> None:
    story = kill()
    story.sample(2, 3590, Role.REPLICA, offset=1)

    assert findings(story)["convergence.redundant"].verdict is Verdict.FAIL


def test_what_need_not_heal_is_not_asked_to_be_whole(kill: Any) -> None:
    assert list(findings(kill(heals=False))) == ["convergence.one_master"]


def test_a_write_acknowledged_by_an_address_that_nobody_knows_is_no_evidence(kill: Any) -> None:
    """A pod that came back elsewhere, before the watchers learned of it."""
    story = kill()
    story.write(900, 2500, server=NO_SERVER)

    assert findings(story)["convergence.one_master"].verdict is Verdict.PASS


def two_masters(kill: Any, *, seconds: float) -> Any:
    story = kill(two_masters_s=seconds)
    story.write(900, 1800, server=0)
    story.write(901, 1900, server=0)
    return findings(story)["convergence.two_masters"]


def test_two_masters_that_the_scenario_expects_pass_and_are_told(kill: Any) -> None:
    found = two_masters(kill, seconds=1)

    assert found.verdict is Verdict.PASS
    assert found.text == (
        "expected two masters to accept writes at once, for 1 s or less; redis-0 acknowledged 2 beside another master, "
        "over 101 ms; at most one server reported master at any time"
    )


def test_two_masters_for_longer_than_expected_fail(kill: Any) -> None:
    assert two_masters(kill, seconds=0.1).verdict is Verdict.FAIL


def test_two_masters_that_were_expected_and_did_not_come_fail(kill: Any) -> None:
    """A scenario that claims damage which does not happen has not broken what it meant to break."""
    found = findings(kill(two_masters_s=10))["convergence.two_masters"]

    assert found.verdict is Verdict.FAIL
    assert "none accepted a write beside the other" in found.text


def test_a_sentinel_that_nobody_made_anew_need_not_agree_and_is_told(kill: Any) -> None:
    """Document 002's bootstrap pod is replaced by a server alone."""
    story = kill()
    story.events = [event for event in story.events if not event.source.endswith(":redis-1")]
    story.event(3000, "harness", "heal-end", pod="redis-1", unreplaced=("redis-1/sentinel",))

    found = findings(story)["convergence.sentinels_agree"]

    assert found.verdict is Verdict.PASS
    assert found.text == (
        "expected every Sentinel to name redis-1 at the end; all 2 did; "
        "the Sentinel of redis-1 was deleted with its pod, and none was created in its place"
    )


def moved(story: Any, server: str, address: str) -> Any:
    """Its pod was recreated elsewhere, and a watcher met it there."""
    story.event(3400, f"server:{server}", "server-up", since=3390, server=server, address=address, run_id="anew")
    return findings(story)["convergence.sentinels_agree"]


def test_sentinels_that_name_an_address_where_the_master_is_no_longer_disagree(kill: Any) -> None:
    """Seen on Kubernetes: the pod was back under its name, and no server was where clients were sent to."""
    story = kill()
    story.events = [event for event in story.events if event.label != "+switch-master"]
    story.final(0, range(50), role="master", run_id="anew")
    story.final(1, range(50))

    found = moved(story, "redis-0", "10.0.0.9:6379")

    gone = "10.0.0.0:6379, where redis-0 no longer is"
    assert found.verdict is Verdict.FAIL
    assert found.text == (
        f"expected every Sentinel to name redis-0 at the end; got redis-0: {gone}, redis-1: {gone}, redis-2: {gone}"
    )


def test_a_promoted_master_that_went_elsewhere_is_not_where_it_was_announced(kill: Any) -> None:
    assert moved(kill(), "redis-1", "10.0.0.9:6379").verdict is Verdict.FAIL


def test_one_that_follows_its_name_there_agrees(kill: Any) -> None:
    """It resolves names and reports addresses: nothing was announced, but it sends clients to the master."""
    story = kill()
    for sentinel in range(3):
        story.event(3590, "harness", "named", address="10.0.0.9:6379", sentinel=f"redis-{sentinel}")

    assert moved(story, "redis-1", "10.0.0.9:6379").verdict is Verdict.PASS


def test_who_else_went_elsewhere_is_nothing_to_disagree_about(kill: Any) -> None:
    assert moved(kill(), "redis-2", "10.0.0.9:6379").verdict is Verdict.PASS


def test_an_address_that_another_server_has_now_is_that_servers(kill: Any) -> None:
    """A cluster gives addresses again: that of the old master, which has another now, went to redis-2."""
    story = kill()
    story.events = [event for event in story.events if event.label != "+switch-master"]
    story.final(0, range(50), role="master", run_id="anew")
    story.final(1, range(50))
    moved(story, "redis-0", "10.0.0.9:6379")

    found = moved(story, "redis-2", "10.0.0.0:6379")

    assert found.verdict is Verdict.FAIL
    assert found.text.endswith("got redis-0: redis-2, redis-1: redis-2, redis-2: redis-2")


@pytest.mark.parametrize("place", ["redis-0.redis:6379", "192.168.0.1:30000"])
def test_a_name_stays_and_an_address_that_no_watcher_knows_is_believed(kill: Any, place: str) -> None:
    """Sentinels that announce names, and servers that are reached through another address than they announce."""
    story = kill()
    story.believe(sentinels=tuple(replace(view, master_address=place) for view in story.environment.sentinels))
    story.events = [event for event in story.events if event.label != "+switch-master"]
    story.final(0, range(50), role="master", run_id="anew")
    story.final(1, range(50))

    assert moved(story, "redis-0", "10.0.0.9:6379").verdict is Verdict.PASS


def test_a_sentinel_that_did_not_answer_at_the_end_does_not_agree(kill: Any) -> None:
    """The master it named before the fault says nothing about the one that it names now."""
    story = kill()
    story.asked()
    story.events = [
        event for event in story.events if (event.label, getattr(event, "sentinel", "")) != ("named", "redis-2")
    ]

    found = findings(story)["convergence.sentinels_agree"]

    assert found.verdict is Verdict.UNKNOWN
    assert found.text == (
        "expected every Sentinel to name redis-1 at the end; all 2 that answered did; no answer from redis-2"
    )


def test_what_the_harness_waited_for_in_vain_after_the_heal_is_judged(kill: Any) -> None:
    story = kill()
    story.event(3550, "harness", "wait-timeout", reason="waited 30 s for equal replication offsets")

    found = findings(story)["convergence.in_time"]

    assert (found.verdict, found.text) == (
        Verdict.UNKNOWN,
        "expected the deployment to settle after the heal; waited 30 s for equal replication offsets",
    )
