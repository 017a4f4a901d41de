"""A topology as real processes behaves as a StatefulSet's pods would, at every level of isolation."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from redis_resilience.deployments.local.deployment import LocalDeployment
from redis_resilience.deployments.local.isolation import Level
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.capabilities import CanPartition, CanRecreate, CanRestart, CanSignal
from redis_resilience.model.errors import DeploymentError, TargetAway, TargetBack, Unavailable, UsageError
from redis_resilience.model.faults import isolate
from redis_resilience.probe.protocol import Value
from redis_resilience.topologies.catalogue import SIDECAR

pytestmark = pytest.mark.local

CUT = isolate("redis-1")
APART = pytest.mark.parametrize("level", [Level.NAMESPACES], indirect=True)
TOGETHER = pytest.mark.parametrize("level", [Level.LOOPBACK], indirect=True)

Deploy = Callable[..., LocalDeployment]


def ask(deployment: LocalDeployment, pod: str, *command: str) -> Value:
    return deployment.probe.query(deployment.servers()[pod], *command).value


def ask_sentinel(deployment: LocalDeployment, pod: str, *command: str) -> Value:
    return deployment.probe.query(deployment.sentinels()[pod], "SENTINEL", *command).value


def wait_for(deployment: LocalDeployment, pod: str, wanted: Value, *command: str) -> None:
    def look() -> tuple[bool, str]:
        answer = deployment.probe.query(deployment.servers()[pod], *command)
        return answer.value == wanted, str(answer)

    eventually(look, within_s=60, what=f"{wanted!r} from {pod} to {' '.join(command)}")


def wait_for_link(deployment: LocalDeployment, replica: str) -> None:
    def look() -> tuple[bool, str]:
        answer = ask(deployment, replica, "ROLE")
        return isinstance(answer, list) and answer[3] == "connected", str(answer)

    eventually(look, within_s=60, what=f"{replica} to be linked")


def role(deployment: LocalDeployment, pod: str) -> Value:
    answer = ask(deployment, pod, "ROLE")
    return answer[0] if isinstance(answer, list) else answer


def test_after_start_everybody_knows_everybody(deploy: Deploy) -> None:
    deployment = deploy()
    assert [role(deployment, pod) for pod in deployment.servers()] == ["master", "slave", "slave"]
    for pod in deployment.sentinels():
        assert str(ask_sentinel(deployment, pod, "CKQUORUM", "mymaster")).startswith("OK 3 usable Sentinels")
        replicas = ask_sentinel(deployment, pod, "REPLICAS", "mymaster")
        assert isinstance(replicas, list)
        assert len(replicas) == 2


def test_after_start_the_sentinels_have_their_own_hello_period_again(deploy: Deploy) -> None:
    deployment = deploy()
    for pod in deployment.sentinels():
        settings = ask_sentinel(deployment, pod, "DEBUG")
        assert isinstance(settings, list)
        assert settings[settings.index("PUBLISH-PERIOD") + 1] == "2000"


def test_servers_have_the_usual_ports_and_the_topology_s_settings(deploy: Deploy) -> None:
    deployment = deploy()
    assert {endpoint.port for endpoint in deployment.servers().values()} == {6379}
    assert {endpoint.port for endpoint in deployment.sentinels().values()} == {26379}
    assert ask(deployment, "redis-1", "CONFIG", "GET", "appendonly") == ["appendonly", "yes"]


def test_it_has_every_capability(deploy: Deploy) -> None:
    deployment = deploy()
    for capability in (CanSignal, CanRestart, CanRecreate, CanPartition):
        assert isinstance(deployment, capability)
    assert deployment.fingerprint()["engine_version"]


def test_a_killed_container_comes_back_as_a_new_process_with_address_and_data(deploy: Deploy) -> None:
    deployment = deploy()
    before = deployment.servers()["redis-1"]
    ask(deployment, "redis-0", "SET", "key", "value")
    wait_for(deployment, "redis-1", "value", "GET", "key")
    killed = deployment.signal("redis-1", "redis", "SIGKILL")
    assert killed.begin_ns < killed.end_ns
    assert "was ended by SIGKILL" in killed.proof
    assert deployment.probe.query(before, "PING").unreachable
    started = deployment.start_container("redis-1", "redis")
    assert f"redis-1/redis answers at {before}" in started.proof
    assert deployment.servers()["redis-1"] == before
    wait_for(deployment, "redis-1", "value", "GET", "key")


def test_a_stopped_container_answers_again_when_it_goes_on(deploy: Deploy) -> None:
    deployment = deploy()
    endpoint = deployment.servers()["redis-2"]
    stopped = deployment.signal("redis-2", "redis", "SIGSTOP")
    assert stopped.proof.endswith("is stopped")
    assert deployment.probe.query(endpoint, "PING", timeout_s=0.1).unreachable
    with pytest.raises(DeploymentError, match="not to be stopped before SIGSTOP; it was already"):
        deployment.signal("redis-2", "redis", "SIGSTOP")
    deployment.signal("redis-2", "redis", "SIGCONT")
    assert deployment.probe.query(endpoint, "PING").value == "PONG"


def test_a_re_created_pod_has_a_new_address_and_finds_its_claim(deploy: Deploy) -> None:
    deployment = deploy()
    before = deployment.servers()["redis-0"]
    ask(deployment, "redis-0", "SET", "key", "value")
    gone = deployment.delete_pod("redis-0", grace_s=0)
    assert f"{before.host} is given up" in gone.proof
    assert "redis-0" not in deployment.servers()
    deployment.create_pod("redis-0")
    after = deployment.servers()["redis-0"]
    assert after.host != before.host
    wait_for(deployment, "redis-0", "value", "GET", "key")


def test_an_empty_dir_goes_with_the_pod_and_not_with_the_container(deploy: Deploy) -> None:
    deployment = deploy("statefulset")
    ask(deployment, "redis-0", "SET", "key", "value")
    ask(deployment, "redis-0", "SAVE")
    deployment.signal("redis-0", "redis", "SIGKILL")
    deployment.start_container("redis-0", "redis")
    wait_for(deployment, "redis-0", "value", "GET", "key")
    deployment.delete_pod("redis-0", grace_s=0)
    deployment.create_pod("redis-0")
    assert (role(deployment, "redis-0"), ask(deployment, "redis-0", "DBSIZE")) == ("master", 0)


def test_a_pod_told_to_ask_follows_the_master_that_the_sentinels_name(deploy: Deploy) -> None:
    deployment = deploy()
    deployment.signal("redis-0", "redis", "SIGKILL")

    def switched() -> tuple[bool, str]:
        named = [ask_sentinel(deployment, pod, "GET-MASTER-ADDR-BY-NAME", "mymaster") for pod in deployment.sentinels()]
        return len({str(one) for one in named}) == 1 and "redis-0" not in str(named) and first not in str(named), str(
            named
        )

    first = deployment.servers()["redis-0"].host
    eventually(switched, within_s=30, what="all Sentinels to name another master")
    deployment.start_container("redis-0", "redis")
    assert role(deployment, "redis-0") == "slave"


def test_a_sentinel_keeps_its_identity_over_a_restart_and_loses_it_with_the_pod(deploy: Deploy) -> None:
    deployment = deploy()
    before = ask_sentinel(deployment, "redis-2", "MYID")
    deployment.signal("redis-2", "sentinel", "SIGKILL")
    deployment.start_container("redis-2", "sentinel")
    assert ask_sentinel(deployment, "redis-2", "MYID") == before
    deployment.delete_pod("redis-2", grace_s=5)
    deployment.create_pod("redis-2")
    assert ask_sentinel(deployment, "redis-2", "MYID") != before


@APART
def test_an_isolated_pod_loses_its_established_links_and_gets_them_back(deploy: Deploy) -> None:
    deployment = deploy()
    cut = deployment.isolate("redis-1", CUT, ("redis-0",))
    assert "met silence for 0.2 s: redis-0 to redis-1, redis-1 to redis-0" in cut.proof
    ask(deployment, "redis-0", "SET", "key", "value")
    wait_for(deployment, "redis-2", "value", "GET", "key")
    assert ask(deployment, "redis-1", "GET", "key") is None, "the link was established before: it must carry nothing"
    joined = deployment.rejoin("redis-1")
    assert "answered again: redis-0 to redis-1, redis-1 to redis-0" in joined.proof
    wait_for(deployment, "redis-1", "value", "GET", "key")


@APART
@pytest.mark.parametrize(
    ("direction", "silent", "answered"),
    [("in", "redis-0 to redis-1", "redis-1 to redis-0"), ("out", "redis-1 to redis-0", "redis-0 to redis-1")],
)
def test_one_way_alone_is_cut_and_the_other_is_open(deploy: Deploy, direction: str, silent: str, answered: str) -> None:
    deployment = deploy()
    cut = deployment.isolate("redis-1", isolate("redis-1", direction=direction), ("redis-0",))
    assert cut.proof.endswith(f"met silence for 0.2 s: {silent}; still answered: {answered}")
    ask(deployment, "redis-0", "SET", "key", "value")
    wait_for(deployment, "redis-1", "value" if direction == "in" else None, "GET", "key")
    assert f"answered again: {silent}" in deployment.rejoin("redis-1").proof
    wait_for(deployment, "redis-1", "value", "GET", "key")


@APART
def test_without_others_named_a_pod_is_isolated_from_all(deploy: Deploy) -> None:
    deployment = deploy()
    proof = deployment.isolate("redis-1", CUT).proof
    assert proof.endswith("redis-0 to redis-1, redis-1 to redis-0, redis-1 to redis-2, redis-2 to redis-1")


@APART
def test_a_partition_follows_a_pod_to_its_new_address(deploy: Deploy) -> None:
    deployment = deploy()
    deployment.isolate("redis-2", CUT)
    deployment.delete_pod("redis-2", grace_s=0)
    deployment.create_pod("redis-2")
    state = ask(deployment, "redis-2", "ROLE")
    assert isinstance(state, list)
    assert state[3] != "connected"
    deployment.rejoin("redis-2")
    wait_for_link(deployment, "redis-2")


@APART
def test_a_way_between_two_isolated_pods_stays_cut_until_both_are_back(deploy: Deploy) -> None:
    deployment = deploy()
    deployment.isolate("redis-1", CUT)
    deployment.isolate("redis-2", isolate("redis-2"))
    with pytest.raises(TargetAway, match="a way between redis-1 and its peers that is open; all are cut already"):
        deployment.isolate("redis-1", CUT)

    first = deployment.rejoin("redis-1").proof
    with pytest.raises(TargetBack, match="expected redis-1 to be partitioned from its peers"):
        deployment.rejoin("redis-1")
    second = deployment.rejoin("redis-2").proof

    assert first == "connects are answered again: redis-0 to redis-1, redis-1 to redis-0"
    assert "redis-1 to redis-2" in second


@APART
def test_a_pod_that_is_deleted_cannot_be_isolated(deploy: Deploy) -> None:
    deployment = deploy()
    deployment.delete_pod("redis-2", grace_s=0.0)
    with pytest.raises(DeploymentError, match=r"expected pod redis-2 to exist, to be partitioned .* it is deleted"):
        deployment.isolate("redis-2", isolate("redis-2"))


def test_a_stopped_process_does_not_act_on_sigterm(deploy: Deploy) -> None:
    """It would end 20 s later, or with the SIGCONT of another fault's heal."""
    deployment = deploy()
    deployment.signal("redis-2", "redis", "SIGSTOP")
    with pytest.raises(DeploymentError, match="it is stopped by SIGSTOP and acts on it only after SIGCONT"):
        deployment.signal("redis-2", "redis", "SIGTERM")


