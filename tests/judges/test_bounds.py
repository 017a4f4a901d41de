"""Phases beside their bounds: inside where the error bar reaches, else a named cause, else "unexplained"."""

from dataclasses import replace
from typing import Any

import pytest

from redis_resilience.judges import bounds
from redis_resilience.model.environment import Bound, Prediction
from redis_resilience.model.events import Role
from redis_resilience.model.faults import Kill
from redis_resilience.model.operations import Cause
from redis_resilience.model.plan import Scheduled
from redis_resilience.model.verdict import Finding, PhaseCheck, Verdict
from tests.judges.conftest import BOUNDS

MASTER = "master mymaster 10.0.0.0 6379"


def judged(story: Any) -> tuple[tuple[PhaseCheck, ...], dict[str, Finding]]:
    answer = bounds.judge(story.reading())
    return answer.measures, {found.name: found for found in answer.findings}


def with_bound(
    story: Any, lower_ms: float, upper_ms: float, *, name: str = "elected_at", origin: str = "odown_at"
) -> Any:
    """One bound; the election of the story took 60 ms, exactly."""
    bound = Bound(name=name, origin=origin, lower_ms=lower_ms, upper_ms=upper_ms, because="it is so")
    told = Prediction(failover=True, because="the master stays away", bounds=(bound,), retry_ms=20000)
    story.believe(prediction=told)
    return story


@pytest.mark.parametrize(
    ("lower_ms", "upper_ms", "inside"), [(0, 100, True), (60, 60, True), (0, 59.9, False), (60.1, 100, False)]
)
def test_a_phase_is_inside_up_to_the_edges(kill: Any, lower_ms: float, upper_ms: float, inside: Any) -> None:
    ((check,), _) = judged(with_bound(kill(), lower_ms, upper_ms))

    assert (check.measured_ms, check.inside) == (60.0, inside)
    assert check.cause == ("" if inside else "unexplained")


@pytest.mark.parametrize(("upper_ms", "inside"), [(1009, False), (1010, True)])
def test_the_error_bar_counts_for_the_configuration(kill: Any, upper_ms: float, inside: Any) -> None:
    """Fault known to 1 ms (499 to 500), +sdown heard at 1510: at least 1010 ms."""
    ((check,), _) = judged(with_bound(kill(), 0, upper_ms, name="sdown_at", origin="fault_at"))

    assert (check.inside, check.measured_ms, check.error_ms) == (inside, 1010.0, 1.0)


def test_outside_without_a_cause_is_unknown_and_told(kill: Any) -> None:
    _, found = judged(with_bound(kill(), 0, 50))

    assert found["bounds.explained"].verdict is Verdict.UNKNOWN
    assert "elected_at 0 to 50 ms after odown_at: 60 ms (unexplained)" in found["bounds.explained"].text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("-failover-abort-not-elected", "split vote"),
        ("-failover-abort-no-good-slave", "no suitable replica"),
        ("-failover-abort-slave-timeout", "did not become master in time"),
        ("+tilt", "TILT"),
        ("-slave-reconf-sent-timeout", "waited for a replica"),
        ("+failover-end-for-timeout", "up to the failover-timeout"),
    ],
)
def test_an_event_names_the_cause(kill: Any, kind: str, words: str) -> None:
    story = with_bound(kill(), 0, 50)
    story.event(1600, "sentinel:redis-1", kind, MASTER)

    ((check,), found) = judged(story)

    assert words in check.cause
    assert found["bounds.explained"].verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("kind", "most_ms"),
    [
        ("+tilt", 30_000),
        ("-slave-reconf-sent-timeout", 10_000),
        ("+failover-end-for-timeout", 10_000),
        ("-failover-abort-no-good-slave", 22_000),
        ("+try-failover", 22_000),
    ],
)
def test_an_event_explains_no_more_than_it_can_take(kill: Any, kind: str, most_ms: float) -> None:
    """With a failover-timeout of 10 s; two of them explain twice as much."""

    def cause(late_ms: float, events: int) -> str:
        story = with_bound(kill(), 0, 50)
        moved = [event for event in story.events if event.label == "+elected-leader"]
        story.events = [event for event in story.events if event not in moved]
        for number in range(events):
            story.event(1600 + number, "sentinel:redis-1", kind, MASTER)
        story.event(1560 + 50 + late_ms, "sentinel:redis-2", "+elected-leader", MASTER)
        return judged(story)[0][0].cause

    assert cause(most_ms, 1) not in ("", "unexplained")
    assert cause(most_ms + 1, 1) == "unexplained"
    assert cause(most_ms + 1, 2) != "unexplained"
    assert cause(600_000, 1) == "unexplained"


