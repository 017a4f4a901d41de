"""Predictions agree with failovers that were measured, and a failover that cannot happen is not predicted.

The measured timelines are of Redis 7.0.15 on loopback, three servers and three Sentinels; times in ms after SIGKILL.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.model.environment import Bound, Prediction, SentinelView, Server
from redis_resilience.model.faults import (
    Fault,
    delete_pod,
    grow,
    isolate,
    kill,
    pause,
    rolling_upgrade,
    scale_to_zero,
    stop_node,
)
from redis_resilience.model.plan import Load, Scheduled, Writers
from redis_resilience.prediction.failover import predict
from redis_resilience.topologies.restarts import STAYS_DOWN, Comeback, RestartPolicy


def sentinels(
    *,
    down_after_ms: int = 1000,
    failover_timeout_ms: int = 10000,
    quorum: int = 2,
    count: int = 3,
    known: int | None = None,
    replicas: int = 2,
) -> tuple[SentinelView, ...]:
    return tuple(
        SentinelView(
            name=f"redis-{number}",
            address=f"10.0.0.{number}:26379",
            run_id=f"id-{number}",
            master_name="mymaster",
            master_address="10.0.0.0:6379",
            down_after_ms=down_after_ms,
            failover_timeout_ms=failover_timeout_ms,
            quorum=quorum,
            known_sentinels=count if known is None else known,
            known_replicas=replicas,
            ckquorum="",
        )
        for number in range(count)
    )


def by_tls(**facts: int) -> tuple[SentinelView, ...]:
    return tuple(replace(view, tls=True, ping_period_ms=240) for view in sentinels(**facts))


KILL = kill("master")
PAUSE = pause("master")
KILL_REPLICA = kill("redis-2")


def foretell(
    *faults: Fault | Scheduled,
    views: tuple[SentinelView, ...] | None = None,
    load: Load | None = None,
    policy: RestartPolicy = STAYS_DOWN,
    servers: tuple[Server, ...] = (),
    forbidden: str = "",
) -> Prediction:
    return predict(
        [fault if isinstance(fault, Scheduled) else Scheduled(fault=fault) for fault in faults],
        master="redis-0",
        sentinels=sentinels() if views is None else views,
        servers=servers,
        load=load,
        policy=policy,
        forbidden=forbidden,
    )


def bound(prediction: Prediction, name: str, origin: str) -> Bound:
    return next(b for b in prediction.bounds if (b.name, b.origin) == (name, origin))


MEASURED = [
    pytest.param(10000, 20000, (10100, 10180, 10250, 11250, 11610), id="D 10 s"),
    pytest.param(300, 10000, (310, 720, None, 1830, 2880), id="D 300 ms, fastest of three"),
    pytest.param(300, 10000, (440, 850, None, 1880, 2930), id="D 300 ms, slowest of three"),
    pytest.param(1000, 10000, (1080, 1180, None, 2090, None), id="D 1 s, fastest of two"),
    pytest.param(1000, 10000, (1130, 1200, None, 2240, None), id="D 1 s, slowest of two"),
    pytest.param(5000, 10000, (5050, 6200, None, 6310, None), id="D 5 s, one Sentinel heard"),
]


@pytest.mark.parametrize(("down_after_ms", "failover_timeout_ms", "seen"), MEASURED)
def test_measured_failovers_lie_within_the_bounds(
    down_after_ms: int, failover_timeout_ms: int, seen: tuple[int | None, ...]
) -> None:
    views = sentinels(down_after_ms=down_after_ms, failover_timeout_ms=failover_timeout_ms)
    prediction = foretell(KILL, views=views)
    sdown, odown, elected, first_switch, last_switch = seen

    def holds(name: str, origin: str, ms: float) -> bool:
        limits = bound(prediction, name, origin)
        return limits.lower_ms <= ms <= limits.upper_ms

    assert holds("sdown_at", "fault_at", sdown)
    assert holds("odown_at", "sdown_at", odown - sdown)
    assert holds("first_switch_at", "fault_at", first_switch)
    if elected:
        assert holds("elected_at", "odown_at", elected - odown)
    if last_switch:
        assert last_switch <= first_switch + bound(prediction, "last_switch_at", "promoted_at").upper_ms


def test_a_paused_master_on_kind_was_found_within_the_bounds_of_silence() -> None:
    """SIGSTOP, D = 3 s: +sdown at 3.9 s, which is later than broken connections allow."""
    silent = bound(foretell(PAUSE, views=sentinels(down_after_ms=3000)), "sdown_at", "fault_at")
    broken = bound(foretell(KILL, views=sentinels(down_after_ms=3000)), "sdown_at", "fault_at")

    assert broken.upper_ms < 3900 <= silent.upper_ms


def test_a_killed_master_is_replaced_and_a_lost_vote_costs_twice_the_failover_timeout() -> None:
    prediction = foretell(KILL)

    assert prediction.failover is True
    assert prediction.retry_ms == 20000


def test_a_master_that_stays_is_not_replaced() -> None:
    prediction = foretell(kill("replica"))

    assert prediction.failover is False
    assert prediction.because == "no fault hits the master"
    assert prediction.bounds == ()


def test_a_d_below_the_reconnect_period_is_told_to_endanger_the_new_master_too() -> None:
    """Seen on a real Redis 7.0.15: three more failovers at D = 300 ms, one in 1 of 4 kills at D = 1000 ms."""
    warned = [
        foretell(KILL, views=sentinels(down_after_ms=ms)).because.endswith("after the switch")
        for ms in (1000, 1199, 1200)
    ]

    assert warned == [True, True, False]


@pytest.mark.parametrize("target", ["master", "redis-0", "redis-0/redis"])
def test_the_master_is_hit_by_its_role_and_by_its_name(target: str) -> None:
    assert foretell(kill(target)).failover is True


@pytest.mark.parametrize("target", ["redis-1", "redis-0/sentinel", "sentinel"])
def test_its_sentinel_and_its_neighbours_are_not_the_master(target: str) -> None:
    assert foretell(kill(target)).failover is False


def test_without_a_majority_of_the_known_sentinels_nobody_is_elected() -> None:
    prediction = foretell(kill("sentinel-majority"), KILL, views=sentinels(quorum=1))

    assert prediction.failover is False
    assert prediction.because == "only 1 of 3 known Sentinels are left, no majority (2)"


def test_sentinels_that_died_long_ago_still_count_for_the_majority() -> None:
    prediction = foretell(KILL, views=sentinels(count=3, known=6))

    assert prediction.failover is False
    assert "3 of 6 known" in prediction.because


def test_where_only_some_know_of_a_dead_one_it_depends_on_who_tries() -> None:
    """Seen: the Sentinel that knew a fourth tried five times in vain, then one that knew three was elected."""
    views = (*sentinels(count=2), *sentinels(count=1, known=4))
    prediction = foretell(KILL, views=views)

    assert prediction.failover is None
    assert prediction.bounds
    assert prediction.because.startswith(
        "2 Sentinels are left: a majority (2) of the 2 that one of them knows, but not (3)"
    )


def test_without_the_quorum_nobody_agrees_that_it_is_down() -> None:
    prediction = foretell(kill("sentinel"), KILL, views=sentinels(quorum=3))

    assert prediction.because == "only 2 Sentinels are left, fewer than the quorum of 3"


def test_one_sentinel_less_of_three_makes_no_difference() -> None:
    assert foretell(kill("sentinel"), KILL).failover is True


def test_sentinels_that_break_after_the_master_come_too_late_to_matter() -> None:
    """A leader is elected 2740 ms after the loss, or sooner; before D = 1 s is over there is none."""

    def after(seconds: float) -> Prediction:
        return foretell(KILL, Scheduled(fault=kill("sentinel-majority"), after_s=seconds))

    assert [after(seconds).failover for seconds in (0.0, 0.9, 1.1, 2.7, 2.8)] == [False, False, None, None, True]
    assert after(1.1).because.endswith(
        "once the last of them is down, which is too close to the election to be certain"
    )


def test_a_master_cut_off_takes_its_own_sentinel_along() -> None:
    views = sentinels(quorum=3)

    cut_off = isolate("master")

    assert foretell(cut_off, views=views).failover is False
    assert foretell(KILL, views=views).failover is True


def test_a_sentinel_that_is_back_later_announces_nothing_with_the_first() -> None:
    """Of three, two are left to announce the new master: the quorum includes the leader, which switches last."""
    bounds = {bound.name: bound.upper_ms for bound in foretell(isolate("master", for_s=5)).bounds}
    whole = {bound.name: bound.upper_ms for bound in foretell(KILL).bounds}

    assert bounds["quorum_switch_at"] == bounds["last_switch_at"]
    assert whole["quorum_switch_at"] < whole["last_switch_at"]


def test_a_master_that_cannot_reach_its_peers_is_reached_by_them_and_stays() -> None:
    """A fault of the network is not taken for a dead master where no Sentinel misses it."""
    assert foretell(isolate("master", direction="out")).because == "no fault hits the master"
    assert foretell(isolate("master", direction="in")).failover is True
    assert foretell(grow("master")).failover is False


def test_a_rolling_upgrade_replaces_the_master_on_request() -> None:
    """No votes, so neither a quorum nor D count; a hook of the pod may take its own time for it."""
    found = foretell(rolling_upgrade("redis:8.0"), views=sentinels(down_after_ms=60_000)[:1])
    hook = foretell(rolling_upgrade(), policy=RestartPolicy(planned_failover_ms=12_000))

    assert found.failover is True
    assert found.because == "the master's pod is replaced after a planned failover, which needs no votes"
    assert (found.bounds, found.planned_failover[0].upper_ms) == ((), 2120.0)
    assert hook.planned_failover[0].upper_ms == 12_000
    assert foretell(rolling_upgrade(target="redis-2")).because == "no fault hits the master"
    assert foretell(rolling_upgrade(), views=sentinels(replicas=0)).failover is False
    assert foretell(rolling_upgrade(), views=()).failover is False


def test_without_a_replica_there_is_nobody_to_promote() -> None:
    assert foretell(KILL, views=sentinels(replicas=0)).because == "there is no replica to promote"


def test_without_a_sentinel_nobody_acts() -> None:
    assert foretell(KILL, views=()).failover is False


def test_back_well_before_d_no_failover() -> None:
    prediction = foretell(kill("master", for_s=1.0), views=sentinels(down_after_ms=5000))

    assert prediction.failover is False
    assert (
        prediction.because
        == "the master is back after 1000 ms and the Sentinels reach it again within 2200 ms, before D = 5000 ms"
    )


def test_a_sentinel_may_look_again_only_after_d_though_the_master_was_back_before() -> None:
    """A broken connection is tried again once a second: with D = 1 s a restart within 0.3 s may be found too late."""
    assert foretell(kill("master", for_s=0.3)).failover is None


def test_a_paused_master_is_found_alive_as_soon_as_it_goes_on() -> None:
    assert foretell(pause("master", for_s=0.5)).failover is False


def test_back_long_after_d_it_is_replaced_all_the_same() -> None:
    assert foretell(kill("master", for_s=30.0)).failover is True


def test_clients_that_follow_the_sentinels_have_a_bound_on_their_first_write() -> None:
    load = Load(writers=(Writers(timeout_ms=700),), reconnect_ms=10)
    killed = bound(foretell(KILL, load=load), "first_write_at", "promoted_at")
    paused = bound(foretell(PAUSE, load=load), "first_write_at", "promoted_at")

    assert paused.upper_ms - killed.upper_ms == 700
    assert "timed out" in paused.because


@pytest.mark.parametrize(
    ("needed", "also_away", "more_ms"), [("0", (), 0), ("1", (), 3000), ("2", (), None), ("1", (KILL_REPLICA,), None)]
)
def test_a_master_that_asks_for_replicas_refuses_writes_until_they_follow_it(
    needed: str, also_away: tuple[Fault, ...], more_ms: float | None
) -> None:
    """Two replicas: one is promoted, one follows it. Where too few are left, the first write has no bound."""
    names = ("redis-0", "redis-1", "redis-2")
    servers = tuple(
        Server(name=name, address="", role="", run_id="", config={"min-replicas-to-write": needed}) for name in names
    )
    faults = tuple(Scheduled(fault=fault) for fault in (*also_away, KILL))
    found = predict(faults, master="redis-0", sentinels=sentinels(), servers=servers, load=Load())

    without = bound(foretell(KILL, load=Load()), "first_write_at", "promoted_at")
    limits = {limits.name: limits.upper_ms for limits in found.bounds}
    assert found.failover is True
    assert limits.get("first_write_at") == (None if more_ms is None else without.upper_ms + more_ms)


def test_pinned_clients_have_none() -> None:
    prediction = foretell(KILL, load=Load(writers=(Writers(target="redis-1"),)))

    assert "first_write_at" not in {limits.name for limits in prediction.bounds}


def test_a_quorum_of_all_waits_for_the_leader() -> None:
    some = bound(foretell(KILL), "quorum_switch_at", "promoted_at")
    every = bound(foretell(KILL, views=sentinels(quorum=3)), "quorum_switch_at", "promoted_at")

    assert some.upper_ms < every.upper_ms == bound(foretell(KILL), "last_switch_at", "promoted_at").upper_ms


def test_a_quorum_of_one_asks_nobody() -> None:
    assert bound(foretell(KILL, views=sentinels(quorum=1)), "odown_at", "sdown_at").upper_ms == 100


@given(st.integers(50, 120_000), st.integers(1000, 200_000), st.booleans())
def test_every_bound_leaves_room_and_says_why(
    down_after_ms: int,
    failover_timeout_ms: int,
    silent: bool,  # noqa: FBT001 - Hypothesis hands it in
) -> None:
    views = sentinels(down_after_ms=down_after_ms, failover_timeout_ms=failover_timeout_ms)
    prediction = foretell(PAUSE if silent else KILL, views=views, load=Load())

    assert all(0 <= limits.lower_ms < limits.upper_ms and limits.because for limits in prediction.bounds)


@given(st.integers(50, 60_000), st.integers(1, 10_000))
def test_a_longer_d_moves_the_total_by_as_much_as_it_is_longer_or_more(down_after_ms: int, longer_ms: int) -> None:
    def total(d: int) -> Bound:
        return bound(foretell(KILL, views=sentinels(down_after_ms=d)), "first_switch_at", "fault_at")

    before, after = total(down_after_ms), total(down_after_ms + longer_ms)

    assert after.lower_ms - before.lower_ms == longer_ms
    assert after.upper_ms - before.upper_ms == longer_ms


CLUSTER = RestartPolicy(
    restarted=Comeback(least_ms=0, most_ms=5000, by="the kubelet"),
    recreated=Comeback(least_ms=0, most_ms=60000, by="its controller"),
)
NODE = replace(CLUSTER, planned_failover_ms=12_000, stays_away_ms=1500)
DELETE = delete_pod("master")


def test_a_kubelet_may_be_quicker_or_slower_than_d() -> None:
    prediction = foretell(KILL, views=sentinels(down_after_ms=3000), policy=CLUSTER)

    assert prediction.failover is None
    assert prediction.because == (
        "the kubelet brings it back after 0 to 5000 ms, which is too close to D = 3000 ms to be certain"
    )


def test_a_kubelet_is_quicker_than_a_long_d() -> None:
    prediction = foretell(KILL, views=sentinels(down_after_ms=60_000), policy=CLUSTER)

    assert prediction.failover is False
    assert prediction.because.startswith(
        "the kubelet brings it back after 0 to 5000 ms and the Sentinels reach it again within 6200 ms"
    )
    assert prediction.due_ms is not None
    assert 59_000 <= prediction.due_ms <= 60_100
    assert prediction.back_by_ms == prediction.due_ms - 1200


def test_a_boot_rule_that_stays_away_makes_the_failover_certain() -> None:
    prediction = foretell(KILL, policy=NODE)

    assert prediction.failover is True
    assert "less than 1500 ms of D are left: it waits until another is chosen" in prediction.because


def test_a_deleted_master_hands_over_and_its_sentinel_goes_with_it() -> None:
    """Two Sentinels are left, so the quorum of two takes the leader."""
    prediction = foretell(DELETE, policy=NODE, load=Load())
    names = {limits.name: limits for limits in prediction.planned_failover}
    first_writes = [limits for limits in prediction.planned_failover if limits.name == "first_write_at"]

    assert prediction.because.startswith("a planned failover before it stops, or else the master is down")
    assert "2 of 3 known Sentinels" in prediction.because
    assert (names["elected_at"].origin, names["elected_at"].upper_ms) == ("fault_at", 12_000)
    assert [limits.origin for limits in first_writes] == ["dead_at", "promoted_at"]
    assert all(limits.alternative for limits in first_writes)
    assert not {"sdown_at", "odown_at"} & names.keys()
    assert names["quorum_switch_at"].upper_ms == names["last_switch_at"].upper_ms


def test_only_a_deletion_is_a_planned_failover() -> None:
    assert foretell(KILL, policy=NODE).planned_failover == ()
    assert foretell(DELETE, policy=CLUSTER).planned_failover == ()


def test_with_all_sentinels_away_nothing_can_be_told() -> None:
    prediction = foretell(scale_to_zero("master"), policy=NODE)

    assert prediction.failover is None
    assert "either it or a replica may be first to return" in prediction.because


def test_a_master_whose_set_is_it_alone_is_gone_until_it_is_scaled_back() -> None:
    """Document 001's `redis-master`: the Sentinels of the other set replace it."""
    gone = scale_to_zero("master")
    prediction = foretell(gone, policy=replace(CLUSTER, same_controller=("redis-0",)), load=Load())

    assert prediction.failover is True
    assert "nothing restarts it) and 2 of 3 known Sentinels are reachable" in prediction.because
    assert prediction.bounds


