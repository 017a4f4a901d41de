"""A Redis Cluster of two shards, judged: each by itself, the worst decides, and what was hit is told in full.

The story is the master kill of `conftest`, in which redis-0 dies and redis-1 takes over, with redis-3 and redis-4 as a
second shard that nothing touches.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.judges.judge import judge
from harness.judges.shards import parts
from harness.model.cluster import slots_of
from harness.model.environment import Prediction, Server, Shard
from harness.model.events import Event, Role
from harness.model.history import FinalRead, History
from harness.model.operations import Cause, Outcome, outcome_of
from harness.model.records import NO_SERVER, SAMPLE
from harness.model.verdict import Finding, Judgement, Verdict

MS = 1_000_000
ORIGIN = 5_000 * MS
HALF = 8192
NODES = ("redis-0", "redis-1", "redis-2", "redis-3", "redis-4")
QUIET = Prediction(failover=False, because="no fault hits this shard's master")


def clustered(told: History, *, coverage: str = "yes") -> History:
    """The same trial, its keys of the upper half of the slots written to redis-3."""
    environment = told.environment
    servers = (
        *environment.servers,
        *(
            Server(name=name, address=f"10.0.0.{name[-1]}:6379", role="", run_id=f"run-{name[-1]}")
            for name in NODES[3:]
        ),
    )
    shards = (
        Shard(
            name="0-8191",
            slots=((0, HALF - 1),),
            master="redis-0",
            servers=NODES[:3],
            prediction=Prediction(failover=True, because="the master stays away"),
        ),
        Shard(name="8192-16383", slots=((HALF, 16383),), master="redis-3", servers=NODES[3:], prediction=QUIET),
    )
    rows = told.operations.copy()
    upper = slots_of("t1", rows["key"]) >= HALF
    rows["server"][upper], rows["outcome"][upper], rows["cause"][upper] = 3, Outcome.OK, Cause.NONE
    rows["return_ns"][upper] = rows["call_ns"][upper] + MS
    kept: dict[str, FinalRead] = {}
    for name, final in told.finals.items():
        lower = final.keys[slots_of("t1", final.keys) < HALF]
        kept[name] = replace(final, keys=lower, dbsize=len(lower))
    model = kept["redis-1"]
    for name, role in (("redis-3", "master"), ("redis-4", "replica")):
        keys, run_id = np.sort(rows["key"][upper]), f"run-{name[-1]}"
        kept[name] = replace(
            model, server=name, role=role, run_id_before=run_id, run_id_after=run_id, keys=keys, dbsize=len(keys)
        )
    return replace(
        told,
        environment=replace(
            environment,
            servers=tuple(replace(s, config={"cluster-require-full-coverage": coverage}) for s in servers),
            sentinels=(),
            shards=shards,
            prediction=shards[0].prediction,
        ),
        operations=rows,
        samples=np.concatenate([told.samples, _quiet_shard()]),
        events=(*(e for e in told.events if not e.source.startswith(("sentinel:", "log:"))), *_words()),
        finals=kept,
    )


def _quiet_shard() -> Any:
    rows = []
    for at in range(0, 3700, 20):
        call = ORIGIN + at * MS
        rows.append((call, call + MS, at, 3, NO_SERVER, Role.MASTER, 0, 1, 0))
        rows.append((call + 3 * MS, call + 4 * MS, at, 4, 3, Role.REPLICA, 4, 0, 0))
    return np.array(rows, dtype=SAMPLE)


def word(at: float, teller: str, kind: str, /, **data: Any) -> Event:
    at_ns = ORIGIN + round(at * MS)
    return Event(at_ns=at_ns, since_ns=at_ns - 20 * MS, source=f"node:{teller}", kind=kind, data=data)


def _words() -> tuple[Event, ...]:
    """redis-0 is missed and replaced, and hears of it when it is back."""
    alive = NODES[1:]
    found = [word(1600 + number, node, "pfail", node="redis-0") for number, node in enumerate(alive)]
    found += [word(1700 + number, node, "fail", node="redis-0") for number, node in enumerate(alive)]
    found += [owner(1760 + number, node) for number, node in enumerate(alive)]
    return (word(510, "redis-0", "table-down"), *found, word(3300, "redis-0", "table-up"), owner(3301, "redis-0"))


def owner(at: float, node: str, *, slots: str = "0-8191", old: str = "redis-0", new: str = "redis-1") -> Event:
    return word(at, node, "owner", slots=slots, owner=new, before=old, epoch=7)


def finding(judgement: Judgement, name: str) -> Finding:
    return next(f for f in (*judgement.assumptions, *judgement.findings) if f.name == name)


@pytest.fixture
def told(kill: Any) -> History:
    return clustered(kill().history())


def test_a_replaced_master_of_one_shard_passes_and_the_other_shard_saw_nothing(told: History) -> None:
    judged = judge(told)
    assert judged.verdict is Verdict.PASS, [f for f in judged.findings if f.verdict is not Verdict.PASS]
    assert [(one.name, one.timeline.failover) for one in judged.shards] == [("0-8191", True), ("8192-16383", False)]
    assert (judged.timeline.old_master, judged.timeline.new_master) == ("redis-0", "redis-1")
    assert judged.writes.acknowledged == sum(one.writes.acknowledged for one in judged.shards)
    assert judged.writes.planned == len(told.operations)
    assert judged.writes.final_master == "redis-1, redis-3"
    assert judged.availability.outage_ms == judged.shards[0].availability.outage_ms > 1000
    assert judged.shards[1].availability.outage_ms < 200


def test_the_nodes_words_are_the_instants_and_that_of_a_dead_node_is_not_the_last(told: History) -> None:
    times = judge(told).timeline
    assert [round(times.ms(name) or 0) for name in ("sdown_at", "odown_at")] == [1100, 1200]
    assert [round(times.ms(f"{name}_switch_at") or 0) for name in ("first", "quorum", "last")] == [1260, 1261, 1263]


def test_a_history_of_a_shard_has_its_own_servers_numbers_and_keys(told: History) -> None:
    lower, upper = parts(told)
    assert [s.name for s in upper.environment.servers] == ["redis-3", "redis-4"]
    assert set(upper.operations["server"].tolist()) == {0}
    assert set(upper.samples["source"].tolist()) == {0, NO_SERVER}
    assert len(lower.operations) + len(upper.operations) == len(told.operations)
    assert upper.plan.load.writers[0].rate == told.plan.load.writers[0].rate / 2


def test_a_write_that_the_untouched_shard_lost_is_lost(told: History) -> None:
    finals = dict(told.finals)
    for name in ("redis-3", "redis-4"):
        finals[name] = replace(finals[name], keys=finals[name].keys[1:], dbsize=finals[name].dbsize - 1)
    judged = judge(replace(told, finals=finals))
    assert (judged.writes.lost, judged.writes.lost_writes[0].server) == (1, "redis-3")
    assert finding(judged, "ledger.lost").verdict is Verdict.FAIL


def test_a_shard_that_is_replaced_although_nothing_touched_it_fails(told: History) -> None:
    strange = tuple(owner(2000, node, slots="8192-16383", old="redis-3", new="redis-4") for node in NODES)
    judged = judge(replace(told, events=(*told.events, *strange)))
    assert finding(judged, "failover.expected").verdict is Verdict.FAIL
    assert finding(judged, "failover.expected").text.startswith("shard 8192-16383: expected no failover")


@pytest.mark.parametrize(("coverage", "verdict"), [("yes", Verdict.PASS), ("no", Verdict.FAIL)])
def test_refusals_in_an_untouched_shard_are_right_only_with_full_coverage(
    kill: Any, coverage: str, verdict: Verdict
) -> None:
    told = clustered(kill().history(), coverage=coverage)
    rows = told.operations.copy()
    refused = (slots_of("t1", rows["key"]) >= HALF) & (rows["key"] > 130) & (rows["key"] < 140)
    rows["cause"][refused], rows["outcome"][refused] = Cause.CLUSTERDOWN, outcome_of(Cause.CLUSTERDOWN)
    gone = set(rows["key"][refused].tolist())
    finals = dict(told.finals)
    for name in ("redis-3", "redis-4"):
        keys = np.array([key for key in finals[name].keys.tolist() if key not in gone], dtype=np.uint64)
        finals[name] = replace(finals[name], keys=keys, dbsize=len(keys))
    judged = judge(replace(told, operations=rows, finals=finals))
    answer = finding(judged, "cluster.other_shards")
    assert answer.verdict is verdict
    assert f"{len(gone)} of their writes were refused with CLUSTERDOWN" in answer.text


def test_a_node_that_still_names_the_old_master_fails(told: History) -> None:
    silent = tuple(event for event in told.events if (event.source, event.kind) != ("node:redis-4", "owner"))
    answer = finding(judge(replace(told, events=silent)), "convergence.nodes_agree")
    assert answer.verdict is Verdict.FAIL
    assert "got redis-4: redis-0" in answer.text


def test_a_shard_whose_master_was_not_read_is_named_and_makes_it_unknown(told: History) -> None:
    finals = {name: final for name, final in told.finals.items() if name != "redis-3"}
    judged = judge(replace(told, finals=finals))
    assert judged.verdict is Verdict.UNKNOWN
    assert "nobody who is master of 8192-16383 was read" in finding(judged, "assumptions.final_reads").text
    assert finding(judged, "ledger.lost").verdict is Verdict.UNKNOWN