@pytest.mark.parametrize(
    ("upper_ms", "error_ms", "verdict"), [(300, 300, "pass"), (299, 300, "unknown"), (50, 90, "pass")]
)
def test_an_error_bar_wider_than_the_bounds_shows_nothing(
    kill: Any, upper_ms: float, error_ms: float, verdict: str
) -> None:
    """Unless it is finer than a tick of Sentinel's timer, which nothing can be compared with."""
    story = with_bound(kill(), 0, upper_ms)
    story.events = [event for event in story.events if event.label != "+elected-leader"]
    story.event(1560 + error_ms, "sentinel:redis-2", "+elected-leader", MASTER, since=1560)

    ((check,), found) = judged(story)
    assert found["bounds.explained"].verdict == verdict
    assert check.cause == ("" if verdict == "pass" else "its bounds are closer together than it is known to 300 ms")


def test_an_event_after_the_phase_explains_nothing(kill: Any) -> None:
    story = with_bound(kill(), 0, 50)
    story.event(1700, "sentinel:redis-1", "+tilt", "#tilt mode entered")

    assert judged(story)[0][0].cause == "unexplained"


def test_an_event_before_the_fault_explains_nothing(kill: Any) -> None:
    story = with_bound(kill(), 0, 50)
    story.event(300, "sentinel:redis-1", "+tilt", "#tilt mode entered")

    assert judged(story)[0][0].cause == "unexplained"


def test_nothing_explains_a_phase_that_was_too_short(kill: Any) -> None:
    story = with_bound(kill(), 100, 200)
    story.event(1600, "sentinel:redis-1", "+tilt", "#tilt mode entered")

    assert judged(story)[0][0].cause == "unexplained"


def test_a_sentinel_that_took_its_early_word_back_explains_it(kill: Any) -> None:
    """Seen on a real Redis 7.0.15 with D = 300 ms: +sdown 181 ms after the kill, -sdown at 258 ms, +sdown at 577 ms."""
    story = with_bound(kill(), 1000, 1200, name="sdown_at", origin="fault_at")
    story.event(700, "sentinel:redis-1", "+sdown", MASTER)
    assert judged(story)[0][0].cause == "unexplained"

    story.event(760, "sentinel:redis-1", "-sdown", MASTER)
    assert "+sdown was withdrawn" in judged(story)[0][0].cause


def test_clients_that_stay_with_the_old_master_write_later_to_the_new_one(kill: Any) -> None:
    """Seen on Kubernetes: the kubelet had started it again, under its address, before the Sentinels switched."""
    story = with_bound(kill(), 0, 150, name="first_write_at", origin="promoted_at")
    assert judged(story)[0][0].cause == "unexplained"

    story.write(900, 1840, server=0)
    assert judged(story)[0][0].cause == "unexplained", "98 ms are less than it was late"
    story.write(901, 1950, server=0)
    assert judged(story)[0][0].cause == "redis-0 accepted writes for 208 ms more: its clients stayed with it"
    story.operations = [row for row in story.operations if row[0] != 901]
    story.write(902, 1950, server=0, cause=Cause.TIMEOUT)
    assert judged(story)[0][0].cause == "unexplained", "nobody was served"
    story.write(903, 1950, server=0, cause=Cause.NOREPLICAS)
    why = "redis-0 refused writes with NOREPLICAS for 208 ms more: its clients stayed with it"
    assert judged(story)[0][0].cause == why


def test_an_attempt_that_failed_before_a_phase_does_not_explain_its_length(kill: Any) -> None:
    story = with_bound(kill(), 0, 150, name="first_write_at", origin="promoted_at")
    story.event(1580, "sentinel:redis-2", "+try-failover", MASTER)

    assert judged(story)[0][0].cause == "unexplained"


def test_one_fault_is_answered_by_one_change_of_master(kill: Any) -> None:
    story = kill()
    assert judged(story)[1]["failover.once"].verdict is Verdict.PASS

    for name in ("redis-0", "redis-1", "redis-2"):
        story.switch(3510, name, old=1, new=2)

    found = judged(story)[1]["failover.once"]
    assert found.verdict is Verdict.FAIL
    assert found.text == "expected 1 changes of master or fewer; got 2 (redis-0 > redis-1 > redis-2)"