def test_with_a_node_all_sentinels_on_it_are_gone() -> None:
    off = stop_node("master")

    assert foretell(off, policy=NODE).failover is True
    shared = foretell(off, policy=replace(NODE, co_located=("redis-1",)))
    assert (shared.failover, shared.because) == (False, "only 1 Sentinels are left, fewer than the quorum of 2")


def test_clients_that_still_reach_a_master_that_is_cut_off_have_no_bound_on_their_first_write() -> None:
    cut_off = isolate("master")
    names = {limits.name for limits in foretell(cut_off, load=Load()).bounds}

    assert "last_switch_at" in names
    assert "first_write_at" not in names


APART = replace(CLUSTER, found_again=False, apart=True)


def remade_within(least_ms: float, most_ms: float) -> RestartPolicy:
    return replace(APART, recreated=Comeback(least_ms=least_ms, most_ms=most_ms, by="its controller"))


def test_a_new_sentinel_that_watches_another_address_leaves_no_majority() -> None:
    """Seen with D = 10 s: back at once, known after 2.3 s, and no election found a majority of four."""
    prediction = foretell(DELETE, views=sentinels(down_after_ms=30_000), policy=remade_within(0, 16_000))

    assert prediction.failover is False
    assert prediction.because == (
        "its controller recreates it after 0 to 16000 ms, as master at another address, with a Sentinel that monitors "
        "only that address: once known to the others, it leaves 2 votes of 4, no majority (3), and is known at 29300 "
        "ms or sooner, before D = 30000 ms"
    )


