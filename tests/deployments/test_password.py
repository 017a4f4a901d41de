"""A deployment's password: generated, required, and nowhere to be read afterwards."""

from __future__ import annotations

import stat
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from redis_resilience.deployments.local import deployment as local
from redis_resilience.deployments.password import Passwords, draw_passwords
from redis_resilience.faults.target import MASTER
from redis_resilience.model.faults import Fault, delete_pod, scale_to_zero
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.results.publishing import write_page
from redis_resilience.topologies.catalogue import CHART, SIDECAR, topology
from redis_resilience.topologies.security import SentinelPassword
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge


def test_it_is_another_one_each_time_and_no_word_of_a_configuration() -> None:
    drawn = {draw_passwords(CHART).servers for _ in range(20)}
    assert len(drawn) == 20
    assert all(len(each) == 24 and each.replace("-", "").replace("_", "").isalnum() for each in drawn)


def test_a_topology_without_one_has_none() -> None:
    assert draw_passwords(SIDECAR) == Passwords()


def test_users_and_sentinels_have_passwords_of_their_own() -> None:
    drawn = astuple(draw_passwords(topology("sidecar+acl")))
    assert len(set(drawn)) == len(drawn)
    assert all(drawn)


def test_sentinels_may_have_another_or_none() -> None:
    assert len({*astuple(draw_passwords(topology("sidecar+passwords")))}) == 2
    security = replace(CHART.security, sentinel_password=SentinelPassword.NONE)
    drawn = draw_passwords(replace(CHART, security=security))
    assert drawn.servers
    assert drawn.sentinels == ""


@pytest.mark.local
@pytest.mark.parametrize(
    ("name", "fault"), [("chart", scale_to_zero(MASTER)), ("sidecar+mtls+acl", delete_pod(MASTER, grace_s=0))]
)
def test_after_a_whole_trial_no_secret_is_in_a_file_of_the_trial_a_log_or_a_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fault: Fault
) -> None:
    """A trial with everything: a fault, a recreated pod, logs, verdict and page. Passwords and the probe's key."""
    drawn: list[Passwords] = []
    monkeypatch.setattr(local, "draw_passwords", lambda of: drawn.append(draw_passwords(of)) or drawn[-1])
    chosen = topology(name)
    plan = Plan(
        trial="secret",
        scenario="secret",
        topology=chosen.name,
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
    with local.LocalDeployment(chosen, chosen.profile("rapid"), folder=tmp_path / "deployment") as deployment:
        tls = deployment.access.servers.tls
        key = tls.key.splitlines()[1] if tls else ""
        secrets = [each.encode() for each in {*astuple(drawn[0]), key} if each]
        run_trial(plan, deployment, folder)
        let_in = deployment.probe.query(deployment.servers()[chosen.first], "PING")
        assert let_in.value == "PONG", "the probe was told the password"
        argv = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
        files = [path for path in (tmp_path / "deployment").rglob("*") if path.is_file()]
        holding = [path for path in files if any(secret in path.read_bytes() for secret in secrets)]
        assert {path.suffix for path in holding} == {".conf"}, "the servers' own files, and no log"
        assert {stat.S_IMODE(path.parent.stat().st_mode) for path in holding} == {0o700}
        assert {stat.S_IMODE(path.stat().st_mode) for path in files if path.suffix == ".key"} <= {0o600}
    outcome = rejudge(folder)
    write_page(folder, script="")
    kept = [path for path in folder.path.rglob("*") if path.is_file()]
    names = {path.name for path in kept}
    assert {"verdict.json", "environment.json", "events.jsonl", "plan.json", "report.html"} <= names
    assert [path for path in kept if any(secret in path.read_bytes() for secret in secrets)] == []
    assert [line for line in argv if any(secret in line for secret in secrets)] == []
    assert not [secret for secret in secrets if secret.decode() in outcome.explain()]