@pytest.mark.parametrize(
    ("pod", "at", "allowed"),
    [("redis-2", 3020, 1), ("redis-0", 3020, 1), ("redis-1", 3020, 2), ("redis-1", 1750, 2), ("redis-0", 1750, 2)],
)
def test_only_a_fault_that_hits_who_is_master_then_may_cost_a_master(
    kill: Any, pod: str, at: float, allowed: int
) -> None:
    """redis-1 became master between 1743 and 1761."""
    story = kill()
    story.fault(at, pod=pod, number=1)

    assert judged(story)[1]["failover.once"].text.startswith(f"expected {allowed} changes of master or fewer; got 1 (")


def test_a_second_attempt_in_the_log_of_another_sentinel_is_a_split_vote(kill: Any) -> None:
    story = with_bound(kill(), 0, 50)
    story.event(1580, "sentinel:redis-2", "+try-failover", MASTER)

    assert "split vote" in judged(story)[0][0].cause


def test_a_late_send_explains_as_much_as_it_was_late(kill: Any) -> None:
    story = with_bound(kill(), 0, 50)
    story.write(900, 1600, server=1, late=9)
    assert judged(story)[0][0].cause == "unexplained"

    story.write(901, 1601, server=1, late=12)
    assert judged(story)[0][0].cause == "this machine stalled for 12 ms"


def test_a_hole_in_the_samples_is_a_stall(kill: Any) -> None:
    story = with_bound(kill(), 0, 50)
    story.samples = [sample for sample in story.samples if not 1565 < sample[1] / 1e6 - 5000 < 1615]

    assert judged(story)[0][0].cause == "this machine stalled for 40 ms"


def test_refusals_for_want_of_replicas_explain_a_late_first_write(kill: Any) -> None:
    """Promoted at 1761, first write at 2021: 110 ms too late; writes were refused for 91 ms, or for 121 ms."""
    for first, cause in (
        (1910, "unexplained"),
        (1880, "redis-1 refused writes with NOREPLICAS for 121 ms: min-replicas-to-write 1, and fewer followed it"),
    ):
        story = with_bound(kill(), 0, 150, name="first_write_at", origin="promoted_at")
        settings = {"min-replicas-to-write": "1"}
        story.believe(servers=tuple(replace(server, config=settings) for server in story.environment.servers))
        for key, at in enumerate((first, 2000)):
            story.write(900 + key, at, server=1, cause=Cause.NOREPLICAS)

        assert judged(story)[0][0].cause == cause


def test_a_new_master_that_was_loading_explains_it(kill: Any) -> None:
    story = with_bound(kill(), 0, 50)
    story.sample(1, 1600, Role.LOADING)

    assert judged(story)[0][0].cause == "redis-1 was loading its data for up to 21 ms"

    story = with_bound(kill(), 0, 10)
    story.sample(1, 1600, Role.LOADING)
    assert judged(story)[0][0].cause == "unexplained", "it was 50 ms late"


def test_an_instant_that_was_not_seen_is_not_inside(kill: Any) -> None:
    story = with_bound(kill(), 0, 100)
    story.events = [event for event in story.events if event.label != "+elected-leader"]

    ((check,), found) = judged(story)

    assert (check.measured_ms, check.inside, check.cause) == (None, False, "not seen")
    assert found["bounds.explained"].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("wanted", "predicted", "happened", "verdict"),
    [
        (True, None, True, Verdict.PASS),
        (True, None, False, Verdict.FAIL),
        (False, True, True, Verdict.FAIL),
        (False, True, False, Verdict.PASS),
        (None, True, True, Verdict.PASS),
        (None, True, False, Verdict.FAIL),
        (None, False, True, Verdict.FAIL),
        (None, False, False, Verdict.PASS),
        (None, None, True, Verdict.PASS),
        (None, None, False, Verdict.PASS),
    ],
)
def test_the_scenario_decides_and_else_the_prediction(
    kill: Any, tell: Any, *, wanted: Any, predicted: Any, happened: Any, verdict: Verdict
) -> None:
    story = kill(failover=wanted) if happened else tell(failover=wanted)
    if not happened:
        story.fault(500)
    story.believe(prediction=Prediction(failover=predicted, because="it is so"))

    found = judged(story)[1]["failover.expected"]

    assert found.verdict is verdict
    assert ("No failover" in found.text) == (not happened)


