"""How the deployment carries out faults, on a cluster that is a dictionary of pods and nodes that only answer."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.deployments.kube import bringup, deployment
from redis_resilience.deployments.kube.deployment import KubeDeployment
from redis_resilience.deployments.kube.interface import Template
from redis_resilience.deployments.kube.nodes.firewall import Firewall
from redis_resilience.deployments.kube.nodes.node import Process
from redis_resilience.deployments.kube.nodes.power import NodePower
from redis_resilience.deployments.kube.pods.clients import clients
from redis_resilience.deployments.kube.pods.logs import Logs
from redis_resilience.deployments.kube.pods.pods import Pods
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.deployments.kube.site import Cluster
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.deployments.steps import Steps
from redis_resilience.deployments.undo import RestoreImages, Resume, ScaleBack, Where
from redis_resilience.deployments.waiting import eventually
from redis_resilience.faults.capabilities import CanPartition, CanRecreate, CanRestart, CanScale, CanSignal, CanUpgrade
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.perform import able
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, ProbeError, Unavailable, UsageError
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.topology import Controller, ControllerKind

SET = Controller(kind=ControllerKind.STATEFUL_SET, name="redis")
SIDECAR = topology("sidecar")
PLACE = Place(kubeconfig=Path("k"), context="c", namespace="trial")
MANIFESTS = Path(__file__).parents[3] / "manifests"


class FakeSite:
    backend = "kind"


class FakeNode:
    """A node on which every process takes every signal at once."""

    node = "node-1"

    def must(self, script, what):
        del script, what
        return "2"


class FakeProbe:
    def query(self, endpoint, *command, timeout_s=1.0):
        del endpoint, command, timeout_s
        return Answer(value="redis_version:8.0.2\r\nrun_id:abc\r\n")


@pytest.fixture
def gone(monkeypatch, journal):
    """Every container has a process, whose death is seen at once."""
    seen = []

    def wait(_shell, _process, wanted, name, **_):
        seen.append((name, wanted))
        return 10**18

    monkeypatch.setattr("redis_resilience.deployments.kube.pods.death.wait_for_state", wait)

    def send(_shell, _process, signal, _name):
        seen.append(journal.left())
        return Effect(begin_ns=1, end_ns=2, proof=signal)

    monkeypatch.setattr(deployment, "send_signal", send)
    monkeypatch.setattr(
        "redis_resilience.deployments.kube.pods.pods.find_process",
        lambda *_: Process(node="node-1", pid=4711, born="1"),
    )
    return seen


@pytest.fixture
def up(api, make_pod, monkeypatch, journal):
    """A deployment that is up without ever having been brought up."""
    for number, pod in enumerate(SIDECAR.pods):
        api.known[pod.name] = make_pod(pod.name, address=f"10.0.0.{number}")
    api.sizes[SET] = 3
    watch = PodWatch(api)
    logs = Logs(api, watch)
    probe = FakeProbe()
    node = FakeNode()
    pods = Pods(topology=SIDECAR, watch=watch, logs=logs, nodes={"node-1": node}, probe=probe)

    def ready(wanted, site, connect, journal, undo):
        del wanted, site, connect
        undo.callback(watch.stop)
        return bringup.Up(
            cluster=Cluster(name="c", kubeconfig=Path("k"), context="kind-c", nodes=("node-1",), node_image="node:v1"),
            where=Where(kubeconfig="k", context="c", namespace="trial", kind_cluster="c"),
            api=api,
            watch=watch,
            logs=logs,
            pods=pods,
            partition=Firewall((node,), "trial", journal, ports=(6379, 26379)),
            power=NodePower(pods, journal, kind_cluster="c"),
            probe=probe,
            clients=clients(api=api, watch=watch, image="redis:8.0", place=PLACE),
            images=("redis:8.0",),
            steps=Steps(),
            undo=undo,
        )

    monkeypatch.setattr(deployment, "bring_up", ready)
    with make(journal) as made:
        yield made


def make(journal, found=SIDECAR):
    return KubeDeployment(
        found,
        found.profile("fast"),
        site=FakeSite(),
        journal=journal,
        namespace="trial",
        run_id="run",
        manifests=MANIFESTS,
    )


def later(action):
    timer = threading.Timer(0.05, action)
    timer.start()
    return timer


def test_it_can_do_everything_that_faults_ask_for(journal):
    made = make(journal)

    for capability in (CanSignal, CanRestart, CanRecreate, CanPartition, CanScale, CanUpgrade):
        assert isinstance(made, capability)
    assert made.backend == "kind"


def test_servers_are_where_the_cluster_says(up):
    assert up.servers()["redis-1"] == Endpoint("10.0.0.1", 6379)
    assert tuple(up.sentinels()) == ("redis-0", "redis-1", "redis-2")
    assert up.fingerprint()["engine_version"] == "8.0.2"


@pytest.mark.usefixtures("gone")
def test_a_killed_container_is_waited_for(up, api, make_pod, with_container):
    """The kubelet starts it again; the proof is another container."""
    up.signal("redis-0", "redis", "SIGKILL")
    later(lambda: api.tell(with_container(make_pod("redis-0"), "redis", id="second", restarts=1)))

    effect = up.start_container("redis-0", "redis")

    assert effect.proof == "redis-0/redis was started by the kubelet, restart 1, run_id abc"


@pytest.mark.usefixtures("gone")
def test_what_is_back_is_back_without_a_probe_to_ask_it(up, api, make_pod, with_container, monkeypatch):
    """A lost probe makes the trial unknown; it must not make an undone fault look like one that stays."""

    def lost(*_, **__):
        raise ProbeError("the probe is gone")

    up.signal("redis-0", "redis", "SIGKILL")
    monkeypatch.setattr(FakeProbe, "query", lost)
    later(lambda: api.tell(with_container(make_pod("redis-0"), "redis", id="second", restarts=1)))

    effect = up.start_container("redis-0", "redis")

    assert effect.proof.endswith("was started by the kubelet, restart 1, not asked, as the probe is gone")


def test_what_nobody_killed_cannot_be_started(up):
    with pytest.raises(DeploymentError, match="expected redis-0/redis to have been killed; it was not"):
        up.start_container("redis-0", "redis")


def test_a_deleted_pod_is_gone_when_its_server_is(up, api, make_pod, gone):
    """The API's acceptance is not the fault: both are in the proof. The new pod is known by its uid."""
    effect = up.delete_pod("redis-2", grace_s=0)
    later(lambda: api.tell(make_pod("redis-2", uid="another", address="10.0.0.9")))
    back = up.create_pod("redis-2")

    assert ("delete_pod", "redis-2", 0) in api.calls
    assert gone == [("redis-2/redis", "gone")]
    assert "redis-2 was deleted with 0 s of grace: accepted after" in effect.proof
    assert "redis (PID 4711 on node-1) gone after" in effect.proof
    assert back.proof.startswith("redis-2 was recreated at 10.0.0.9, redis run_id abc")
    assert up.servers()["redis-2"].host == "10.0.0.9"


