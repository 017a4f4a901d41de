"""What must hold before anything is concluded: each broken assumption is `unknown`, never `fail`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from redis_resilience.judges import assumptions, availability
from redis_resilience.judges.reading import read
from redis_resilience.model.events import Role
from redis_resilience.model.faults import kill
from redis_resilience.model.operations import Cause, Result
from redis_resilience.model.plan import Load, Scheduled, Writers
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import Finding, Verdict


def findings(story: Any) -> dict[str, Finding]:
    history = story.reading()
    measured = availability.judge(read(history)).measures
    return {found.name.removeprefix("assumptions."): found for found in assumptions.check(history, measured)}


def test_a_sound_trial_meets_all_of_them(kill: Any) -> None:
    found = findings(kill())

    assert {finding.verdict for finding in found.values()} == {Verdict.PASS}
    assert list(found) == [
        "history",
        "well_formed",
        "ordered",
        "identified",
        "watched",
        "clean",
        "healthy_before",
        "load",
        "punctual",
        "awake",
        "fault_proved",
        "fault_seen",
        "heal_seen",
        "final_reads",
        "nothing_dropped",
        "left_alone",
        "last_write",
    ]


def incomplete(story: Any) -> None:
    story.complete = False


def torn(story: Any) -> None:
    story.problems = ("operations.bin: the last record was torn, 3 bytes of a truncated record removed",)


def without_last_phase(story: Any) -> None:
    story.events = [event for event in story.events if getattr(event, "name", "") != "done"]


def dirty(story: Any) -> None:
    story.believe(keys_before=1)


def unhealthy(story: Any) -> None:
    story.believe(healthy_before=False, health_text="redis-2 follows nobody")


def idle(story: Any) -> None:
    """The generator left out four of five operations, and the last one of the window."""
    story.operations = [row for row in story.operations if row[0] % 5 == 0 and row[0] != 45]


def silent(story: Any) -> None:
    story.operations = []
    story.plan = replace(story.plan, load=Load(writers=(Writers(count=1, rate=0),)))


def late(story: Any) -> None:
    for key in range(400, 420):
        story.write(key, 3400, server=1, late=25.0)


def asleep(story: Any) -> None:
    """The probe stalled for a moment that is longer than two ticks of Sentinel's own timer."""
    story.event(1400, "probe", "probe-stalled", since=1198)


def unproved(story: Any) -> None:
    story.events = [event for event in story.events if event.label != "fault-effect"]


def proved_without_words(story: Any) -> None:
    story.events = [
        structs.replace(event, proof="") if event.label == "fault-effect" else event for event in story.events
    ]


def half_proved(story: Any) -> None:
    """The fault was to hit two places; one of them proved it."""
    story.event(498, "harness", "fault-begin", fault=0, kind="kill", pod="redis-1", container="sentinel")


def second_fault_missing(story: Any) -> None:
    story.plan = replace(story.plan, faults=(*story.plan.faults, Scheduled(fault=kill("replica"))))


def unread(story: Any) -> None:
    del story.finals["redis-2"]


def restarted(story: Any) -> None:
    story.final(2, range(50), run_id_after="run-2b")


def unnamed(story: Any) -> None:
    story.final(2, range(50), run_id="")


def unseen(story: Any) -> None:
    """The fault reported success, and the server's watcher never lost it."""
    story.samples = [row for row in story.samples if row[5] != Role.UNREACHABLE]
    story.events = [event for event in story.events if event.label != "server-up"]


def sentinel_unseen(story: Any) -> None:
    story.fault(480, pod="redis-2", container="sentinel", number=0)


def evicted(story: Any) -> None:
    story.final(2, range(50), evicted_keys=1)


def expired(story: Any) -> None:
    story.final(2, range(50), expired_keys=1)


def load_ended_early(story: Any) -> None:
    """Every client of the load stopped after the failover, and the probe did not notice."""
    story.operations = [row for row in story.operations if row[1] < story.environment.clock_ns + 2_500_000_000]


def last_write_failed(story: Any) -> None:
    story.write(999, 3499, server=1, cause=Cause.TIMEOUT)