def test_whether_the_new_sentinel_is_known_before_d_is_over_may_be_chance() -> None:
    """Seen with D = 10 s: a switch in one trial, none in four."""
    prediction = foretell(DELETE, views=sentinels(down_after_ms=10_000), policy=APART)

    assert prediction.failover is None
    assert prediction.bounds
    assert prediction.because.endswith("whether it is known within D = 10000 ms is uncertain")


def test_a_new_sentinel_that_comes_once_a_leader_is_elected_changes_nothing() -> None:
    elected_by_ms = 1200 + 1300 + 240

    assert foretell(DELETE, policy=remade_within(elected_by_ms, 60_000)).failover is True
    assert foretell(DELETE, policy=remade_within(elected_by_ms - 1, 60_000)).failover is None


def test_among_four_sentinels_one_more_that_has_no_vote_makes_no_difference() -> None:
    """Three votes of five: document 001's chart."""
    prediction = foretell(DELETE, views=sentinels(down_after_ms=30_000, count=4), policy=remade_within(0, 1000))

    assert prediction.failover is True
    assert "at another address than the Sentinels look at" in prediction.because


def test_where_some_know_a_dead_one_already_the_new_one_may_be_one_too_many() -> None:
    """Three votes are a majority of the five that one knows then, and none of the six that another knows."""
    views = (*sentinels(count=3, known=4, down_after_ms=30_000), *sentinels(count=4, known=5, down_after_ms=30_000)[3:])

    assert foretell(DELETE, views=views, policy=remade_within(0, 1000)).failover is None


