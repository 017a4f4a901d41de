"""The judges of a Redis Cluster are judged, too: each of these mistakes must be noticed by at least one check below."""

from dataclasses import replace
from typing import Any

import pytest

from redis_resilience.model.operations import Cause
from redis_resilience.model.verdict import Finding, Judgement, Verdict
from tests.judges.mutation import UNCHANGED, Edit, Judge, is_noticed, label, load, ms, seen

MUTANTS: dict[str, list[Edit]] = {
    "check_one_master_replaced": [
        ("shards", "failover=None, ", ""),
        ("shards", "group.rate / shards", "group.rate"),
    ],
    "check_what_nothing_touched": [
        ("shards", "max_outage_s=allowed_s, ", ""),
        ("shards", "if damage(reading, shard) else None", ""),
        ("shards", "if damage(reading, shard) else None", "if not damage(reading, shard) else None"),
        ("shards", ", two_masters_s=0.0", ""),
    ],
    "check_sums": [
        ("combining", "first_ns = min(", "first_ns = max("),
        ("combining", "write: write.return_ns", "write: write.server"),
    ],
    "check_the_last_slot_of_each": [
        ("shards", "first : last + 1", "first:last"),
    ],
    "check_keys_of_another_shard": [
        ("shards", "final.keys[mine[slots_of(trial, final.keys)]]", "final.keys"),
        ("shards", " - (len(final.keys) - len(keys))", ""),
    ],
    "check_whose_word_counts": [
        ("nodes", "// 2 + 1", "// 2"),
        ("nodes", " and event.owner in shard.servers", ""),
        ("nodes", "any(begin <= event.slots[0] <= end for begin, end in shard.slots) and ", ""),
        ("nodes", "event.node == master and ", ""),
        ("nodes", "reading.of(Pfail, Fail)", "reading.of(Pfail)"),
    ],
    "check_what_was_said_before_the_baseline": [
        ("shards", 'numbers, "server", "source"', 'numbers, "server"'),
        ("nodes", "if ours and event.at_ns >= since_ns:", "if ours:"),
    ],
    "check_who_was_gone": [
        ("nodes", "if event.earliest_ns > at_ns:", "if event.at_ns > at_ns:"),
        ("nodes", "case TableUp() if event.at_ns <= at_ns:", "case TableUp():"),
        ("nodes", "case HealEnd() if event.at_ns <= at_ns:", "case HealEnd():"),
        ("nodes", "TableDown, FaultEffect, HealEnd)", "TableDown, FaultEffect)"),
        ("nodes", "environment.shards for name", "environment.shards[:1] for name"),
    ],
    "check_a_node_that_moved": [
        ("addresses", "event.node in servers and ", ""),
        ("addresses", "all(map(_is_place, places)) and ", ""),
        ("addresses", " and event.at_ns < hit_ns(reading, event.node)", ""),
    ],
    "check_a_replica_is_hit": [
        ("shards", "event.pod in shard.servers", "event.pod == shard.master"),
    ],
    "check_what_a_node_without_power_took_along": [
        ("shards", "for name in event.servers", "for name in {event.pod}"),
        ("shards", "return Damage.MASTER", "return Damage.REPLICA"),
        ("evidence", "environment.master in event.servers", "environment.master == event.pod"),
        ("timeline", "return master if master in effect.servers else", "return"),
        ("final_reads", "if server in event.servers", "if event.pod == server"),
    ],
    "check_the_worst_is_named": [
        ("combining", "if finding.verdict is verdict", "if True"),
    ],
    "check_refusals": [
        ("combining", "== Cause.CLUSTERDOWN", "!= Cause.CLUSTERDOWN"),
        ("combining", "refused and not whole", "refused"),
        ("combining", "part.name in names", "part.name not in names"),
    ],
    "check_the_whole_load_is_punctual": [
        ("combining", "scheduling_delay_p99_ms=max(", "scheduling_delay_p99_ms=min("),
    ],
}  # fmt: skip
"""By check: the mistakes that it notices."""

INSTANTS = ("sdown_at", "odown_at", "first_switch_at", "quorum_switch_at", "last_switch_at")


def instants(judgement: Judgement) -> list[float | None]:
    return [ms(judgement, name) for name in INSTANTS]


def finding(judgement: Judgement, name: str) -> Finding:
    return next(found for found in judgement.findings if found.name == name)


def check_one_master_replaced(judge: Judge, cluster: Any) -> None:
    told = judge(cluster(failover=True).history())

    assert told.verdict is Verdict.PASS
    assert [shard.timeline.failover for shard in told.shards] == [True, False]
    assert instants(told) == [1100, 1200, 1260, 1261, 1263]
    assert [(switch.sentinel, switch.old) for switch in told.timeline.switches if switch.leader] == [
        ("redis-1", "redis-0")
    ]
    assert (told.availability.outage_ms, told.availability.spacing_ms) == (1570.0, 20.0)
    assert (told.availability.control_acknowledged, told.availability.control_planned) == (50, 50)
    assert seen(judge(cluster(failover=False).history()), "failover.expected") is Verdict.FAIL


