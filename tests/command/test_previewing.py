"""`plan` says that it would start only where `run` does."""

from __future__ import annotations

import pytest

from redis_resilience.command.everywhere import Session
from redis_resilience.command.previewing import plan_of, planned
from redis_resilience.command.running import Manner, run_plan
from redis_resilience.command.scenarios import scenario
from redis_resilience.model.errors import UsageError
from redis_resilience.options import OPTIONS
from redis_resilience.trials.plan_file import as_yaml
from redis_resilience.trials.settings import settings


def plan(tmp_path, name="master-kill", **texts):
    chosen = {option.name: option.value(texts[option.field]) for option in OPTIONS if option.field in texts}
    return planned(scenario(name), settings(chosen, results=tmp_path / "results"))


@pytest.mark.parametrize(
    ("name", "texts", "reason"),
    [
        ("master-kill", {"server": "/nowhere/redis-server"}, "expected Redis 6.2 or newer or Valkey; got no program"),
        (
            "master-isolate",
            {"isolation": "loopback"},
            "fault isolate needs CanPartition; expected pods with networks of their own; got the isolation level",
        ),
        ("master-kill", {"backend": "memory", "topology": "cluster"}, "the simulation has no Redis Cluster"),
    ],
)
def test_what_this_host_cannot_do_is_refused(tmp_path, name, texts, reason):
    told = plan(tmp_path, name, **texts)

    assert not told.possible
    assert any(line.startswith(f"# would be refused: {reason}") for line in told.lines), told.lines


def test_what_it_can_do_is_possible(tmp_path):
    told = plan(tmp_path, backend="memory")

    assert told.possible
    assert not any("refused" in line for line in told.lines)


def test_a_plan_for_what_is_found_there_names_no_topology_of_the_catalogue(tmp_path):
    """Neither a profile: its times are known once it is asked. `run` takes it with what is to be found."""
    texts = {"backend": "context", "context": "c", "namespace": "n", "attach": "auto"}
    chosen = {option.name: option.value(texts[option.field]) for option in OPTIONS if option.field in texts}
    plan = plan_of(scenario("master-kill"), settings(chosen, results=tmp_path))
    assert (plan.topology, plan.profile, plan.backend) == ("attached", "attached", "context")

    path = tmp_path / "plan.yaml"
    path.write_text(as_yaml(plan))
    with pytest.raises(UsageError, match="expected --attach, --chart or --manifests with"):
        run_plan(path, {}, Manner(parallel="", budgets=(), session=Session()))