def test_a_killed_container_keeps_its_address_and_its_sentinel() -> None:
    assert "new Sentinel" not in foretell(KILL, views=sentinels(down_after_ms=30_000), policy=APART).because
    assert foretell(KILL, views=sentinels(down_after_ms=30_000), policy=APART).because.startswith(
        "the kubelet brings it"
    )


def test_a_master_that_hands_over_first_is_replaced_whoever_takes_its_place() -> None:
    policy = replace(remade_within(0, 1000), planned_failover_ms=12_000)

    assert foretell(DELETE, views=sentinels(down_after_ms=30_000), policy=policy).failover is True


SERVERS = tuple(
    Server(name=f"redis-{number}", address=f"10.0.0.{number}:6379", role="slave", run_id="") for number in range(3)
)
NEVER = tuple(replace(server, config={"replica-priority": "0"}) for server in SERVERS)
APART_SENTINELS = tuple(replace(view, name=f"watch-{number}") for number, view in enumerate(sentinels()))


@pytest.mark.parametrize("part", ["", "/sentinel"])
def test_a_sentinel_with_a_pod_of_its_own_is_missed_by_the_pod_s_name_too(part: str) -> None:
    two = (kill(f"watch-0{part}"), kill(f"watch-1{part}"))

    assert foretell(*two, KILL, views=APART_SENTINELS, servers=SERVERS).because == (
        "only 1 Sentinels are left, fewer than the quorum of 2"
    )