@pytest.mark.usefixtures("gone")
def test_logs_are_taken_before_a_pod_goes(up, api):
    up.delete_pod("redis-2")

    calls = [call[0] for call in api.calls]
    assert calls.index("logs") < calls.index("delete_pod")


def test_scaled_to_zero_and_back(up, api, gone):
    """As many replicas as before, whatever that was; when they are back is measured, not waited for."""
    down = up.scale_to_zero("redis-1")
    back = up.scale_back("redis-1")

    assert [call for call in api.calls if call[0] == "scale"] == [("scale", SET, 0), ("scale", SET, 3)]
    assert len(gone) == 3
    assert "StatefulSet redis was scaled from 3 to 0" in down.proof
    assert "StatefulSet redis in namespace trial of c has 3 replicas to keep, as before" in back.proof
    with pytest.raises(DeploymentError, match="expected what keeps redis-1 to have been scaled to 0; it was not"):
        up.scale_back("redis-1")


def test_how_to_wake_a_process_is_on_disk_before_it_is_stopped(up, journal, gone):
    """And done with once it goes on."""
    up.signal("redis-0", "redis", "SIGSTOP")
    [[before]] = gone
    up.signal("redis-0", "redis", "SIGCONT")

    assert before.undo == Resume(node="node-1", pid=4711, born="1", name="redis-0/redis", kind_cluster="c")
    assert journal.left() == ()


def test_a_bare_pod_is_nobodys_to_scale(up):
    topology = replace(up.topology, pods=tuple(replace(pod, controller=None) for pod in up.topology.pods))

    expected = "expected a pod of StatefulSet, .*; redis-0 is a bare pod and cannot be scaled"
    with pytest.raises(UsageError, match=expected):
        replace(up._up.pods, topology=topology).controller_of("redis-0")


@pytest.mark.usefixtures("gone")
def test_how_many_replicas_there_were_is_on_disk_before_they_go(up, api, journal, monkeypatch):
    found = []
    monkeypatch.setattr(api, "scale", lambda *_: found.extend(journal.left()))

    up.scale_to_zero("redis-0")

    assert [entry.undo for entry in found] == [ScaleBack(where=up._up.where, controller=SET, replicas=3)]


def test_names_that_do_not_exist_list_those_that_do(up):
    with pytest.raises(UsageError, match="topology sidecar has no pod 'redis-9'; it has: redis-0, redis-1, redis-2"):
        up.delete_pod("redis-9")
    with pytest.raises(UsageError, match="pod redis-0 has no container 'nginx'; it has: redis, sentinel"):
        up.signal("redis-0", "nginx", "SIGKILL")


def test_before_start_and_after_stop_it_says_so(journal):
    made = make(journal)

    made.stop()
    with pytest.raises(DeploymentError, match="this one is not up, call start"):
        made.servers()


def test_a_failed_start_undoes_what_was_begun(monkeypatch, journal):
    undone = []

    def fail(wanted, site, connect, journal, undo: ExitStack):
        del wanted, site, connect, journal
        undo.callback(undone.append, "namespace")
        raise DeploymentError("no image")

    monkeypatch.setattr(deployment, "bring_up", fail)

    with pytest.raises(DeploymentError, match="no image"):
        make(journal).start()
    assert undone == ["namespace"]


