"""Lint of a running deployment: what the servers say themselves, kept with the trial, and no password anywhere."""

from __future__ import annotations

import msgspec
import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.target import REPLICA
from redis_resilience.model.faults import kill
from redis_resilience.model.lint import Severity
from redis_resilience.model.plan import Expect
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.inspection import inspect, read_deployment

SIDECAR = topology("sidecar")


def test_what_was_found_is_kept_with_the_trial(simulate):
    """Also that this is no part of the verdict: the file may be missing."""
    outcome = simulate(kill(REPLICA), expect=Expect(failover=False))
    folder = TrialFolder(outcome.folder)

    report = folder.lint()

    assert report is not None
    assert "sentinel-beside-master" in {finding.rule for finding in report.findings}
    (outcome.folder / "lint.json").unlink()
    assert folder.lint() is None


def test_a_password_is_seen_as_set_and_nothing_more(monkeypatch):
    deployment = MemoryDeployment(SIDECAR, SIDECAR.profile("fast"))
    asked = deployment.probe.query

    def query(endpoint, *command, timeout_s=1.0):
        if command[:2] == ("CONFIG", "GET"):
            return Answer(value=["requirepass", "hunter2", "masterauth", "hunter2", "dir", "/data"])
        return asked(endpoint, *command, timeout_s=timeout_s)

    monkeypatch.setattr(deployment.probe, "query", query)
    setup = read_deployment(deployment)

    assert b"hunter2" not in msgspec.json.encode(setup)
    assert {finding.rule for finding in inspect(deployment).findings}.isdisjoint({"no-password", "password-half-set"})


def test_of_a_redis_that_was_there_before_only_its_settings_are_known(monkeypatch):
    """Where it keeps its data and who starts as master must not be invented."""
    monkeypatch.setattr(MemoryDeployment, "owns_data", property(lambda _: False))
    setup = read_deployment(MemoryDeployment(topology("statefulset"), topology("statefulset").profile("fast")))

    assert setup.boot is None
    assert {server.data for server in setup.servers} == {None}
    assert {sentinel.state for sentinel in setup.sentinels} == {None}


@pytest.mark.local
def test_real_servers_are_asked_for_what_they_run_with(tmp_path):
    """Not for what the topology says: a setting that was changed since is found."""
    with LocalDeployment(SIDECAR, SIDECAR.profile("fast"), folder=tmp_path / "node") as deployment:
        before = {finding.rule for finding in inspect(deployment).findings}
        for endpoint in deployment.servers().values():
            deployment.probe.query(endpoint, "CONFIG", "SET", "min-replicas-to-write", "2")
        for endpoint in deployment.sentinels().values():
            deployment.probe.query(endpoint, "SENTINEL", "SET", "mymaster", "quorum", "3")
        after = inspect(deployment)

    assert not before & {"min-replicas-unset", "min-replicas-all", "quorum-above-survivors"}
    found = {finding.rule for finding in after.at_least(Severity.ERROR)}
    assert found == {"min-replicas-all", "quorum-above-survivors"}
    assert "sentinels-dead-but-known" not in {each.rule for each in after.not_seen}