def test_sentinels_that_are_back_in_time_take_part_and_one_away_for_longer_makes_it_later() -> None:
    """Two of three killed for 2 s, the master 0.3 s later: the second to be back counts D from the start."""
    soon = foretell(kill("sentinel-majority", for_s=2.0), Scheduled(fault=KILL, after_s=0.3))
    past = foretell(kill("sentinel-majority", for_s=2.0), Scheduled(fault=KILL, after_s=3.5))

    assert soon.failover is True
    assert "enough of them only 2700 ms after the fault" in soon.because
    assert bound(soon, "odown_at", "sdown_at").upper_ms == bound(foretell(KILL), "odown_at", "sdown_at").upper_ms + 3700
    assert past == foretell(KILL)


def test_replicas_that_are_away_with_the_master_cannot_be_promoted() -> None:
    both = (kill("redis-1"), kill("redis-2"))
    by_role = (kill("replica"), kill("replica"))
    gone = Prediction(failover=False, because="every replica that could be promoted is away with the master")

    assert foretell(*both, KILL, servers=SERVERS) == foretell(*by_role, KILL, servers=SERVERS) == gone
    assert foretell(kill("replica"), KILL, servers=SERVERS).failover is True
    assert foretell(*both, Scheduled(fault=KILL, after_s=9.0), servers=SERVERS) == gone
    assert (
        foretell(
            kill("redis-1", for_s=1.0), kill("redis-2", for_s=1.0), Scheduled(fault=KILL, after_s=2.0), servers=SERVERS
        ).failover
        is True
    )