def outvoted(
    kill: Any,
    *,
    back: int,
    known: int = 4,
    tried: int = 1580,
    by: str = "redis-2",
    pods: tuple[str, ...] = (),
    **expect: Any,
) -> Any:
    """No failover is predicted, because redis-1 is away and one more is only known; redis-2 is elected at 1620 ms.

    pods: what is away with its pod; else its Sentinel alone.
    """
    story = kill(**expect)
    where = {"fault": 1, "fault_kind": "kill", "pod": "redis-1", "container": "redis" if pods else "sentinel"}
    story.plan = replace(story.plan, faults=(*story.plan.faults, Scheduled(fault=Kill(target="redis-1/sentinel"))))
    story.event(498, "harness", "fault-begin", **where)
    story.event(499, "harness", "fault-effect", since=498, proof="process gone", pods=pods, **where)
    story.event(back - 1, "harness", "heal-begin", **where)
    story.event(back, "harness", "heal-end", since=back - 1, proof="process back", pods=pods, **where)
    story.events = [event for event in story.events if event.label != "+try-failover"]
    story.event(tried, f"sentinel:{by}", "+try-failover", MASTER)
    story.believe(
        prediction=Prediction(failover=False, because="only 2 of 4 are left"),
        sentinels=tuple(replace(view, known_sentinels=known) for view in story.environment.sentinels),
    )
    return story


def test_an_election_that_a_returned_sentinel_decides_is_not_against_the_prediction(kill: Any) -> None:
    found = judged(outvoted(kill, back=1600))[1]["failover.expected"]

    assert found.verdict is Verdict.PASS
    assert found.text == (
        "expected no failover because only 2 of 4 are left; redis-0 was replaced by redis-1; the election that redis-2 "
        "began without a majority was won 40 ms later, once redis-1 could vote again"
    )


@pytest.mark.parametrize(
    "otherwise",
    [
        {"back": 1570},
        {"back": 1700},
        {"known": 3},
        {"tried": 1630},
        {"by": "redis-0"},
        {"failover": False},
    ],
    ids=["it was back before", "or only afterwards", "two of three are a majority", "begun later", "another's election",
         "the scenario forbids it"],
)  # fmt: skip
def test_any_other_failover_that_was_not_predicted_fails(kill: Any, otherwise: dict[str, Any]) -> None:
    assert judged(outvoted(kill, **{"back": 1600, **otherwise}))[1]["failover.expected"].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("back", "back_by_ms", "due_ms", "verdict"),
    [
        (2000, 1400, 1200, Verdict.PASS),
        (2000, 1600, 1200, Verdict.FAIL),
        (2000, 1400, 1300, Verdict.FAIL),
        (2000, None, None, Verdict.FAIL),
        (None, 1400, 1200, Verdict.FAIL),
    ],
    ids=["it was late", "it was in time", "replaced too soon", "predicted for another reason", "nobody saw it start"],
)
def test_a_master_that_was_not_back_in_time_may_be_replaced(
    kill: Any, back: int | None, back_by_ms: float | None, due_ms: float | None, verdict: Verdict
) -> None:
    """Seen on a busy node: a killed container was started again after 11 s. Its replica is promoted after 1250 ms."""
    story = kill(failover=None)
    story.believe(prediction=Prediction(failover=False, because="so", back_by_ms=back_by_ms, due_ms=due_ms))
    if back is not None:
        story.event(back, "kubernetes:redis-0", "container-started", since=back - 10, pod="redis-0", container="redis")

    found = judged(story)[1]["failover.expected"]

    assert found.verdict is verdict
    assert ("redis-0 was back only after 1" in found.text) is (verdict is Verdict.PASS)


def in_vain(tell: Any, *kinds: str, retry_ms: float, ping_ms: int = 1000, healed_ms: int = 5000) -> Finding:
    """The finding of a trial whose fault began after 500 ms; one Sentinel reported these and none a switch."""
    story = tell(failover=True)
    story.fault(500)
    for kind in kinds:
        story.event(1600, "sentinel:redis-0", kind, MASTER)
    story.believe(
        prediction=replace(story.environment.prediction, retry_ms=retry_ms),
        sentinels=tuple(replace(view, ping_period_ms=ping_ms) for view in story.environment.sentinels),
    )
    story.phase(healed_ms, "heal")
    story.phase(5000, "done")
    return judged(story)[1]["failover.expected"]