@pytest.mark.parametrize(
    ("spoil", "name", "words"),
    [
        (incomplete, "history", "one that ends before"),
        (torn, "history", "operations.bin: the last record was torn"),
        (without_last_phase, "history", "expected a complete history up to phase 'done'"),
        (dirty, "clean", "got 1"),
        (unhealthy, "healthy_before", "redis-2 follows nobody"),
        (idle, "load", "expected 24 or more acknowledged writes"),
        (silent, "load", "got 0"),
        (late, "punctual", "20 ms or less; got 25.00 ms"),
        (asleep, "awake", "never to stand still for more than 200 ms; got 202 ms"),
        (unproved, "fault_proved", "no proof of kill master, fault 0 on redis-0/redis"),
        (proved_without_words, "fault_proved", "no proof of kill master"),
        (half_proved, "fault_proved", "no proof of fault 0 on redis-1/sentinel"),
        (second_fault_missing, "fault_proved", "no proof of kill replica"),
        (unread, "final_reads", "redis-2 was not read"),
        (restarted, "final_reads", "redis-2 was restarted during the read"),
        (unnamed, "final_reads", "redis-2 was restarted during the read"),
        (unseen, "fault_seen", "redis-0/redis: redis-0 answered all the time"),
        (sentinel_unseen, "fault_seen", "redis-2/sentinel: answered all the time"),
        (evicted, "nothing_dropped", "redis-2: 1 evicted, 0 expired"),
        (expired, "nothing_dropped", "redis-2: 0 evicted, 1 expired"),
        (load_ended_early, "last_write", "expected writes up to the end of the load; got the last one"),
        (last_write_failed, "last_write", "got info of rr:t1:000000000999"),
    ],
)
def test_a_broken_assumption_is_unknown_and_says_what_was_seen(
    kill: Any, spoil: Callable[[Any], None], name: str, words: str
) -> None:
    story = kill()
    spoil(story)

    found = findings(story)[name]

    assert found.verdict is Verdict.UNKNOWN
    assert words in found.text


def test_what_the_scenario_leaves_broken_need_not_be_read(kill: Any) -> None:
    story = kill(heals=False)
    del story.finals["redis-0"]

    assert findings(story)["final_reads"].verdict is Verdict.PASS


def test_but_everything_else_must_be(kill: Any) -> None:
    story = kill(heals=False)
    del story.finals["redis-2"]

    assert findings(story)["final_reads"].verdict is Verdict.UNKNOWN


def test_and_what_was_healed_must_be_too(kill: Any) -> None:
    story = kill(heals=False)
    del story.finals["redis-0"]
    story.event(3300, "harness", "heal-end", fault=0, pod="redis-0", container="redis")

    assert findings(story)["final_reads"].verdict is Verdict.UNKNOWN


def test_where_nothing_heals_the_last_write_may_fail(kill: Any) -> None:
    story = kill(heals=False)
    last_write_failed(story)

    assert findings(story)["last_write"].verdict is Verdict.PASS


def test_pinned_writers_owe_no_last_write(kill: Any) -> None:
    story = kill()
    last_write_failed(story)
    story.plan = replace(story.plan, load=Load(writers=(Writers(target="redis-1", count=1, rate=100.0),)))

    assert findings(story)["last_write"].verdict is Verdict.PASS


def test_nor_do_they_beside_one_who_follows_the_master(kill: Any) -> None:
    story = kill()
    story.plan = replace(
        story.plan,
        load=Load(writers=(Writers(count=1, rate=100.0), Writers(target="redis-1.redis", count=1, rate=100.0))),
    )
    story.write(999, 3490, server=1, client=3)
    story.write(1000, 3490, server=0, client=4, cause=Cause.READONLY)
    assert findings(story)["last_write"].verdict is Verdict.PASS

    story.write(1001, 3491, server=1, client=3, cause=Cause.NOREPLICAS)
    assert findings(story)["last_write"].verdict is Verdict.UNKNOWN


def test_a_client_that_was_busy_at_the_end_is_not_the_last_write(kill: Any) -> None:
    """The one that it waited for was acknowledged."""
    story = kill()
    story.write(999, 3495, server=NO_SERVER, cause=Cause.WAITING)

    assert findings(story)["last_write"].verdict is Verdict.PASS


def test_what_was_dropped_before_the_trial_is_no_hole(kill: Any) -> None:
    """Counters run since the server's start; after a restart in the trial all of them count."""
    story = kill()
    story.believe(servers=tuple(replace(each, evicted_keys=1) for each in story.environment.servers))
    evicted(story)
    same = findings(story)["nothing_dropped"]
    story.final(2, range(50), evicted_keys=1, run_id="another")
    restarted = findings(story)["nothing_dropped"]

    assert same.verdict is Verdict.PASS
    assert restarted.verdict is Verdict.UNKNOWN