def test_with_every_server_away_for_a_while_whoever_is_back_first_decides() -> None:
    told = foretell(kill("every-server", for_s=6.0), servers=SERVERS)

    assert told.failover is None
    assert "whichever server is back first" in told.because
    assert foretell(kill("every-server"), servers=SERVERS).failover is False


@pytest.mark.parametrize(
    ("for_s", "again", "replicas", "failover"),
    [
        (6.0, Scheduled(fault=kill("master"), after_s=2.0), 2, None),
        (6.0, Scheduled(fault=kill("redis-1"), after_s=2.0), 2, None),
        (None, Scheduled(fault=kill("master"), after_s=2.0), 2, True),
        (60.0, Scheduled(fault=kill("master"), after_s=2.0), 2, True),
        (None, Scheduled(fault=kill("master"), after_s=2.0), 1, None),
        (6.0, Scheduled(fault=kill("master"), after_s=8.0), 2, True),
        (6.0, Scheduled(fault=kill("redis-1/sentinel"), after_s=2.0), 2, True),
    ],
)
def test_a_promoted_server_that_is_lost_before_its_promotion_is_seen_costs_an_attempt(
    for_s: float | None, again: Scheduled, replicas: int, failover: object
) -> None:
    """The next one comes 2 * failover-timeout later: too late where the old master is back, or no replica is left."""
    prediction = foretell(kill("master", for_s=for_s), again, views=sentinels(replicas=replicas))

    assert prediction.failover is failover, prediction.because


