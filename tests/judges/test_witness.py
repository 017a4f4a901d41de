"""Witnesses of faults and heals in literal histories: within the fault's own time, and no contradiction."""

from typing import Any, get_args

import pytest

from redis_resilience.judges import witness
from redis_resilience.judges.reading import read
from redis_resilience.model.events import Link, Role
from redis_resilience.model.faults import (
    Fault,
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
from redis_resilience.model.records import NO_SERVER

HEAL = 2500


def whole(tell: Any, fault: Fault, *, container: str = "redis", pod: str = "redis-1", **where: Any) -> Any:
    """A history in which nothing happens to any server, whatever is claimed from 500 to 2500 ms."""
    story = tell()
    story.fault(500, pod=pod, container=container)
    story.planned(fault)
    facts = {"fault": 0, "fault_kind": fault.kind, "pod": pod, "container": container, **where}
    story.event(HEAL, "harness", "heal-begin", **facts)
    story.event(HEAL + 20, "harness", "heal-end", since=HEAL, proof="undone", **facts)
    story.phase(3500, "quiesce")
    for at in range(0, 3600, 20):
        story.sample(0, at, Role.MASTER, offset=at)
        for server in (1, 2):
            story.sample(server, at, Role.REPLICA, offset=at, source=0)
    return story


def altered(story: Any, server: int, begin: int, end: int, **changes: Any) -> None:
    """That server's samples of this time say something else."""
    names = ("call_ns", "return_ns", "offset", "server", "source", "role", "link", "replicas", "pad")
    first, last = ((5_000 + at) * 1_000_000 for at in (begin, end))
    story.samples = [
        tuple(changes.get(name, value) for name, value in zip(names, row, strict=True))
        if row[3] == server and first <= row[0] < last
        else row
        for row in story.samples
    ]


def seen(story: Any) -> tuple[list[str], list[str]]:
    reading = read(story.history())
    return witness.unseen(reading), witness.unhealed(reading)


ENDS = (
    *(make("redis-1") for make in (kill, stop, pause, delete_pod, stop_node, scale_to_zero)),
    rolling_upgrade("8.0.2", target="redis-1"),
)
PARTITIONS = tuple(isolate("redis-1", direction=direction) for direction in ("both", "in", "out"))


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        *((fault, "redis-1 answered all the time") for fault in ENDS),
        *((fault, "redis-1 went on to receive its master's data") for fault in PARTITIONS if fault.direction != "in"),
        (isolate("redis-1", direction="in"), "none of its peers lost contact with it"),
        (grow("redis-1"), "no node's table says that it has a slot"),
    ],
    ids=str,
)
def test_a_fault_that_left_no_trace_is_not_seen(tell: Any, fault: Fault, why: str) -> None:
    assert seen(whole(tell, fault))[0] == [f"redis-1/redis: {why}"]


@pytest.mark.parametrize("fault", [*ENDS, *PARTITIONS, grow("redis-1")], ids=str)
def test_a_heal_that_left_no_trace_is_not_seen(tell: Any, fault: Fault) -> None:
    """From the fault to the end all stays as the fault left it."""
    story = whole(tell, fault)
    if fault in PARTITIONS:
        altered(story, 1, 500, 3600, link=Link.NONE, offset=500)
    elif fault in ENDS:
        altered(story, 1, 500, 3600, role=Role.UNREACHABLE, offset=-1, source=NO_SERVER)

    assert seen(story)[1] == ["redis-1/redis"]


def test_every_kind_of_fault_is_among_them() -> None:
    assert {type(fault) for fault in (*ENDS, *PARTITIONS, grow("redis-1"))} == set(get_args(Fault))


def test_an_isolated_master_whose_replicas_go_on_is_not_seen(tell: Any) -> None:
    unseen, _ = seen(whole(tell, isolate("redis-0"), pod="redis-0"))

    assert unseen == ["redis-0/redis: redis-1 went on to receive its master's data"]


@pytest.mark.parametrize("at", [300, 3000], ids=["before", "after the heal"])
def test_a_sample_outside_the_fault_s_time_is_no_witness(tell: Any, at: int) -> None:
    story = whole(tell, kill("redis-1"))
    altered(story, 1, at, at + 100, role=Role.UNREACHABLE)

    assert seen(story)[0] == ["redis-1/redis: redis-1 answered all the time"]


def test_one_unreachable_sample_among_answers_is_no_witness(tell: Any) -> None:
    story = whole(tell, kill("redis-1"))
    altered(story, 1, 1000, 1040, role=Role.UNREACHABLE)

    assert "times while it was gone" in seen(story)[0][0]


def test_another_process_of_that_name_is_the_best_witness(tell: Any) -> None:
    """A kubelet restarts it at once: it answers, with another run_id."""
    story = whole(tell, kill("redis-1"))
    address = "10.0.0.1:6379"
    story.event(560, "server:redis-1", "server-up", since=540, server="redis-1", address=address, run_id="run-1b")

    assert seen(story) == ([], [])