def test_what_expired_before_the_trial_is_no_hole_either(kill: Any) -> None:
    """Somebody tried EXPIRE on a deployment that the next trial takes over."""
    story = kill()
    story.believe(servers=tuple(replace(each, expired_keys=1) for each in story.environment.servers))
    story.final(2, range(50), expired_keys=1)
    before = findings(story)["nothing_dropped"]
    story.final(2, range(50), expired_keys=2)
    also_within = findings(story)["nothing_dropped"]

    assert before.verdict is Verdict.PASS
    assert also_within.text.endswith("got redis-2: 0 evicted, 1 expired")


def test_a_master_that_was_killed_had_evicted_keys_before(kill: Any) -> None:
    """Its counters ended with it; the process that came back has none. They were asked just before the fault."""
    story = kill()
    story.believe(servers=tuple(replace(each, evicted_keys=2) for each in story.environment.servers))
    dropped = {"server": "redis-0", "run_id": "run-0", "expired_keys": 0}
    story.final(1, story.finals["redis-1"].keys, role="master", evicted_keys=2)
    story.final(2, story.finals["redis-2"].keys, evicted_keys=2)
    story.event(498, "harness", "dropped", evicted_keys=2, **dropped)
    same = findings(story)["nothing_dropped"]
    story.event(499, "harness", "dropped", evicted_keys=5, **dropped)

    assert same.verdict is Verdict.PASS
    assert findings(story)["nothing_dropped"].text.endswith("got redis-0: 3 evicted, 0 expired")


def test_counters_that_were_reset_meanwhile_are_counted_from_zero(kill: Any) -> None:
    story = kill()
    for at, evicted_keys in ((300, 3), (400, 1)):
        story.event(at, "harness", "dropped", server="redis-2", run_id="run-2", evicted_keys=evicted_keys)
    story.final(2, story.finals["redis-2"].keys, evicted_keys=1)

    assert findings(story)["nothing_dropped"].text.endswith("got redis-2: 4 evicted, 0 expired")


def test_keys_of_others_may_expire(kill: Any) -> None:
    """Our keys have no time to live; where the keyspace is shared, an expiry says nothing."""
    story = kill()
    story.believe(owns_data=False)
    expired(story)

    assert findings(story)["nothing_dropped"].verdict is Verdict.PASS


def executed(story: Any, at: int, commands: str, *, usual: str = "", run_id: str = "run-0") -> None:
    story.event(at, "harness", "executed", server="redis-0", run_id=run_id, commands=commands, usual=usual)


def test_commands_of_somebody_else_are_named_by_process(kill: Any) -> None:
    """Each event tells what was done since the trial began: the last one of a process counts."""
    story = kill()
    executed(story, 498, "DEL 2")
    executed(story, 499, "DEL 2, FLUSHALL 1")
    executed(story, 3600, "CLIENT KILL 1", run_id="run-0b")

    found = findings(story)["left_alone"]
    assert found.verdict is Verdict.UNKNOWN
    assert found.text.endswith("got redis-0: DEL 2, FLUSHALL 1; redis-0: CLIENT KILL 1")


def test_what_servers_are_used_to_is_no_interference_and_is_named(kill: Any) -> None:
    story = kill()
    executed(story, 499, "", usual="CONFIG SET 2")

    found = findings(story)["left_alone"]
    assert found.verdict is Verdict.PASS
    assert found.text.endswith("got that; as before the trial: redis-0: CONFIG SET 2")


@pytest.mark.parametrize(("more", "verdict"), [(0, Verdict.PASS), (1, Verdict.UNKNOWN)])
def test_more_writes_than_the_clients_sent_are_somebody_s(kill: Any, more: int, verdict: Verdict) -> None:
    story = kill()
    own = sum(int(row["outcome"]) != Result.FAIL for row in story.history().operations)
    told = {"server": "redis-1", "run_id": "run-1", "commands": "", "sets": own + more}
    story.event(4000, "harness", "executed", **told)

    found = findings(story)["left_alone"]
    assert found.verdict is verdict
    assert ("redis-1: SET 1" in found.text) == bool(more)


def test_settings_that_somebody_changed_are_named(kill: Any) -> None:
    change = "master mymaster 10.0.0.0 6379 down-after-milliseconds 60000"
    server, sentinel = kill(), kill()
    server.event(
        3600, "harness", "setting-changed", server="redis-1", setting="replica-priority", before="100", now="0"
    )
    sentinel.event(3000, "sentinel:redis-1", "+set", change)

    assert findings(server)["left_alone"].text.endswith("got redis-1 had replica-priority 100, and 0 at the end")
    assert findings(sentinel)["left_alone"].text.endswith(
        f"got the Sentinel of redis-1 received a change of its settings: +set {change}"
    )