def check_what_nothing_touched(judge: Judge, cluster: Any) -> None:
    """What the scenario expects, it expects of the shard that is hit."""
    slow = cluster(max_outage_s=1.6, refused=range(60, 240))
    assert seen(judge(slow.history()), "availability.outage") is Verdict.PASS
    two = cluster(two_masters_s=1, max_lost=None)
    two.write(350, 1800)
    assert seen(judge(two.history()), "convergence.two_masters") is Verdict.PASS


def check_sums(judge: Judge, cluster: Any) -> None:
    story = cluster(max_lost=None, lost=(47, 0), refused=(133,))
    story.write(352, 3450, server=3, cause=Cause.CLOSED)
    for server, more in ((1, (50, 9254)), (3, (352, 44610))):
        story.final(server, {*story.finals[f"redis-{server}"].keys.tolist(), *more}, role="master")
    told = judge(story.history())
    writes = told.writes

    assert (writes.planned, writes.acknowledged, writes.failed, writes.info) == (351, 271, 78, 2)
    assert (writes.lost, writes.recovered, writes.unexpected, writes.diverged) == (2, 2, 2, 4)
    assert writes.lost_seconds == 0.47
    assert writes.causes == {"CLOSED": 2, "CLUSTERDOWN": 1, "NO_MASTER": 77}
    assert writes.lost_by_cause == {"async tail": 1, "unexplained": 1}
    assert [(write.key[-2:], write.server) for write in writes.lost_writes] == [("00", "redis-3"), ("47", "redis-0")]
    assert [key[-5:] for key in writes.unexpected_keys] == ["09254", "44610"]
    assert finding(told, "ledger.unexpected").text.endswith("first rr:t1:000000009254 (fail in 1 more of 2 shards)")
    assert judge(cluster(max_lost=1, lost=(47, 0)).history()).verdict is Verdict.FAIL


def check_the_last_slot_of_each(judge: Judge, cluster: Any) -> None:
    story = cluster(max_lost=None)
    for key, server in ((9254, 1), (51692, 1), (41162, 3), (69138, 3)):
        story.write(key, 3450, server=server)

    assert judge(story.history()).writes.lost == 4


def check_keys_of_another_shard(judge: Judge, cluster: Any) -> None:
    """A server may still have them; it is its own that are read and counted."""
    story = cluster()
    own = len(story.finals["redis-3"].keys)
    keys = {*story.finals["redis-3"].keys.tolist(), 2, 3}
    story.final(3, keys, role="master")
    assert judge(story.history()).verdict is Verdict.PASS
    story.final(3, keys, role="master", dbsize=len(keys) - 1)
    told = finding(judge(story.history()), "ledger.reconciles")
    assert told.verdict is Verdict.UNKNOWN
    assert f"= {own} and {own} (DBSIZE {own - 1})" in told.text


def check_whose_word_counts(judge: Judge, cluster: Any) -> None:
    """What was reported before the fault, of other nodes, of other slots, or by the dead one, is no part of it."""
    story = cluster()
    story.owner(300, "redis-2")
    story.word(400, "redis-2", "pfail", node="redis-0")
    story.word(600, "redis-3", "pfail", node="redis-4")
    story.word(700, "redis-0", "fail", node="redis-0")
    story.owner(800, "redis-4", new="redis-3")
    story.owner(900, "redis-4", slots=(8192, 16383), old="redis-3")
    assert instants(judge(story.history())) == [1100, 1200, 1260, 1261, 1263]
    heard = cluster()
    heard.events = [event for event in heard.events if event.label != "pfail"]
    assert instants(judge(heard.history())) == [1200, 1200, 1260, 1261, 1263]


def check_what_was_said_before_the_baseline(judge: Judge, cluster: Any) -> None:
    story = cluster()
    story.owner(-5, "redis-2")

    assert judge(story.history()).verdict is Verdict.PASS


def check_who_was_gone(judge: Judge, cluster: Any) -> None:
    def quorum_and_last(*words: tuple[float, str, str], but: tuple[str, ...] = ()) -> list[float | None]:
        story = cluster()
        story.events = [event for event in story.events if f"{event.source} {event.label}" not in but]
        for at, node, kind in words:
            story.word(at, node, kind, pod=node, container="redis")
        return instants(judge(story.history()))[3:]

    silent = "node:redis-4 owner"
    assert quorum_and_last(but=(silent,)) == [1261, None]
    assert quorum_and_last((1765, "redis-4", "table-down"), but=(silent,)) == [1261, 1262]
    assert quorum_and_last((1770, "redis-0", "table-up")) == [1261, 1263]
    assert quorum_and_last(but=("node:redis-0 table-down",)) == [1261, 1263]
    assert quorum_and_last((600, "redis-2", "table-down"), (900, "redis-2", "table-up")) == [1261, 1263]
    assert quorum_and_last((600, "redis-2", "fault-effect"), (900, "redis-2", "heal-end")) == [1261, 1263]
    assert quorum_and_last((600, "redis-2", "fault-effect"), (1770, "redis-2", "heal-end")) == [1262, 1263]