@TOGETHER
def test_pods_that_share_a_network_cannot_be_isolated(deploy: Deploy) -> None:
    deployment = deploy()
    with pytest.raises(
        Unavailable, match=r"got the isolation level loopback.*\(asked for\); use namespaces, or a cluster"
    ):
        deployment.isolate("redis-1", CUT)


@APART
def test_a_name_leads_to_a_re_created_pod_so_the_replicas_find_their_master_again(deploy: Deploy) -> None:
    deployment = deploy()
    deployment.delete_pod("redis-0", grace_s=0)
    deployment.create_pod("redis-0")
    for replica in ("redis-1", "redis-2"):
        wait_for_link(deployment, replica)


def test_three_deployments_side_by_side_do_not_know_of_each_other(
    level: Level, tmp_path: Path, processes_of: Callable[[Path], list[str]]
) -> None:
    def live(number: int) -> list[Value]:
        folder = tmp_path / str(number)
        with LocalDeployment(SIDECAR, SIDECAR.profile("fast"), folder=folder, isolation=level) as deployment:
            ask(deployment, "redis-0", "SET", "key", str(number))
            for pod in deployment.servers():
                wait_for(deployment, pod, str(number), "GET", "key")
            view = str(ask_sentinel(deployment, "redis-0", "MASTER", "mymaster"))
            return [ask(deployment, "redis-0", "DBSIZE"), "'num-other-sentinels', '2'" in view]

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(live, range(3))) == [[1, True]] * 3
    assert processes_of(tmp_path) == []