SPLIT, NO_GOOD, NOT_PROMOTED = (f"-failover-abort-{why}" for why in ("not-elected", "no-good-slave", "slave-timeout"))


@pytest.mark.parametrize(("retry_ms", "healed_ms"), [(1501, 5000), (1300, 4000)])
def test_attempts_that_could_not_be_observed_are_unknown_not_fail(tell: Any, retry_ms: int, healed_ms: int) -> None:
    found = in_vain(tell, SPLIT, retry_ms=retry_ms, healed_ms=healed_ms)

    assert found.verdict is Verdict.UNKNOWN
    assert found.text.endswith(
        "No failover; the Sentinels reported -failover-abort-not-elected 1 time; and the observation ended before the "
        "next attempts were over"
    )


@pytest.mark.parametrize("kind", [SPLIT, NO_GOOD, NOT_PROMOTED])
def test_three_more_attempts_that_were_observed_and_came_to_nothing_fail_in_sentinel_s_words(
    tell: Any, kind: str
) -> None:
    found = in_vain(tell, kind, kind, retry_ms=1500)

    assert found.verdict is Verdict.FAIL
    assert found.text.endswith(f"the Sentinels reported {kind} 2 times")


@pytest.mark.parametrize(
    ("kinds", "ping_ms", "verdict"),
    [
        ((NO_GOOD,), 100, Verdict.UNKNOWN),
        ((SPLIT, NO_GOOD), 100, Verdict.UNKNOWN),
        ((NO_GOOD,), 240, Verdict.FAIL),
        ((SPLIT,), 100, Verdict.FAIL),
        ((SPLIT, NOT_PROMOTED), 100, Verdict.FAIL),
        ((), 100, Verdict.FAIL),
    ],
)
def test_only_what_shortened_pings_can_do_in_every_attempt_is_no_failure_of_redis(
    tell: Any, kinds: tuple[str, ...], ping_ms: int, verdict: Verdict
) -> None:
    """Seen with PINGs every 100 ms: a split vote, then two leaders in a row that found no good replica.

    PINGs every 240 ms leave time for INFO, and Sentinel itself spreads the attempts after a split vote.
    """
    found = in_vain(tell, *kinds, retry_ms=100, ping_ms=ping_ms)

    assert found.verdict is verdict
    assert all(kind in found.text for kind in kinds)
    assert ("INFO counts for 5 x 100 ms" in found.text) == (verdict is Verdict.UNKNOWN)


def test_a_timer_that_was_late_by_its_own_log_explains_as_much_as_it_was_late(kill: Any) -> None:
    """The leader takes a step at each run of its timer, 100 ms apart at most; the promotion was 13 ms too late."""
    for at, cause in ((1732, "unexplained"), (1733, "a Sentinel's timer was late by 13 ms in all, by its own log")):
        story = with_bound(kill(), 0, 110, name="promoted_at", origin="elected_at")
        story.event(at, "sentinel:redis-2", "+selected-slave", MASTER)

        assert judged(story)[0][0].cause == cause


def test_a_vote_that_took_long_to_save_explains_a_late_election(kill: Any) -> None:
    story = with_bound(kill(), 0, 50)
    story.event(1565, "sentinel:redis-1", "+new-epoch", "1")
    story.event(1570, "sentinel:redis-1", "+vote-for-leader", "abc 1")
    assert judged(story)[0][0].cause == "unexplained"

    story.event(1566, "sentinel:redis-0", "+new-epoch", "1")
    story.event(1610, "sentinel:redis-0", "+vote-for-leader", "abc 1")
    assert judged(story)[0][0].cause == "a Sentinel took 44 ms to save its vote to its disk"


@pytest.mark.parametrize(("name", "known"), [("redis-0.redis", True), ("redis-1.redis", False)])
def test_a_name_that_was_gone_explains_an_early_word(kill: Any, name: str, known: Any) -> None:
    """Deleted without grace its name goes at once, its process seconds later; then no client can connect again."""
    story = with_bound(kill(), 1250, 1300, name="sdown_at", origin="fault_at")
    story.deleted(300, 500)
    story.event(900, "log:redis-2", "unresolved", name, since=899)

    ((check,), _) = judged(story)

    assert ("its DNS record was removed" in check.cause) is known


