"""Causes of loss: each is named where all evidence agrees, and only there."""

from dataclasses import replace
from typing import Any

import pytest

from redis_resilience.judges import ledger
from redis_resilience.judges.judge import judge
from redis_resilience.judges.reading import read
from redis_resilience.model.events import Role
from redis_resilience.model.operations import Cause
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import Writes, headline


def ns(ms: int) -> int:
    return (5_000 + ms) * 1_000_000


def causes(story: Any) -> dict[str, int]:
    return judged(story).lost_by_cause


def judged(story: Any) -> Writes:
    return ledger.judge(story.reading()).measures


def test_what_the_old_master_acknowledged_last_is_the_async_tail(kill: Any) -> None:
    assert causes(kill(lost=(48, 49))) == {"async tail": 2}


def test_what_the_promoted_replica_had_received_cannot_be_the_tail(kill: Any) -> None:
    """Its offset was past the write before it was promoted: something else took that write away."""
    assert causes(kill(lost=(10, 49))) == {"async tail": 1, "unexplained": 1}


def test_what_another_than_the_promoted_master_acknowledged_is_split_brain(kill: Any) -> None:
    story = kill()
    story.write(1000, 1800, server=0, client=2)

    assert causes(story) == {"split brain": 1}


def test_an_acknowledgement_before_the_promotion_is_no_split_brain(kill: Any) -> None:
    story = kill()
    story.write(1000, 1700, server=0, client=2)

    assert causes(story) == {"async tail": 1}


def test_what_the_promoted_master_itself_lost_has_no_cause_here(kill: Any) -> None:
    assert causes(kill(lost=(300,))) == {"unexplained": 1}


@pytest.fixture
def restart(tell: Any) -> Any:
    """The master restarts at 500 without a failover; keys 0-49 were before, 60-99 after."""

    def story(kept: set[int]) -> Any:
        made = tell(max_lost=None, failover=False)
        made.fault(500)
        for key in range(50):
            made.write(key, key * 10)
        for key in range(60, 100):
            made.write(key, key * 10, connection=9)
        made.event(
            590, "server:redis-0", "server-up", since=589, server="redis-0", run_id="run-0b", address="10.0.0.0:6379"
        )
        made.event(601, "probe", "connected", connection=9, server="redis-0", run_id="run-0b", address="10.0.0.0:6379")
        made.event(1, "probe", "connected", connection=1, server="redis-0", run_id="run-0", address="10.0.0.0:6379")
        made.final(0, kept | set(range(60, 100)), role="master", run_id="run-0b")
        return made

    return story


def test_a_master_that_came_back_without_any_key_was_wiped(restart: Any) -> None:
    writes = judged(restart(set()))

    assert writes.lost_by_cause == {"wipe": 50}
    assert {lost.run_id for lost in writes.lost_writes} == {"run-0"}


def test_a_master_that_came_back_with_older_keys_had_not_persisted_the_newest(restart: Any) -> None:
    assert causes(restart(set(range(40)))) == {"not persisted": 10}


def test_a_hole_before_what_was_persisted_is_unexplained(restart: Any) -> None:
    assert causes(restart(set(range(50)) - {7})) == {"unexplained": 1}


def test_what_the_new_process_acknowledged_was_not_wiped_with_the_old(restart: Any) -> None:
    story = restart(set())
    story.final(0, set(range(61, 100)), role="master", run_id="run-0b")

    assert causes(story) == {"wipe": 50, "unexplained": 1}


def test_a_master_that_never_restarted_was_not_wiped(restart: Any) -> None:
    story = restart(set())
    story.final(0, set(range(60, 100)), role="master")

    assert causes(story) == {"unexplained": 50}


def test_after_a_failover_the_return_of_the_old_master_wipes_nothing(kill: Any) -> None:
    """The final master is another; that the old one came back empty cost nothing."""
    assert causes(kill(lost=tuple(range(45, 50)))) == {"async tail": 4, "unexplained": 1}


