"""A node is powered off: what goes with it, what is never switched off, and how it is switched on again."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.nodes.power import NodePower
from redis_resilience.deployments.kube.pods.logs import Logs
from redis_resilience.deployments.kube.pods.pods import Pods
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.deployments.undo import StartNode
from redis_resilience.model.errors import DeploymentError, Unavailable
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.catalogue import topology

# A node is off once it was killed, and on once it was started; each is a worker except node-0.
DOCKER = """case "$*" in
  *kind.role*node-0) echo control-plane ;;
  *kind.role*) echo worker ;;
  *Running*) [ -e "$STATE" ] && echo false || echo true ;;
  kill*) echo off > "$STATE" ;;
  start*) rm "$STATE" ;;
esac"""


class FakeProbe:
    def query(self, endpoint, *command, timeout_s=1.0):
        del endpoint, command, timeout_s
        return Answer(value="run_id:abc\r\n")


class FakeShell:
    def __init__(self):
        self.reopened = 0

    def reopen(self):
        self.reopened += 1


@pytest.fixture
def shell():
    return FakeShell()


@pytest.fixture
def calls(programs, monkeypatch, tmp_path):
    monkeypatch.setenv("STATE", str(tmp_path / "off"))
    (tmp_path / "programs" / "rm").symlink_to("/bin/rm")
    return programs(docker=DOCKER)


@pytest.fixture
def pods(api, make_pod, shell):
    for number, node in enumerate(("node-1", "node-1", "node-0")):
        api.known[f"redis-{number}"] = make_pod(f"redis-{number}", node=node)
    api.known["probe"] = make_pod("probe", node="node-2")
    watch = PodWatch(api)
    nodes = dict.fromkeys(("node-0", "node-1", "node-2"), shell)
    yield Pods(topology=topology("sidecar"), watch=watch, logs=Logs(api, watch), nodes=nodes, probe=FakeProbe())
    watch.stop()


@pytest.fixture
def restarted(api, make_pod, with_container):
    """What the cluster reports once a kubelet has restarted both containers of these pods."""

    def tell(*names):
        for name in names:
            pod = make_pod(name, node="node-1")
            for container in ("redis", "sentinel"):
                pod = with_container(pod, container, id=f"{name}-{container}-2", restarts=1)
            api.tell(pod)

    return tell


@pytest.fixture
def power(pods, journal):
    return NodePower(pods, journal, kind_cluster="c")


def test_all_pods_of_the_node_go_with_it_and_the_journal_knows_first(power, calls, journal):
    effect = power.off("redis-0")

    assert effect.pods == ("redis-0", "redis-1")
    assert effect.proof == "node node-1 is off, and with it redis-0, redis-1"
    assert [entry.undo for entry in journal.left()] == [StartNode(node="node-1", kind_cluster="c")]
    assert "docker kill node-1" in calls()


def test_on_again_every_container_is_another_one_and_the_shell_is_new(power, calls, restarted, journal, shell):
    power.off("redis-0")
    restarted("redis-0", "redis-1")

    effect = power.on("redis-0")

    assert "node node-1 runs" in effect.proof
    assert "redis-1/sentinel was started by the kubelet, restart 1" in effect.proof
    assert journal.left() == ()
    assert shell.reopened == 1
    assert "docker start node-1" in calls()


@pytest.mark.usefixtures("calls")
def test_the_control_plane_stays_on(power, journal):
    with pytest.raises(
        Unavailable, match="expected redis-2 on a node that can be spared; it is on node-0, with the control plane; use"
    ):
        power.off("redis-2")
    assert journal.left() == ()


@pytest.mark.usefixtures("calls")
def test_the_probes_node_stays_on(power, api, make_pod, pods):
    api.tell(make_pod("redis-0", node="node-2"))
    pods.watch.until("redis-0", lambda pod: pod.node == "node-2", within_s=30, what="the pod to be elsewhere")

    with pytest.raises(Unavailable, match="it is on node-2, with the probe; use --redis-workers=3"):
        power.off("redis-0")


def test_a_node_that_is_no_container_of_this_machine_stays_on(pods, journal):
    with pytest.raises(Unavailable, match="expected a cluster of kind, whose nodes can be switched off; node-1 of red"):
        NodePower(pods, journal, kind_cluster="").off("redis-0")


def test_a_node_that_nobody_switched_off_is_not_switched_on(power):
    with pytest.raises(DeploymentError, match="expected the node of redis-0 to have been switched off; it was not"):
        power.on("redis-0")