def test_a_lookup_that_failed_before_anybody_asked_for_it_explains_nothing(kill: Any) -> None:
    story = with_bound(kill(), 1250, 1300, name="sdown_at", origin="fault_at")
    story.deleted(300, 500)
    story.event(200, "log:redis-2", "unresolved", "redis-0.redis", since=199)

    assert judged(story)[0][0].cause == "unexplained"


def test_a_planned_failover_is_held_to_bounds_of_its_own(kill: Any) -> None:
    story = kill()
    story.events = [event for event in story.events if event.label not in ("+sdown", "+odown", "+try-failover")]
    story.deleted(1550, 2500)
    elected = Bound(name="elected_at", origin="fault_at", lower_ms=0, upper_ms=12000, because="the hook's patience")
    missed = Bound(name="sdown_at", origin="fault_at", lower_ms=1000, upper_ms=1200, because="D")
    story.believe(prediction=Prediction(failover=True, because="so", bounds=(missed,), planned_failover=(elected,)))

    checks, found = judged(story)

    assert [(check.name, check.inside) for check in checks] == [("elected_at", True)]
    assert found["bounds.explained"].verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("told_ms", "left_ms", "origin", "inside"),
    [(300, 100, "promoted_at", True), (100, 1600, "dead_at", True), (100, 1200, "promoted_at", False)],
)
def test_of_alternatives_the_one_that_ends_last_holds(
    kill: Any, told_ms: float, left_ms: float, origin: str, inside: Any
) -> None:
    """The first write at 2020 waits for the end of the old master (510) and for the promotion (1760), whichever."""
    story = kill()
    bounds = tuple(
        Bound(name="first_write_at", origin=begin, lower_ms=0, upper_ms=upper_ms, because="so", alternative=True)
        for begin, upper_ms in (("dead_at", left_ms), ("promoted_at", told_ms))
    )
    story.believe(prediction=Prediction(failover=True, because="so", bounds=bounds))

    ((check,), _) = judged(story)

    assert (check.origin, check.inside) == (origin, inside)


@pytest.mark.parametrize(("client", "since", "known"), [(2, 1800, True), (3, 1800, False), (2, 1990, False)])
def test_a_client_that_waits_for_the_resolver_writes_late(kill: Any, client: int, since: float, known: Any) -> None:
    """As far as it was the one that wrote first, and for as long."""
    story = with_bound(kill(), 0, 150, name="first_write_at", origin="promoted_at")
    story.event(2015, "probe", "lookup", since=since, client=client, name="redis-0.redis")

    ((check,), _) = judged(story)

    assert check.cause == ("the client that wrote first waited for DNS lookups for 215 ms" if known else "unexplained")


@pytest.mark.parametrize(("upper_ms", "verdict"), [(280, Verdict.PASS), (250, Verdict.UNKNOWN)])
def test_a_planned_failover_that_nothing_predicted_is_held_to_the_phases_that_it_has(
    kill: Any, upper_ms: float, verdict: Verdict
) -> None:
    """A chart's own hook asks for it: no +sdown, no vote. The first switch is 238 ms after the promotion."""
    story = kill()
    last = Bound(name="first_switch_at", origin="promoted_at", lower_ms=0, upper_ms=upper_ms - 30, because="INFO")
    chain = (*(bound for bound in BOUNDS if bound.name != "first_switch_at"), last)
    story.believe(prediction=Prediction(failover=True, because="it stays away", bounds=chain))
    story.events = [event for event in story.events if event.label not in ("+sdown", "+odown", "+try-failover")]
    story.deleted(1550, 2500)

    checks, found = judged(story)
    assert {check.name: check.origin for check in checks} == {
        "promoted_at": "elected_at", "first_switch_at": "promoted_at"
    }  # fmt: skip
    assert found["bounds.explained"].verdict is verdict