@pytest.fixture
def stray(kill: Any) -> Any:
    """redis-0 is recreated at 900 and takes keys 400 to 409; redis-1, promoted at 1760, followed it or did not."""

    def story(*, followed: bool) -> Any:
        made = kill(lost=tuple(range(400, 410)))
        address = "10.0.0.0:6379"
        made.event(900, "server:redis-0", "server-up", since=890, server="redis-0", run_id="run-0b", address=address)
        if not followed:
            made.samples = [each for each in made.samples if each[3] != 1 or not ns(890) <= each[0] < ns(1760)]
            for at in range(900, 1740, 20):
                made.sample(1, at, Role.REPLICA, offset=4700)
        for key in range(400, 410):
            made.write(key, key * 4 - 600, server=0, client=3, connection=9)
        return made

    return story


def test_what_a_master_made_anew_takes_that_nobody_follows_is_the_stray_s(stray: Any) -> None:
    assert causes(stray(followed=False)) == {"stale master": 10}


def test_where_the_promoted_one_was_linked_to_it_the_new_master_was_no_stray(stray: Any) -> None:
    assert "stale master" not in causes(stray(followed=True))


@pytest.mark.parametrize(("lost", "cause"), [(range(50), "wipe"), (range(40, 50), "not persisted")])
def test_what_the_promoted_server_copied_from_a_master_that_came_back_without_it(
    kill: Any, lost: range, cause: str
) -> None:
    """redis-0 is back at 900 with less than it had, redis-1 copies that, and is promoted at 1760."""
    story = kill(lost=tuple(lost))
    address = "10.0.0.0:6379"
    story.event(900, "server:redis-0", "server-up", since=890, server="redis-0", run_id="run-0b", address=address)

    assert causes(story) == {cause: len(lost)}


def test_without_a_copy_of_the_new_process_what_it_lacks_costs_nothing(kill: Any) -> None:
    """redis-1 waited for a copy until it was promoted, with what it had."""
    story = kill(lost=(48, 49))
    story.event(900, "server:redis-0", "server-up", since=890, server="redis-0", run_id="b", address="10.0.0.0:6379")
    story.samples = [each for each in story.samples if each[3] != 1 or not ns(890) <= each[0] < ns(1760)]
    for at in range(900, 1740, 20):
        story.sample(1, at, Role.REPLICA, offset=4700)

    assert causes(story) == {"async tail": 2}


def test_where_nobody_looked_at_the_promoted_one_nothing_is_said_of_a_stray(stray: Any) -> None:
    story = stray(followed=False)
    story.samples = [each for each in story.samples if each[3] != 1 or not ns(890) <= each[0] < ns(1760)]

    assert "stale master" not in causes(story)


@pytest.mark.parametrize(("linked", "sampled"), [(False, True), (True, True), (False, False)])
def test_what_a_promoted_server_lacks_that_was_not_in_sync_is_lost_by_that(
    kill: Any, linked: Any, sampled: Any
) -> None:
    """redis-1 restarts empty at 300 and waits for its copy; keys from before and after that are gone with redis-0."""
    story = kill(lost=(10, 20, 49), max_lost=None)
    story.event(300, "server:redis-1", "server-up", since=290, server="redis-1", run_id="b", address="10.0.0.1:6379")
    story.samples = [row for row in story.samples if row[3] != 1 or not ns(250) <= row[0] < ns(1760)]
    for at in range(310, 1740, 20) if sampled else ():
        story.sample(1, at, Role.REPLICA, offset=0, source=0 if linked and at < 420 else NO_SERVER)

    found = causes(story)
    assert found == {"promoted out of sync": 3} if sampled and not linked else "promoted out of sync" not in found


@pytest.mark.parametrize(("lost", "verdict"), [((49,), "pass"), ((10, 49), "unknown")])
def test_a_loss_that_nothing_explains_is_no_pass_where_any_loss_is_allowed(kill: Any, lost: Any, verdict: str) -> None:
    judgement = judge(kill(lost=lost, max_lost=None).history())

    found = {finding.name: finding for finding in judgement.findings}
    assert (judgement.verdict, found["ledger.lost"].verdict) == (verdict, verdict)
    assert found["ledger.lost"].text.endswith("; the scenario allows it") is (verdict == "pass")