def test_a_wrong_setting_is_told_with_the_end_of_the_log_and_leaves_nothing(
    level: Level, tmp_path: Path, processes_of: Callable[[Path], list[str]]
) -> None:
    folder = tmp_path / "deployment"
    wrong = SIDECAR.with_config(("maxmemory", "plenty"))
    with pytest.raises(DeploymentError) as caught:
        LocalDeployment(wrong, SIDECAR.profile("fast"), folder=folder, isolation=level).start()
    assert "redis to run; it ended with exit status 1 by itself; end of its log:" in str(caught.value)
    assert "maxmemory" in str(caught.value)
    assert processes_of(folder) == []
    assert not folder.exists()


def test_a_crash_is_told_at_the_next_look(deploy: Deploy) -> None:
    deployment = deploy(SIDECAR.with_config(("enable-debug-command", "yes")))
    deployment.probe.query(deployment.servers()["redis-1"], "DEBUG", "SEGFAULT")

    def crashed() -> tuple[bool, str]:
        try:
            deployment.check()
        except DeploymentError as error:
            return "expected redis-1/redis to run" in str(error), str(error)
        return False, "no complaint"

    eventually(crashed, within_s=60, what="the crash to be told")


def test_logs_are_saved_piece_by_piece_and_stamped_in_utc(deploy: Deploy, tmp_path: Path) -> None:
    deployment = deploy()
    deployment.save_logs(tmp_path / "logs")
    log = tmp_path / "logs" / "redis-0-sentinel.log"
    first = log.read_text()
    assert "+monitor master mymaster" in first
    deployment.signal("redis-0", "sentinel", "SIGTERM")
    deployment.save_logs(tmp_path / "logs")
    assert log.read_text().startswith(first)
    assert log.read_text().count("+monitor master mymaster") == 1
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {
        f"redis-{number}-{container}.log" for number in range(3) for container in ("redis", "sentinel")
    }