def test_clients_may_stay_with_the_old_master_of_a_planned_failover_until_it_ends(kill: Any) -> None:
    """The bound counts from its end, or from the promotion, whichever is later."""
    story = with_bound(kill(), 0, 150, name="first_write_at", origin="promoted_at")
    story.events = [event for event in story.events if event.label not in ("+sdown", "+odown", "+try-failover")]
    story.samples = [row for row in story.samples if row[3] or not 500 <= row[0] / 1e6 - 5000 < 2000]
    for at in range(500, 2000, 20):
        story.sample(0, at, Role.MASTER, offset=at)
    story.deleted(1550, 2500)

    ((check,), found) = judged(story)
    assert check.origin == "dead_at"
    assert found["bounds.explained"].verdict is Verdict.PASS


@pytest.mark.parametrize(("ended_ms", "verdict"), [(2600, Verdict.PASS), (1840, Verdict.UNKNOWN)])
def test_clients_may_leave_the_old_master_of_a_planned_failover_before_it_ends(
    kill: Any, ended_ms: int, verdict: Verdict
) -> None:
    """Seen with a chart whose hook pauses writes: they time out, and write to the new master, promoted at 1750."""
    story = with_bound(kill(), 0, 150, name="first_write_at", origin="promoted_at")
    story.events = [event for event in story.events if event.label not in ("+sdown", "+odown", "+try-failover")]
    story.samples = [row for row in story.samples if row[3] or not 500 <= row[0] / 1e6 - 5000 < ended_ms]
    for at in range(500, ended_ms, 20):
        story.sample(0, at, Role.MASTER, offset=at)
    story.deleted(1550, 2700)

    ((check,), found) = judged(story)
    assert check.origin == "dead_at"
    assert (check.measured_ms < 0, found["bounds.explained"].verdict) == (verdict is Verdict.PASS, verdict)


def looking_up(story: Any, sentinel: str, times: tuple[float, ...]) -> Any:
    """DNS lookups of the deleted master's name fail at these times, and no Sentinel has announced its successor yet."""
    with_bound(story, 0, 1000, name="first_switch_at", origin="promoted_at")
    story.believe(sentinels=tuple(replace(view, ping_period_ms=900) for view in story.environment.sentinels))
    story.deleted(400, 500)
    story.events = [event for event in story.events if event.label != "+switch-master"]
    for at in times:
        story.event(at, f"log:{sentinel}", "unresolved", "redis-0.redis", since=at - 1)
    return story


def test_a_sentinel_that_waits_for_the_resolver_is_late_for_everything(kill: Any) -> None:
    """Seen with Redis 8.0.2: 1026 ms between two failed DNS lookups, which is the resolver's own time-out."""
    for second, cause in (
        (2760, "unexplained"),
        (2761, "a Sentinel was 11 ms late in all for DNS lookups of a deleted name, by its own log"),
    ):
        story = looking_up(kill(), "redis-2", (1750, second))
        for name in ("redis-1", "redis-2"):
            story.switch(2772, name)

        assert judged(story)[0][0].cause == cause


@pytest.mark.parametrize(
    ("first", "second", "at", "known"),
    [("redis-2", 3000, 4700, True), ("redis-1", 3000, 4700, False), ("redis-2", 2700, 4700, False),
     ("redis-2", 3000, 5100, False)],
)  # fmt: skip
def test_a_sentinel_that_waited_for_the_resolver_may_miss_a_hello(
    kill: Any, first: str, second: float, at: float, known: Any
) -> None:
    """Then the leader, redis-2, is the first to announce it; the next hello comes within 2 s."""
    story = looking_up(kill(), "redis-0", (1750, second))
    story.switch(at, first)

    ((check,), _) = judged(story)

    assert ("missed a hello" in check.cause) is known


@pytest.mark.parametrize(("lower_ms", "known"), [(1210, True), (1211, False)])
def test_a_server_that_was_told_to_end_is_missed_from_then_on(kill: Any, lower_ms: float, known: Any) -> None:
    """Seen with Redis 7.0.15: SIGTERM, then +sdown 363 ms after the last answer to a watcher. Here it is at 1510."""
    story = with_bound(kill(), lower_ms, 1300, name="sdown_at", origin="fault_at")
    story.deleted(300, 500)

    assert ("received SIGTERM before" in judged(story)[0][0].cause) is known


def test_a_killed_server_holds_nothing_back(kill: Any) -> None:
    story = with_bound(kill(), 1250, 1300, name="sdown_at", origin="fault_at")
    story.deleted(300, 500, fault=Kill(target="master"))

    assert judged(story)[0][0].cause == "unexplained"
