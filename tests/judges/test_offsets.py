"""How far replicas had replicated when they were read: all that their master had, or they are behind."""

from typing import Any

import pytest

from redis_resilience.judges import offsets
from redis_resilience.judges.judge import judge
from redis_resilience.model.events import Role
from redis_resilience.model.verdict import Verdict

LAST = 35400
"""Of redis-1, the master, at 3540 ms: 60 ms before the final reads, which are from 3610 to 3650."""


def behind(story: Any) -> list[tuple[str, bool]]:
    return [(each.text, each.proved) for each in offsets.behind(story.reading())]


def redundant(story: Any) -> tuple[Verdict, str]:
    (found,) = [each for each in judge(story.history()).findings if each.name == "convergence.redundant"]
    return found.verdict, found.text


def stands_still(story: Any, server: int, *, at: int = LAST - 100) -> None:
    """That server stays at this offset."""
    story.samples = [(*row[:2], min(row[2], at), *row[3:]) if row[3] == server else row for row in story.samples]


def read_at(story: Any, server: int, offset: int) -> None:
    keys = story.finals[f"redis-{server}"].keys
    story.final(server, keys, offset=offset, **{"run_id": "run-0b"} if server == 0 else {})


def test_a_replica_with_all_that_its_master_had_is_not_behind(kill: Any) -> None:
    story = kill()
    read_at(story, 2, LAST)

    assert behind(story) == []


def test_a_replica_that_stands_still_is_behind_and_no_redundancy(kill: Any) -> None:
    """It is linked, and the keys are there."""
    story = kill()
    stands_still(story, 2)

    text = "redis-2 was read at the replication offset 35300, 100 bytes less than redis-1 had before that"
    assert behind(story) == [(text, True)]
    verdict, told = redundant(story)
    assert verdict is Verdict.FAIL
    assert told.endswith(f"; {text}")


def test_where_its_watcher_had_seen_it_level_nothing_is_known(kill: Any) -> None:
    story = kill()
    read_at(story, 2, LAST - 1)

    ((_, proved),) = behind(story)
    assert not proved
    assert redundant(story)[0] is Verdict.UNKNOWN


def test_without_a_link_to_a_known_server_there_is_nothing_to_compare(kill: Any) -> None:
    story = kill()
    story.samples = [row for row in story.samples if row[3] != 2]
    read_at(story, 2, 5)

    assert behind(story) == []


def test_what_was_sent_just_before_may_still_arrive(kill: Any) -> None:
    story = kill()
    stands_still(story, 2, at=LAST)
    for at, offset in ((3555, LAST), (3590, LAST + 100)):
        story.sample(1, at, Role.MASTER, offset=offset)
    read_at(story, 1, LAST + 100)

    assert behind(story) == []


def test_what_the_master_had_when_it_was_read_first_is_asked_of_those_read_later(kill: Any) -> None:
    story = kill()
    for server, begin, end in ((0, 3601, 3602), (1, 3603, 3604), (2, 3605, 3606)):
        keys = story.finals[f"redis-{server}"].keys
        run_id = {"run_id": "run-0b"} if server == 0 else {}
        when = {"begin_ns": (5_000 + begin) * 1_000_000, "end_ns": (5_000 + end) * 1_000_000}
        story.final(server, keys, offset=35800 + 9 * (server == 1), **when, **run_id)

    ((text, proved),) = behind(story)
    assert text == "redis-2 was read at the replication offset 35800, 9 bytes less than redis-1 had before that"
    assert not proved, "all of it may have been on its way"
    assert redundant(story)[0] is Verdict.UNKNOWN

    story.sample(2, 3620, Role.REPLICA, offset=35809, source=1)
    assert behind(story) == []


def test_where_others_write_on_what_the_master_had_at_the_end_of_the_load_counts(kill: Any) -> None:
    """Which is 3500 ms here: 34400 is what the master had 60 ms before."""
    story = kill()
    story.believe(owns_data=False)
    story.events = [event for event in story.events if event.label != "load-end"]
    story.event(3500, "probe", "load-end", writes=None)
    stands_still(story, 2, at=34400)
    assert behind(story) == []

    stands_still(story, 2, at=34399)
    assert [text.split(", ")[1].split(" than")[0] for text, _ in behind(story)] == ["1 bytes less"]


@pytest.mark.parametrize(
    ("at", "seen", "read", "why"),
    [
        (3600, 35900, 35899, "was read at the replication offset 35899, and had been at 35900 before"),
        (3660, 35900, 35901, "was read at the replication offset 35901, and was at 35900 afterwards"),
        (3600, 35900, 35900, ""),
        (3660, 35900, 35900, ""),
    ],
)
def test_a_server_is_read_where_its_watcher_sees_it(kill: Any, at: int, seen: int, read: int, why: str) -> None:
    story = kill()
    story.sample(1, at, Role.MASTER, offset=seen)
    read_at(story, 1, 0)
    story.final(1, story.finals["redis-1"].keys, role="master", offset=read)
    reading = story.reading()

    assert offsets.misplaced(reading, reading.finals["redis-1"]) == why


def test_offsets_of_another_role_are_no_measure(kill: Any) -> None:
    story = kill()
    story.sample(1, 3600, Role.REPLICA, offset=99_999)
    reading = story.reading()

    assert offsets.misplaced(reading, reading.finals["redis-1"]) == ""
