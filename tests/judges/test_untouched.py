"""What happens to servers and Sentinels that no fault had hit is reported, and the trial is no pass."""

from dataclasses import replace
from typing import Any

import pytest

from redis_resilience.judges.judge import judge
from redis_resilience.judges.untouched import disturbed
from redis_resilience.model.events import Role
from redis_resilience.model.plan import Load, Writers
from redis_resilience.model.records import NO_SERVER
from redis_resilience.model.verdict import Verdict
from tests.judges.conftest import ns
from tests.judges.test_mutants import calm

MASTER = "master mymaster 10.0.0.0 6379"


def found(story: Any) -> list[str]:
    return list(disturbed(story.reading()))


def test_a_kill_and_a_trial_without_a_fault_are_as_planned(kill: Any) -> None:
    assert found(kill()) == []
    assert found(calm(kill)) == []


@pytest.mark.parametrize(("since", "until", "silent"), [(2200, 3300, 1081), (2200, 3180, None)])
def test_a_server_that_did_not_answer_for_long_is_reported(kill: Any, since: int, until: int, silent: Any) -> None:
    """Somebody stopped it for a while; redis-0 was hit, and may be silent for as long as it takes."""
    story = kill()
    story.silence(2, since, until)

    assert found(story) == ([f"redis-2 did not answer for {silent} ms, and no fault had hit it"] if silent else [])


@pytest.mark.parametrize(("until", "still"), [(2300, 1100), (2180, None)])
def test_clients_that_wait_for_long_in_a_trial_that_breaks_no_server(kill: Any, until: int, still: Any) -> None:
    """CLIENT PAUSE, or a manual min-replicas-to-write: the server answers its watchers all the time."""
    quiet, watcher, probe, broken = calm(kill), calm(kill), calm(kill), kill()
    watcher.fault(1000, pod="redis-2", container="sentinel")
    probe.event(1500, "probe", "probe-stalled", since=1300)
    for story in (quiet, watcher, probe):
        story.operations = [row for row in story.operations if not 1200 < (row[1] - ns(0)) / 1e6 < until]

    told = [f"no write was acknowledged for {still} ms, and no fault had hit a server"] if still else []
    assert found(quiet) == found(watcher) == told
    assert found(probe) == found(broken) == []


def test_clients_that_write_seldom_do_not_wait_for_long(kill: Any) -> None:
    story = calm(kill)
    story.plan = replace(story.plan, load=Load(writers=(Writers(count=1, rate=0.5),)))
    story.operations = story.operations[::200]

    assert found(story) == []


def test_the_time_for_which_the_probe_stalled_is_no_silence_of_a_server(kill: Any) -> None:
    story = kill()
    story.silence(2, 2200, 3300)
    story.event(2500, "probe", "probe-stalled", since=2300)

    assert found(story) == []


def test_a_sentinel_that_no_fault_had_hit_was_lost(kill: Any) -> None:
    story = kill()
    story.event(3300, "sentinel:redis-1", "sentinel-down", sentinel="redis-1")
    assert found(story) == ["the Sentinel of redis-1 was lost, and no fault had hit it"]

    story.fault(3000, pod="redis-1", container="sentinel", number=1)
    assert found(story) == []


@pytest.mark.parametrize(("at", "when"), [(300, "before the first fault"), (600, "")])
def test_a_master_that_was_found_down_before_anything_was_broken(kill: Any, at: float, when: str) -> None:
    """Taken back or not: what Sentinels say later is of the fault."""
    story = kill()
    for sentinel in ("redis-2", "redis-0"):
        story.event(at, f"sentinel:{sentinel}", "+sdown", MASTER)
        story.event(at + 1, f"sentinel:{sentinel}", "-sdown", MASTER)
    story.event(at, "sentinel:redis-0", "+sdown", "slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.0 6379")

    assert found(story) == ([f"+sdown {when} (reported by redis-0, redis-2)"] if when else [])


def test_an_attempt_that_failed_in_a_trial_without_a_fault(kill: Any) -> None:
    story = calm(kill)
    story.event(300, "sentinel:redis-0", "+odown", f"{MASTER} #quorum 2/2")

    assert found(story) == ["+odown in a trial without a fault (reported by redis-0)"]


@pytest.mark.parametrize(("at", "when"), [(300, "before the first fault"), (600, "")])
def test_a_sentinel_in_tilt_before_anything_was_broken(kill: Any, at: float, when: str) -> None:
    """It acts on nothing for 30 s; later, a fault or the machine explains it, and the bounds weigh it."""
    story = kill()
    story.event(at, "sentinel:redis-1", "+tilt", "#tilt mode entered")

    assert found(story) == ([f"TILT {when} (reported by redis-1)"] if when else [])
    assert found(_calm_with_tilt(kill)) == ["TILT in a trial without a fault (reported by redis-2)"]


def _calm_with_tilt(kill: Any) -> Any:
    story = calm(kill)
    story.event(3000, "sentinel:redis-2", "+tilt", "#tilt mode entered")
    return story


def test_a_node_that_was_missed_before_anything_was_broken(cluster: Any) -> None:
    story = cluster()
    assert found(story) == []

    story.word(300, "redis-1", "pfail", node="redis-3")
    assert found(story) == ["pfail before the first fault (reported by redis-1)"]


@pytest.mark.parametrize("role", [Role.MASTER, Role.LOADING])
def test_a_server_that_was_master_for_a_while_in_a_trial_without_a_fault(kill: Any, role: Role) -> None:
    story = calm(kill)
    story.samples = [row for row in story.samples if row[3] != 2 or not 6_000 < row[0] / 1e6 < 6_500]
    story.sample(2, 1200, role)

    assert found(story) == (["redis-2 changed its role"] if role is Role.MASTER else [])


def changed_quietly(story: Any, at: int) -> Any:
    """redis-1 takes over from redis-0, and no Sentinel announces it."""
    story.samples, story.operations = [], []
    for when in range(0, 3700, 20):
        master = 1 if when >= at else 0
        for server in range(3):
            role = Role.MASTER if server == master else Role.REPLICA
            story.sample(server, when + server, role, offset=when, source=NO_SERVER if server == master else master)
    for key in range(350):
        story.write(key, key * 10, server=1 if key * 10 >= at else 0)
    for server in range(3):
        story.final(server, range(350), role="master" if server == 1 else "replica")
    story.asked()
    return story


def test_a_master_that_no_sentinel_announced_is_no_pass(kill: Any) -> None:
    """With no fault, and with a fault whose failover the watchers did not hear: it is neither none nor a failure."""
    silent = kill()
    silent.events = [event for event in silent.events if not event.source.startswith(("sentinel:", "log:"))]
    silent.asked()
    for story in (changed_quietly(calm(kill), 1500), silent):
        judgement = judge(story.history())
        findings = {finding.name: finding for finding in judgement.findings}
        assert judgement.verdict is Verdict.UNKNOWN
        assert findings["failover.expected"].verdict is Verdict.UNKNOWN
        assert "redis-1 is master at the end, and no Sentinel announced it" in findings["unplanned.changes"].text


def test_sentinels_that_all_began_anew_have_nothing_to_announce(kill: Any) -> None:
    story = changed_quietly(calm(kill), 1500)
    for number in range(3):
        name = f"redis-{number}"
        story.event(1000, f"sentinel:{name}", "sentinel-down", sentinel=name)

    assert "is master at the end" not in judge(story.history()).findings[-1].text
    names = {finding.name: finding.text for finding in judge(story.history()).findings}
    assert "is master at the end" not in names["failover.expected"] + names["unplanned.changes"]
