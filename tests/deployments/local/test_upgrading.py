"""Real servers are replaced one by one by another program; one that refuses its data is put back."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.deployments.waiting import HOST_CLOCK, eventually
from redis_resilience.faults.capabilities import CanUpgrade
from redis_resilience.faults.perform import able
from redis_resilience.model.errors import DeploymentError, Unavailable
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.rolling import engines, wait_until_joined
from redis_resilience.trials.survey import survey

pytestmark = pytest.mark.local


def program(folder: Path, name: str, script: str) -> str:
    """A server program of another name that does what the shell script says; "$@" are its arguments."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def up(tmp_path: Path):
    found = topology("node")
    with LocalDeployment(found, found.profile("fast"), folder=tmp_path / "deployment") as deployment:
        eventually(lambda: ((seen := survey(deployment)).whole, seen.text), within_s=60, what="a healthy deployment")
        yield deployment


def roll(up: LocalDeployment, pod: str, to: str) -> None:
    up.retire(pod, to=to)
    up.renew(pod)
    wait_until_joined(up, up, pod, HOST_CLOCK, lambda: None)


def test_a_master_is_replaced_first_and_comes_back_as_a_replica_with_the_other_program(up, server, tmp_path):
    other = program(tmp_path, "other-server", f'exec {server} "$@"')
    master = survey(up).view.master
    (before,) = engines(up, up, {master}, HOST_CLOCK.now_ns)

    effect = up.retire(master, to=other)
    gone = survey(up).view
    up.renew(master)
    wait_until_joined(up, up, master, HOST_CLOCK, lambda: None)
    (after,) = engines(up, up, {master}, HOST_CLOCK.now_ns)

    assert effect.asked_ns
    assert effect.begin_ns <= effect.asked_ns[0] <= effect.asked_ns[1] <= effect.end_ns
    assert gone.master not in ("", master), "it went before another was master"
    assert survey(up).view.master == gone.master
    assert before.run_id != after.run_id
    assert (before.program, after.program) == (up._engine.path, other)
    assert f"{master} went through a rolling upgrade" in up.used_up


def test_a_program_that_refuses_its_data_is_named_at_once_and_the_old_one_is_put_back(up, server, tmp_path):
    """As an older Redis does with the files of a newer one; it is started to ask for its version, too."""
    refusing = program(
        tmp_path,
        "older-server",
        f'[ "$1" = --version ] && exec {server} --version\n'
        'case $* in *redis.conf*) echo "1:M # Can\'t handle RDB format version 99"; exit 1;; esac\n'
        f'exec {server} "$@"',
    )
    replica = survey(up).view.replicas[0]

    assert up.retire(replica, to=refusing).asked_ns is None
    with pytest.raises(DeploymentError, match="ended with exit status 1 by itself"):
        up.renew(replica)
    assert up.refusal(replica) == "Can't handle RDB format version 99"
    up.restore(replica)
    wait_until_joined(up, up, replica, HOST_CLOCK, lambda: None)

    assert up.program(replica) == up._engine.path
    assert up.refusal(replica) == ""


def test_what_is_no_server_or_no_topology_for_it_is_said_beforehand(tmp_path):
    found = topology("node")
    deployment = LocalDeployment(found, found.profile("fast"), folder=tmp_path / "deployment")
    with pytest.raises(Unavailable, match="got no program /no/such"):
        deployment.prepare("/no/such")

    found = topology("cluster")
    deployment = LocalDeployment(found, found.profile("fast"), folder=tmp_path / "cluster")
    with pytest.raises(Unavailable, match="fault rolling-upgrade needs CanUpgrade; the planned failover of a rolling"):
        able(deployment, CanUpgrade, "rolling-upgrade")