def test_the_same_process_met_again_did_not_end(tell: Any) -> None:
    story = whole(tell, kill("redis-1"))
    altered(story, 1, 500, 560, role=Role.UNREACHABLE)
    address = "10.0.0.1:6379"
    story.event(560, "server:redis-1", "server-up", since=540, server="redis-1", address=address, run_id="run-1")

    assert "times while it was gone" in seen(story)[0][0]


def test_a_partition_that_holds_is_seen_and_so_is_its_heal(tell: Any) -> None:
    story = whole(tell, isolate("redis-1"))
    altered(story, 1, 520, HEAL + 40, offset=520)

    assert seen(story) == ([], [])


def test_rules_that_vanish_right_after_the_proof_are_noticed(tell: Any) -> None:
    story = whole(tell, isolate("redis-1"))
    altered(story, 1, 520, 900, offset=520)

    assert seen(story)[0] == ["redis-1/redis: redis-1 went on to receive its master's data"]


def test_a_partition_that_stays_after_its_heal_is_noticed(tell: Any) -> None:
    story = whole(tell, isolate("redis-1"))
    altered(story, 1, 520, 3700, offset=520)

    assert seen(story) == ([], ["redis-1/redis"])


def test_half_a_partition_lets_the_other_half_pass(tell: Any) -> None:
    """A replica that accepts no connections has its own connection to the master; the Sentinels miss it."""
    story = whole(tell, isolate("redis-1", direction="in"))
    text = "slave 10.0.0.1:6379 10.0.0.1 6379 @ mymaster 10.0.0.0 6379"
    assert seen(story)[0] == ["redis-1/redis: none of its peers lost contact with it"]
    story.event(1600, "sentinel:redis-2", "+sdown", text)
    story.event(2600, "sentinel:redis-2", "-sdown", text)

    assert seen(story) == ([], [])


def test_a_sentinel_that_speaks_is_not_gone(tell: Any) -> None:
    story = whole(tell, kill("redis-1/sentinel"), container="sentinel")
    assert seen(story)[0] == ["redis-1/sentinel: answered all the time"]
    story.event(510, "sentinel:redis-1", "sentinel-down", since=490, sentinel="redis-1")
    assert seen(story) == ([], ["redis-1/sentinel"])
    story.event(2520, "sentinel:redis-1", "sentinel-up", sentinel="redis-1")
    assert seen(story) == ([], [])
    story.event(1500, "sentinel:redis-1", "+sdown", "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.0 6379")
    assert seen(story)[0] == ["redis-1/sentinel: spoke while it was gone"]


def test_growth_is_seen_in_the_nodes_tables(tell: Any) -> None:
    story = whole(tell, grow("redis-2"), pod="redis-2")
    assert seen(story) == (["redis-2/redis: no node's table says that it has a slot"], ["redis-2/redis"])
    story.owner(510, "redis-0", old="redis-0", new="redis-2")
    story.word(2510, "redis-0", "left", node="redis-2")

    assert seen(story) == ([], [])


def test_a_server_that_stays_away_was_not_healed(tell: Any) -> None:
    story = whole(tell, kill("redis-1"))
    altered(story, 1, 500, 3700, role=Role.UNREACHABLE, link=Link.NONE, source=NO_SERVER)

    assert seen(story) == ([], ["redis-1/redis"])


def test_a_scenario_that_leaves_it_broken_owes_no_heal(tell: Any) -> None:
    story = whole(tell, kill("redis-1"))
    altered(story, 1, 500, 3700, role=Role.UNREACHABLE)
    story.expect(heals=False)

    assert seen(story) == ([], [])


def test_a_server_that_is_back_without_a_record_of_its_heal_is_not_healed(tell: Any) -> None:
    """Of the two faults on it, that of one is there: as a record that was lost, or a restart by somebody else."""
    story = whole(tell, kill("redis-1"))
    story.fault(2600, pod="redis-1", number=1)
    assert witness.unended(story.reading()) == ["redis-1/redis"]
    story.undone(3000, 3100, pod="redis-1", number=1)
    assert witness.unended(story.reading()) == []

    story.events = [event for event in story.events if event.label != "heal-end"]
    assert witness.unended(story.reading()) == ["redis-1/redis", "redis-1/redis"]
    story.expect(heals=False)
    assert witness.unended(story.reading()) == []


def test_a_trial_that_was_broken_off_had_nothing_to_undo_yet(tell: Any) -> None:
    story = whole(tell, kill("redis-1"))
    story.events = [event for event in story.events if event.label not in ("heal-begin", "heal-end", "phase")]

    assert witness.unended(story.reading()) == []


def test_every_fault_of_the_plan_is_asked_for(tell: Any) -> None:
    story = whole(tell, pause("redis-1"))
    story.fault(600, pod="redis-2", number=1)
    altered(story, 1, 500, HEAL + 20, role=Role.UNREACHABLE)

    assert seen(story)[0] == ["redis-2/redis: redis-2 answered all the time"]