def check_a_node_that_moved(judge: Judge, cluster: Any) -> None:
    there, elsewhere = "10.0.0.2:6379", "10.0.0.9:6379"
    for node, before, after, verdict in (
        ("redis-2", there, elsewhere, Verdict.UNKNOWN),
        ("redis-9", there, elsewhere, Verdict.PASS),
        ("redis-2", ":6379", there, Verdict.PASS),
        ("redis-2", there, ":0", Verdict.PASS),
        ("redis-0", "10.0.0.0:6379", elsewhere, Verdict.PASS),
    ):
        story = cluster()
        story.word(900, "redis-1", "address", node=node, before=before, address=after)
        assert seen(judge(story.history()), "unplanned.changes") is verdict


def check_a_replica_is_hit(judge: Judge, cluster: Any) -> None:
    story = cluster()
    story.fault(500, pod="redis-4")
    story.undone(1400, 1500, pod="redis-4")
    story.restarted(4, since=500, until=1500)
    told = judge(story.history())

    assert told.verdict is Verdict.PASS
    assert "cluster.other_shards" not in {found.name for found in told.findings}
    story.expect(failover=True)
    assert seen(judge(story.history()), "failover.expected") is Verdict.FAIL


def check_what_a_node_without_power_took_along(judge: Judge, cluster: Any) -> None:
    """A replica: touched, but only the master's shard is to fail over. Another master: its own end is reported."""
    replica = cluster(failover=True, max_outage_s=1.6, heals=False)
    replica.takes_along("redis-4")
    replica.silence(4, since=480)
    del replica.finals["redis-4"]
    told = judge(replica.history())
    assert told.verdict is Verdict.PASS
    assert "cluster.other_shards" not in {found.name for found in told.findings}
    replica.believe(shards=replica.environment.shards[::-1])
    replica.events = [event for event in replica.events if event.label not in ("pfail", "fail", "owner")]
    assert judge(replica.history()).timeline.old_master == "redis-0"
    slow = cluster(max_outage_s=1.6, refused=range(60, 240))
    slow.takes_along("redis-4")
    slow.silence(4, since=480)
    assert seen(judge(slow.history()), "availability.outage") is Verdict.FAIL

    master = cluster(two_masters_s=1, max_lost=None)
    master.write(350, 1800)
    master.fault(502, pod="redis-1", number=1)
    master.undone(590, 602, pod="redis-1", number=1)
    master.restarted(1, since=502, until=602)
    master.takes_along("redis-3", seen=560)
    master.silence(3, since=540)
    upper = judge(master.history()).shards[1]
    assert seen(judge(master.history()), "convergence.two_masters") is Verdict.PASS
    assert upper.timeline.instants["fault_at"].error_ms == 21


def check_the_worst_is_named(judge: Judge, cluster: Any) -> None:
    story = cluster()
    for number in range(5):
        story.owner(2000, f"redis-{number}", slots=(8192, 16383), old="redis-3", new="redis-4")
    text = finding(judge(story.history()), "failover.expected").text

    assert text.startswith("shard 8192-16383: expected no failover")
    assert "the same" not in text


def check_refusals(judge: Judge, cluster: Any) -> None:
    def others(*refused: int, coverage: str = "no", one: str = "no") -> Finding:
        story = cluster(coverage=coverage, refused=refused)
        first, *rest = story.environment.servers
        story.believe(servers=(replace(first, config={"cluster-require-full-coverage": one}), *rest))
        return finding(judge(story.history()), "cluster.other_shards")

    assert others().verdict is Verdict.PASS
    assert others(133, 136, 137).verdict is Verdict.FAIL
    assert others(133, 136, 137, one="yes").verdict is Verdict.PASS
    assert "3 of their writes were refused" in others(133, 136, 137).text
    assert "up to 50.0 ms" in others().text


def check_the_whole_load_is_punctual(judge: Judge, cluster: Any) -> None:
    story = cluster(max_lost=None)
    for key in (41162, 44610, 50123):
        story.write(key, 3450, server=3, late=30)
    told = judge(story.history())

    assert seen(told, "assumptions.punctual") is Verdict.UNKNOWN
    assert told.availability.scheduling_delay_max_ms == 30.0


CHECKS = [check for name, check in list(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_checks_hold_for_the_judges_as_they_are(check: Any, cluster: Any) -> None:
    check(load(UNCHANGED), cluster)


@pytest.mark.parametrize(
    ("name", "edit"),
    [(name, edit) for name, edits in MUTANTS.items() for edit in edits],
    ids=lambda part: part if isinstance(part, str) else label(part),
)
def test_every_mutant_is_noticed(name: str, edit: Edit, cluster: Any) -> None:
    assert is_noticed(edit, globals()[name], cluster), f"{name} does not notice {label(edit)}"
