"""Which commands somebody else sent, by what INFO commandstats counts."""

from __future__ import annotations

import pytest

from redis_resilience.trials.commands import administrative, calls_in, in_words, since, writing


def test_calls_are_read_from_info():
    told = {"cmdstat_config|set": "calls=2,usec=20", "cmdstat_get": "calls=90,usec=1", "cmdstat_del": "calls=1,usec=3"}

    assert calls_in(told) == {"del": 1, "config|set": 2}


@pytest.mark.parametrize(("version", "found"), [("6.2.14", {}), ("7.0.15", {"slaveof": 1}), ("8.0.2", {"slaveof": 1})])
def test_before_redis_7_what_a_sentinel_sends_cannot_be_told(version, found):
    assert calls_in({"redis_version": version, "cmdstat_slaveof": "calls=1,usec=3"}) == found


@pytest.mark.parametrize(
    ("now", "before", "found"),
    [
        ({"del": 3}, {"del": 1}, {"del": 2}),
        ({"del": 3}, {"del": 3}, {}),
        ({"del": 1}, {"del": 4}, {"del": 1}),
    ],
    ids=["more", "none", "reset meanwhile"],
)
def test_what_was_executed_since(now, before, found):
    assert since(now, before) == found


@pytest.mark.parametrize(
    ("calls", "found"),
    [
        ({"slaveof": 2, "client|kill": 4}, {}),
        ({"slaveof": 1, "client|kill": 3}, {"client|kill": 1}),
        ({"replicaof": 1}, {"replicaof": 1}),
        ({"slaveof": 2, "client|kill": 2}, {"slaveof": 2, "client|kill": 2}),
        ({"config|set": 2, "slaveof": 1, "client|kill": 2}, {"config|set": 2}),
    ],
    ids=["a Sentinel", "and a kill", "by hand", "one by hand", "and a setting"],
)
def test_what_a_sentinel_sends_to_reconfigure_a_server_is_not_somebody_s(calls, found):
    assert administrative(calls, moves_slots=False) == found


def test_a_trial_that_moves_slots_does_so_itself():
    calls = {"cluster|setslot": 9, "cluster|meet": 1, "config|set": 1, "del": 27, "flushall": 1, "migrate": 3}

    assert administrative(calls, moves_slots=True) == {"config|set": 1}
    assert writing(calls, moves_slots=True) == {"flushall": 1}


def test_sets_are_the_probe_s_own_as_far_as_counts_tell():
    assert writing({"set": 900, "append": 1}, moves_slots=False) == {"append": 1}


def test_commands_are_named_as_redis_documents_them():
    assert in_words({"config|set": 2, "client|kill": 1}) == "CLIENT KILL 1, CONFIG SET 2"