def test_a_replica_of_priority_0_is_never_promoted() -> None:
    assert foretell(KILL, servers=NEVER) == Prediction(
        failover=False, because="replica-priority is 0 on every replica: none may be promoted"
    )
    assert foretell(KILL, servers=(*NEVER[:2], SERVERS[2])).failover is True
    assert foretell(kill("redis-2"), KILL, servers=(*NEVER[:2], SERVERS[2])).failover is False


def test_what_live_settings_forbid_is_the_reason() -> None:
    assert foretell(KILL, forbidden="the servers refuse CONFIG") == Prediction(
        failover=False, because="the servers refuse CONFIG"
    )


def test_a_master_that_is_back_in_time_is_replaced_once_it_is_lost_for_longer() -> None:
    """Only the first loss used to count. The phases are measured from it, so no bounds apply to them."""
    views = sentinels(down_after_ms=5000)
    again = foretell(kill("master", for_s=1.0), Scheduled(fault=KILL, after_s=10.0), views=views)

    assert again.failover is True
    assert again.bounds == ()
    assert foretell(kill("master", for_s=1.0), kill("master", for_s=1.0), views=views).failover is False


def test_by_tls_a_broken_master_is_down_up_to_a_ping_period_sooner() -> None:
    """Measured on Redis 7.0.15, D = 1000 ms, PINGs every 240 ms: +sdown 818 and 902 ms after SIGKILL."""
    sdown = bound(foretell(KILL, views=by_tls()), "sdown_at", "fault_at")
    assert sdown.lower_ms == 1000 - 240 - 100
    assert all(sdown.lower_ms < measured_ms < sdown.upper_ms for measured_ms in (818, 902))
    assert "last PONG" in sdown.because


def test_by_tls_a_silent_master_is_down_no_sooner() -> None:
    """Its connections live, so that a PING is on its way."""
    assert bound(foretell(PAUSE, views=by_tls()), "sdown_at", "fault_at").lower_ms == 1000


def test_by_tls_a_restart_within_d_may_be_a_failover_all_the_same() -> None:
    back = RestartPolicy(restarted=Comeback(least_ms=100, most_ms=500, by="the kubelet"))
    assert foretell(KILL, views=by_tls(), policy=back).failover is not False
    plain = tuple(replace(view, tls=False) for view in by_tls())
    assert foretell(KILL, views=plain, policy=back).failover is False