def test_care_counts_the_restarts_and_names_who_shares_the_node(up, api, make_pod, with_container):
    """Each restart makes the kubelet wait longer; with its node, all pods on it go."""
    api.tell(with_container(make_pod("redis-1"), "redis", restarts=2))
    eventually(
        lambda: (up.policy("redis-1").restarted.most_ms == 25_000, str(up.policy("redis-1"))),
        within_s=30,
        what="the restarts to be known",
    )

    assert up.policy("redis-0").co_located == ("redis-1", "redis-2")
    assert up.policy("redis-0").restarted.most_ms == 5_000
    assert (up.policy("redis-0").planned_failover_ms, up.policy("redis-0").stays_away_ms) == (12_000, 1500)


@pytest.mark.usefixtures("gone")
def test_when_the_cluster_accepted_it_is_told_beside_when_it_took_effect(up):
    effect = up.delete_pod("redis-0", grace_s=0)

    assert effect.asked_ns is not None
    assert effect.asked_ns[0] == effect.begin_ns <= effect.asked_ns[1] <= effect.end_ns
    assert up.scale_to_zero("redis-0").pods == ("redis-0", "redis-1", "redis-2")


def test_an_upgraded_pod_gets_the_image_once_the_journal_knows_the_old_one(up, api, journal, gone):
    """Its own hook asks for the planned failover; the strategy is OnDelete, so that no other pod goes."""
    old = Template(images={"redis": "redis:7.0", "sentinel": "redis:7.0", "exporter": "e:1"}, strategy={"type": "R"})
    api.templates[SET] = old
    noted = []
    api.set_template = lambda controller, template: (
        noted.append([each.undo for each in journal.left()]),
        api.templates.__setitem__(controller, template),
    )

    up.retire("redis-1", to="redis:8.0")

    assert ("delete_pod", "redis-1", 30.0) in api.calls
    assert ("redis-1/redis", "gone") in gone
    assert noted == [
        [
            RestoreImages(
                where=Where(kubeconfig="k", context="c", namespace="trial", kind_cluster="c"),
                controller=SET,
                images=old.images,
                init_containers=(),
                strategy={"type": "R"},
            )
        ]
    ]
    assert api.templates[SET] == Template(
        images={"redis": "redis:8.0", "sentinel": "redis:8.0", "exporter": "e:1"},
        strategy={"type": "OnDelete", "rollingUpdate": None},
    )
    assert [up.program(pod) for pod in ("redis-0", "redis-1")] == ["redis:7.0", "redis:8.0"]
    assert up.used_up == "redis-1 went through a rolling upgrade"


def test_a_pod_whose_log_says_that_it_refuses_its_data_is_not_waited_for_and_gets_its_image_back(
    up, api, make_pod, gone
):
    del gone
    api.templates[SET] = Template(images={"redis": "redis:8.0"}, strategy={"type": "R"})
    up.retire("redis-1", to="redis:7.0")
    api.known["redis-1"] = make_pod("redis-1", uid="another", address="10.0.0.9")
    api.tell(api.known["redis-1"])
    api.texts["redis-1", "redis", False] = "2026-11-28T16:00:00Z 1:M # Can't handle RDB format version 12\n"

    with pytest.raises(DeploymentError, match=r"redis-1 with redis:7\.0 does not start: Can't handle RDB format"):
        up.renew("redis-1")
    again = later(lambda: api.tell(make_pod("redis-1", uid="third", address="10.0.0.10")))
    up.restore("redis-1")
    again.join()

    assert api.templates[SET].images == {"redis": "redis:8.0"}


def test_an_image_that_cannot_be_pulled_is_not_waited_for(up, api, make_pod, with_container, gone):
    del gone
    api.templates[SET] = Template(images={"redis": "redis:8.0"}, strategy={"type": "R"})
    up.retire("redis-1", to="redis:typo")
    pod = make_pod("redis-1", uid="another", address="10.0.0.9")
    api.known["redis-1"] = with_container(pod, "redis", state="waiting", reason="ImagePullBackOff")
    api.tell(api.known["redis-1"])

    with pytest.raises(DeploymentError, match=r"redis-1 with redis:typo does not start: redis-1/redis: ImagePullBack"):
        up.renew("redis-1")


def test_pods_of_no_stateful_set_are_not_upgraded_one_by_one(journal):
    with pytest.raises(Unavailable, match="topology bootstrap has pods of ReplicationController redis"):
        able(make(journal, topology("bootstrap")), CanUpgrade, "rolling-upgrade")


def test_a_deployment_is_worn_once_a_container_was_started_again_twice(up, api, make_pod, with_container):
    """The next start would wait for 20 s, and the trial with it."""
    assert up.used_up == ""

    api.tell(with_container(make_pod("redis-1"), "sentinel", restarts=2))
    eventually(lambda: (bool(up.used_up), up.used_up), within_s=30, what="the restarts to be known")

    assert up.used_up == "redis-1/sentinel was started again 2 times"