@pytest.mark.parametrize(
    ("lost", "allowed", "text"),
    [
        ((), 0, "PASS"),
        ((49,), None, "PASS: loss allowed by the scenario, 1 acknowledged write lost"),
        ((48, 49), 2, "PASS: loss allowed by the scenario, 2 acknowledged writes lost"),
        ((49,), 0, "FAIL"),
    ],
)
def test_a_pass_with_losses_says_so_in_its_headline(kill: Any, lost: Any, allowed: int | None, text: str) -> None:
    assert headline(judge(kill(lost=lost, max_lost=allowed).history())) == text


def test_an_earlier_state_that_a_server_was_promoted_with_explains_no_write_after_it(kill: Any) -> None:
    """What the new master itself took and lost is another matter."""
    story = kill(lost=(10, 300), max_lost=None)
    story.event(300, "server:redis-1", "server-up", since=290, server="redis-1", run_id="b", address="10.0.0.1:6379")
    story.samples = [row for row in story.samples if row[3] != 1 or not ns(250) <= row[0] < ns(1760)]
    for at in range(310, 1740, 20):
        story.sample(1, at, Role.REPLICA, offset=0)

    assert causes(story) == {"promoted out of sync": 1, "unexplained": 1}


def test_a_promoted_master_that_was_wiped_later_took_everything_along(kill: Any) -> None:
    story = kill()
    story.event(3350, "server:redis-1", "server-up", server="redis-1", run_id="run-1b", address="10.0.0.1:6379")
    for server, role in ((0, "replica"), (1, "master"), (2, "replica")):
        story.final(server, range(340, 350), role=role, run_id="run-1b" if server == 1 else None)

    assert causes(story) == {"unexplained": 5, "wipe": 183}


def test_a_sample_beyond_a_restart_says_nothing_of_the_writes_before_it(kill: Any) -> None:
    """redis-0 comes back as a replica with a high offset: that is not where the lost write stood."""
    lost = judged(kill(lost=(49,))).lost_writes[0]

    assert lost.offset_after == -1


def test_offsets_are_those_of_the_samples_around_the_write(tell: Any) -> None:
    story = tell(max_lost=None)
    for at, offset in ((0, 10), (20, 30), (40, 50)):
        story.sample(0, at, Role.MASTER, offset=offset)
    story.write(1, 25)
    story.final(0, (), role="master")

    (lost,) = judged(story).lost_writes
    assert (lost.offset_before, lost.offset_after) == (30, 50)


def test_without_samples_offsets_are_not_known_and_the_tail_is_still_the_tail(kill: Any) -> None:
    story = kill(lost=(3,))
    history = story.reading()
    writes = ledger.judge(read(replace(history, samples=history.samples[:0]))).measures

    assert (writes.lost_writes[0].offset_before, writes.lost_writes[0].offset_after) == (-1, -1)
    assert writes.lost_by_cause == {"async tail": 1}


def test_after_two_failovers_each_tail_belongs_to_its_own_promotion(kill: Any) -> None:
    story = kill(lost=(49, 349), max_lost=None)
    story.write(400, 3600, server=2, client=2)
    for number, name in enumerate(("redis-0", "redis-1", "redis-2")):
        story.switch(3560 + number, name, old=1, new=2)
    story.samples = [sample for sample in story.samples if sample[3] != 2 or sample[0] < ns(3480)]
    story.sample(2, 3485, Role.REPLICA, offset=34850, source=1)
    story.sample(2, 3550, Role.MASTER, offset=34850)
    keys = [*range(49), *range(202, 349), 400]
    story.final(1, keys)
    story.final(2, keys, role="master")

    assert causes(story) == {"async tail": 2}


def test_recovered_writes_have_no_cause(kill: Any) -> None:
    story = kill()
    story.write(900, 480, cause=Cause.CLOSED)

    assert causes(story) == {}
