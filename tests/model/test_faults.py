"""A fault is data: its parameters, its traits, its words; numbers that make no sense are refused."""

from __future__ import annotations

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.model.faults import (
    DeletePod,
    RollingUpgrade,
    delete_pod,
    grow,
    isolate,
    kill,
    pause,
    rolling_upgrade,
    scale_to_zero,
    stop,
    stop_node,
)
from redis_resilience.model.traits import BackBy, PeersSee, Process, Takes

MAKERS = (kill, stop, pause, isolate, delete_pod, scale_to_zero, stop_node, grow)


@pytest.mark.parametrize("make", MAKERS)
def test_a_fault_is_named_after_its_function_and_takes_a_duration(make):
    fault = make("master", for_s=2)

    assert fault.kind == make.__name__.replace("_", "-")
    assert (fault.target, fault.for_s) == ("master", 2)
    assert str(fault).startswith(f"{fault.kind} master")


def test_parameters_read_in_words():
    assert str(kill("master")) == "kill master"
    assert str(delete_pod("master", grace_s=0)) == "delete-pod master, grace 0 s"
    assert str(grow("redis-7", slots=20)) == "grow redis-7 by 20 slots of each shard"


def test_a_rolling_upgrade_is_of_every_server_is_planned_and_stays():
    """It needs no duration: another one goes back. Nothing else is planned."""
    fault = rolling_upgrade("redis:8.0")

    assert str(fault) == "rolling-upgrade of every-server to redis:8.0, replicas first"
    assert str(rolling_upgrade(order="highest-first")) == (
        "rolling-upgrade of every-server to its own engine, highest first"
    )
    assert fault.traits.planned
    assert (fault.traits.watchers_lose_it, fault.traits.takes, fault.traits.back_by) == (True, Takes.POD, BackBy.HEAL)
    assert not any(make("redis-7").traits.planned for make in MAKERS)


@pytest.mark.parametrize("make", MAKERS)
def test_what_stays_up_and_is_reached_is_not_lost_by_the_watchers(make):
    """The traits of one fault do not contradict each other."""
    traits = make("redis-7").traits

    assert traits.watchers_lose_it is not traits.clients_reach_it
    assert (traits.process is Process.STAYS_UP) is traits.clients_reach_it
    if traits.process in (Process.HANGS, Process.STAYS_UP):
        assert traits.peers_see is not PeersSee.BROKEN_CONNECTIONS
        assert not traits.asked_to_end


def test_half_a_partition_is_missed_by_those_who_cannot_connect():
    """Peers connect to a master for everything that they want from it; its connections to them, they do not miss."""
    unreached, unreaching = (isolate("master", direction=each) for each in ("in", "out"))

    assert (unreached.traits.peers_see, unreached.traits.whole_pod) == (PeersSee.SILENCE, True)
    assert (unreached.traits.peers_reach_it, unreached.traits.reaches_peers) == (False, True)
    assert str(unreached) == "isolate master from its peers"
    assert unreaching.traits.peers_see is PeersSee.NOTHING
    assert (unreaching.traits.peers_reach_it, unreaching.traits.reaches_peers) == (True, False)
    assert (unreaching.traits.whole_pod, str(unreaching)) == (False, "isolate master to its peers")


def test_who_brings_it_back_and_what_goes_along():
    assert {make.__name__ for make in MAKERS if make("m").traits.back_by is BackBy.RESTART} == {"kill", "stop"}
    assert {make.__name__ for make in MAKERS if make("m").traits.back_by is BackBy.RECREATION} == {"delete_pod"}
    assert stop_node("m").traits.takes is Takes.NODE
    assert scale_to_zero("m").traits.takes is Takes.CONTROLLER
    assert [make("m").traits.whole_pod for make in (kill, isolate, delete_pod)] == [False, True, True]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: kill(""), "expected a target of fault kill; got none"),
        (lambda: kill("master", for_s=-1), "expected a duration of fault kill of 0 to 86400 s; got -1 s"),
        (lambda: pause("master", for_s=float("nan")), "expected a duration of fault pause .*; got nan s"),
        (lambda: stop("master", for_s=1e9), "expected a duration of fault stop .*; got 1000000000 s"),
        (lambda: delete_pod("master", grace_s=-1), "expected a grace period of 0 to 86400 s; got -1 s"),
        (lambda: DeletePod(target="", grace_s=1), "expected a target of fault delete-pod; got none"),
        (lambda: isolate("m", direction="up"), "expected a direction of: in, out, both; got 'up'"),
        (lambda: rolling_upgrade(order="any"), "expected an order of: replicas-first, highest-first; got 'any'"),
        (lambda: RollingUpgrade(target="m", for_s=2), "expected rolling-upgrade without for_s, as it stays; got 2 s"),
        (lambda: grow("redis-7", slots=0), "expected a number of slots of each shard of 1 to 16384; got 0"),
    ],
)
def test_what_makes_no_sense_is_refused(make, words):
    with pytest.raises(UsageError, match=words):
        make()
