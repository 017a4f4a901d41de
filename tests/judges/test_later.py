"""A later loss of the current master is followed by another master, or by its own return, or is unknown."""

from typing import Any

import pytest
from msgspec import structs

from redis_resilience.judges import later
from redis_resilience.model.environment import Prediction
from redis_resilience.model.events import FaultEffect, Role
from redis_resilience.model.verdict import Finding, Verdict
from tests.judges.conftest import ns


def judged(story: Any) -> tuple[Finding, ...]:
    return later.judge(story.reading()).findings


def lost_again(kill: Any, *, pod: str = "redis-1") -> Any:
    """redis-1 is master from 1760 on; at 3500 the next fault hits; the heal phase begins at 6000."""
    story = kill()
    story.events = [event for event in story.events if event.label != "phase" or event.name != "heal"]
    story.fault(3500, pod=pod, number=1)
    lost_ns = story.events[-1].at_ns
    story.samples = [row for row in story.samples if row[3] != 1 or row[0] < lost_ns]
    story.phase(6000, "heal")
    return story


def test_one_loss_is_no_later_one(kill: Any) -> None:
    assert judged(kill()) == ()


def test_a_later_fault_on_another_server_is_no_loss_of_the_master(kill: Any) -> None:
    assert judged(lost_again(kill, pod="redis-2")) == ()
    assert judged(lost_again(kill, pod="redis-0")) == (), "it is master no more"


def test_a_later_loss_is_followed_by_another_master(kill: Any) -> None:
    story = lost_again(kill)
    for name in ("redis-0", "redis-1", "redis-2"):
        story.switch(5000, name, old=1, new=2)

    (found,) = judged(story)
    assert (found.name, found.verdict) == ("failover.later", Verdict.PASS)
    assert found.text.endswith("redis-1 was replaced by redis-2 after 1500 ms")


def test_a_master_that_is_replaced_while_it_still_ends_was_not_replaced_after_a_negative_time(kill: Any) -> None:
    """A server that is stopped waits for its replicas, up to 10 s, and answers nothing meanwhile."""
    story = lost_again(kill)
    story.events = [
        structs.replace(event, at_ns=ns(5500)) if isinstance(event, FaultEffect) and event.fault == 1 else event
        for event in story.events
    ]
    story.switch(5000, "redis-0", old=1, new=2)

    (found,) = judged(story)
    assert found.verdict is Verdict.PASS
    assert found.text.endswith("redis-1 was replaced by redis-2 before the fault had taken full effect")


def test_a_later_loss_that_nobody_followed_is_unknown(kill: Any) -> None:
    (found,) = judged(lost_again(kill))

    assert found.verdict is Verdict.UNKNOWN
    assert found.text.endswith("redis-1 was lost, and none took over in the 2.5 s observed")


@pytest.mark.parametrize(
    ("predicted", "heal", "verdict"),
    [(False, 7600, Verdict.PASS), (False, 7400, Verdict.UNKNOWN), (None, 7600, Verdict.UNKNOWN)],
)
def test_a_later_loss_that_nobody_could_follow_is_known_once_it_was_observed(
    kill: Any, predicted: Any, heal: int, verdict: Verdict
) -> None:
    """With replica-priority 0 everywhere: D is 1000 ms, and 3000 ms more are enough to see that none takes over."""
    story = kill(failover=False)
    story.events = [
        event
        for event in story.events
        if event.label not in ("+switch-master", "heal-begin", "heal-end")
        and not (event.label == "phase" and event.name == "heal")
    ]
    story.believe(prediction=Prediction(failover=predicted, because="replica-priority is 0 on every replica"))
    story.samples = [row for row in story.samples if row[3] != 0]
    story.fault(3500, pod="redis-0", number=1)
    story.phase(heal, "heal")

    (found,) = judged(story)
    assert found.verdict is verdict, found.text
    assert ("as predicted" in found.text) is (verdict is Verdict.PASS)


@pytest.mark.parametrize(("healed", "verdict"), [(5999, Verdict.PASS), (6001, Verdict.UNKNOWN)])
def test_one_that_was_healed_while_it_was_observed_may_be_back(kill: Any, healed: float, verdict: Verdict) -> None:
    story = lost_again(kill)
    story.event(healed, "harness", "heal-end", fault=1, fault_kind="kill", pod="redis-1", container="redis", proof="")

    assert judged(story)[0].verdict is verdict


def test_one_that_came_back_by_itself_is_seen_to_be_master_again(kill: Any) -> None:
    story = lost_again(kill)
    story.sample(1, 3520, Role.UNREACHABLE)
    assert judged(story)[0].verdict is Verdict.UNKNOWN

    story.sample(1, 4000, Role.MASTER)
    assert judged(story)[0].text.endswith("redis-1 was not replaced, and was back 501 ms later")
