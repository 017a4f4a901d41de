"""A plan is read as it was written, of schema 1 too; every mistake in it is named with what was expected."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.model.faults import delete_pod, grow, isolate, kill, stop_node
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Since, Windows, Writers
from redis_resilience.trials.plan_file import as_yaml, plan_of, read_plan

PLAN = Plan(
    trial="0000beef",
    scenario="several",
    topology="cluster-growing",
    profile="fast",
    backend="local",
    seed=7,
    load=Load(writers=(Writers(count=2, rate=100.0), Writers(target="redis-1"))),
    faults=(
        Scheduled(fault=delete_pod("master", grace_s=2.5, for_s=3.0), after_s=0.25),
        Scheduled(fault=grow("redis-7", slots=20), after_s=1.0, since=Since.START),
    ),
    expect=Expect(max_lost=None),
    windows=Windows(observe_s=4.0),
    before=(isolate("replica"),),
    redis={"appendonly": "yes"},
    down_after_ms=3000,
    repeat="pytest",
)
OLD = {
    **msgspec.to_builtins(PLAN),
    "schema": 1,
    "profile": "fast, D 3000 ms",
    "faults": [
        {"kind": "delete-now", "target": "master", "after_s": 0.5, "lasts_s": 2.0, "silent": False, "whole_pod": True},
        {"kind": "node-stop", "target": "replica", "after_s": 0.0, "lasts_s": None, "silent": True, "whole_pod": True},
        {"kind": "kill", "target": "redis-1/sentinel"},
    ],
    "before": [{"kind": "delete", "target": "master", "lasts_s": None}],
}
OLD.pop("redis")
OLD.pop("down_after_ms")


@pytest.mark.parametrize("name", ["plan.json", "plan.yaml", "plan.yml"])
def test_a_plan_is_read_as_it_was_written(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(msgspec.json.encode(PLAN) if name.endswith("json") else as_yaml(PLAN).encode())

    assert read_plan(path) == PLAN


def test_a_plan_of_schema_1_is_read():
    """Grace and slots were not kept there, nor the redis directives; the times that a trial set were in a name."""
    plan = plan_of(OLD)

    assert plan.faults == (
        Scheduled(fault=delete_pod("master", grace_s=0.0, for_s=2.0), after_s=0.5),
        Scheduled(fault=stop_node("replica")),
        Scheduled(fault=kill("redis-1/sentinel")),
    )
    assert plan.before == (delete_pod("master"),)
    assert (plan.schema, plan.profile, plan.down_after_ms) == (2, "fast", 3000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 3}, "expected a plan of schema 1 or 2; got schema 3"),
        ({"sead": 1}, r"expected a plan with trial, scenario, .*; got 'sead'; did you mean 'seed'\?"),
        ({"load": {"min_shares": 1}}, r"expected a load with .*; got 'min_shares'; did you mean 'min_share'\?"),
        ({"load": {"writers": [{"cuont": 1}]}}, r"a group of writers with .*; got 'cuont'; did you mean 'count'\?"),
        ({"load": {"writers": [{"count": 400_000_000}]}}, "expected a number of writers of 1 to 10000; got 400000000"),
        ({"load": {"writers": [{"rate": -5}]}}, "expected a rate of 0 .* to 1000000 operations a second; got -5"),
        ({"load": {"writers": [{"rate": float("nan")}]}}, "expected a rate of .*; got nan"),
        ({"load": {"writers": "many"}}, r"expected a plan; Expected `array`, got `str` - at `\$.load.writers`"),
        ({"windows": {"heal_s": -1}}, "expected heal_s of 0 to 86400 s; got -1 s"),
        (
            {"expect": {"max_lots": 5}},
            r"expected a set of expectations with .*; got 'max_lots'; did you mean 'max_lost'\?",
        ),
        ({"expect": {"max_lost": -1}}, "expected max_lost of 0 or more; got -1"),
        ({"faults": [{"fault": {"kind": "kil", "target": "m"}}]}, r"got 'kil'; did you mean 'kill'\?"),
        ({"faults": [{"fault": {"kind": "kill", "target": "m", "fors": 1}}]}, r"a kill with .*did you mean 'for_s'\?"),
        ({"faults": [{"fault": {"kind": "kill"}}]}, "missing required field `target`"),
        ({"faults": [{"kind": "kill", "target": "m"}]}, "expected a scheduled fault with fault, after_s, since; got"),
        ({"faults": [{"fault": {"kind": "kill", "target": "m"}, "after_s": -1}]}, "a time of fault kill m of 0 to"),
        ({"faults": [{"fault": {"kind": "kill", "target": "m"}, "since": "then"}]}, "Invalid enum value 'then'"),
    ],
)
def test_a_mistake_is_named(change, message):
    with pytest.raises(UsageError, match=message):
        plan_of({**msgspec.to_builtins(PLAN), **change})


@pytest.mark.parametrize("data", [None, [], "plan", {}, {"schema": 1, "faults": ["kill"], "profile": "fast, odd"}])
def test_what_is_no_plan_is_refused_without_a_traceback(data):
    with pytest.raises(UsageError, match="expected a"):
        plan_of(data)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("plan.json", "{", r"plan\.json; it cannot be read"),
        ("plan.yaml", "a: [", r"plan\.yaml; it cannot be read"),
        ("plan.json", None, r"plan\.json; No such file"),
        ("plan.yaml", "a: &a [1, *a]", r"plan\.yaml; got a part of it that contains itself"),
        ("plan.yaml", "sead: 1", r"plan\.yaml: expected a plan with"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message):
        read_plan(tmp_path / name)


def test_a_plan_that_was_changed_says_so_in_its_profile():
    assert PLAN.profile_text == "fast, down after 3000 ms"
    assert replace(PLAN, down_after_ms=None).profile_text == "fast"
    waiting = Load(writers=(Writers(), Writers(wait=1)))
    assert replace(PLAN, load=waiting).profile_text == "fast, down after 3000 ms, WAIT 1"


def test_a_topology_of_an_earlier_name_has_the_name_of_today():
    """Trials of the default topology were recorded as `node`; they are the same topology, and can be run again."""
    assert plan_of({**OLD, "topology": "node"}).topology == "sidecar"
