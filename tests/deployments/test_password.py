"""A deployment's password: generated, required, and nowhere to be read afterwards."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.deployments.password import draw_password
from redis_resilience.faults.target import MASTER
from redis_resilience.model.faults import scale_to_zero
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.topologies.catalogue import CHART, NODE
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge


def test_it_is_another_one_each_time_and_no_word_of_a_configuration() -> None:
    drawn = {draw_password(CHART) for _ in range(20)}
    assert len(drawn) == 20
    assert all(len(each) == 24 and each.replace("-", "").replace("_", "").isalnum() for each in drawn)


def test_a_topology_without_one_has_none() -> None:
    assert draw_password(NODE) == ""


@pytest.mark.local
def test_after_a_whole_trial_it_is_in_no_file_of_the_trial_no_log_and_no_command_line(tmp_path: Path) -> None:
    """A trial with everything: a fault, a recreated pod, logs, verdict and page."""
    fault = scale_to_zero(MASTER)
    plan = Plan(
        trial="secret",
        scenario="secret",
        topology=CHART.name,
        profile="rapid",
        backend="local",
        seed=1,
        load=Load(writers=(Writers(count=1, rate=50.0),)),
        faults=(Scheduled(fault=fault),),
        expect=Expect(failover=True, max_lost=None),
        windows=Windows(),
    )
    folder = TrialFolder(tmp_path / "trial")
    folder.create(plan)
    with LocalDeployment(CHART, CHART.profile("rapid"), folder=tmp_path / "deployment") as deployment:
        password = deployment.password
        run_trial(plan, deployment, folder)
        refused = deployment.probe.query(deployment.servers()[CHART.first], "PING")
        assert refused.value == "PONG", "the probe was told the password"
        argv = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
        files = [path for path in (tmp_path / "deployment").rglob("*") if path.is_file()]
        holding = [path for path in files if password.encode() in path.read_bytes()]
        assert {path.suffix for path in holding} == {".conf"}, "the servers' own files, and no log"
        assert {stat.S_IMODE(path.parent.stat().st_mode) for path in holding} == {0o700}
    outcome = rejudge(folder)
    kept = [path for path in folder.path.rglob("*") if path.is_file()]
    assert {"verdict.json", "environment.json", "events.jsonl", "plan.json"} <= {path.name for path in kept}
    assert [path for path in kept if password.encode() in path.read_bytes()] == []
    assert [line for line in argv if password.encode() in line] == []
    assert password not in outcome.explain()