def test_what_cannot_be_is_refused_in_words(deploy: Deploy) -> None:
    deployment = deploy()
    with pytest.raises(UsageError, match="topology sidecar has no pod 'redis-7'; it has: redis-0, redis-1, redis-2"):
        deployment.signal("redis-7", "redis", "SIGKILL")
    with pytest.raises(UsageError, match="pod redis-0 has no container 'web'; it has: redis, sentinel"):
        deployment.start_container("redis-0", "web")
    with pytest.raises(UsageError, match="expected a signal of SIGKILL, SIGTERM, SIGSTOP, SIGCONT; got 'SIGHUP'"):
        deployment.signal("redis-0", "redis", "SIGHUP")
    with pytest.raises(DeploymentError, match="expected redis-0/redis to be down; it runs already"):
        deployment.start_container("redis-0", "redis")
    with pytest.raises(DeploymentError, match="expected no pod redis-0; it exists, delete it first"):
        deployment.create_pod("redis-0")
    with pytest.raises(DeploymentError, match="this one was started already"):
        deployment.start()


def test_stop_takes_everything_away_and_may_be_called_again(
    level: Level, tmp_path: Path, processes_of: Callable[[Path], list[str]]
) -> None:
    folder = tmp_path / "deployment"
    deployment = LocalDeployment(SIDECAR, SIDECAR.profile("fast"), folder=folder, isolation=level)
    deployment.stop()
    deployment.start()
    assert len(processes_of(folder)) == 9  # guard, node, probe, three servers, three Sentinels
    deployment.stop()
    deployment.stop()
    assert processes_of(folder) == []
    assert not folder.exists()
    with pytest.raises(DeploymentError, match=r"this one is not up, call start\(\) first"):
        _ = deployment.probe


def test_the_end_of_the_agent_is_the_end_of_all_and_stop_still_works(
    level: Level, tmp_path: Path, processes_of: Callable[[Path], list[str]]
) -> None:
    folder = tmp_path / "deployment"
    deployment = LocalDeployment(SIDECAR, SIDECAR.profile("fast"), folder=folder, isolation=level)
    deployment.start()
    guard = next(process for process in processes_of(folder) if process.startswith("python"))
    os.kill(int(guard.split("(")[1].rstrip(")")), signal.SIGKILL)
    eventually(
        lambda: (not processes_of(folder), str(processes_of(folder))), within_s=60, what="the end of all processes"
    )
    with pytest.raises(DeploymentError, match=r"expected the agent .* it is gone or does not answer"):
        deployment.signal("redis-0", "redis", "SIGKILL")
    deployment.stop()
    assert not folder.exists()


def test_a_folder_that_was_there_before_stays_and_is_emptied(level: Level, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with LocalDeployment(SIDECAR, SIDECAR.profile("fast"), folder=tmp_path, isolation=level):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]
