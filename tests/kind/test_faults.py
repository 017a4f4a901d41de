"""Every fault on a real cluster: it happens, it is proved, it is undone, and nothing of it stays.

One deployment for all; each test leaves it healthy. `--redis-kind-cluster NAME` uses an existing cluster.
"""

from __future__ import annotations

import json

import pytest

from redis_resilience.deployments.journal import undo_left
from redis_resilience.deployments.kube.api import connect
from redis_resilience.deployments.kube.deployment import KubeDeployment
from redis_resilience.deployments.kube.interface import RUN_LABEL
from redis_resilience.deployments.kube.pods.probe import KubeProbe
from redis_resilience.deployments.kube.tools import run
from redis_resilience.deployments.kube.undoing import Undoer
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.errors import ProbeError, Unavailable
from redis_resilience.model.faults import isolate
from redis_resilience.model.plan import Load, Writers
from redis_resilience.topologies.catalogue import topology
from redis_resilience.trials.survey import survey

pytestmark = pytest.mark.kind

SIDECAR = topology("sidecar")
RUN = NAMESPACE = "test-kind"


@pytest.fixture(scope="module")
def deployment(clusters, journal):
    with KubeDeployment(
        SIDECAR, SIDECAR.profile("fast"), site=clusters, journal=journal, namespace=NAMESPACE, run_id=RUN
    ) as made:
        yield made


@pytest.fixture(autouse=True)
def whole(deployment):
    def look():
        seen = survey(deployment)
        return seen.whole, seen.text

    eventually(look, within_s=90, what="a healthy deployment", every_s=0.1)


def role(deployment, pod):
    return deployment.probe.query(deployment.servers()[pod], "ROLE")


def replica(deployment):
    return survey(deployment).view.replicas[0]


def test_the_probe_has_the_hosts_clock(deployment):
    """The containers of kind share this host's kernel: what is measured must be 0, give or take its error."""
    clocks = deployment.probe.clocks()

    assert abs(clocks.offset_ns) <= clocks.error_ns


def test_a_killed_server_is_another_process_afterwards(deployment):
    """SIGKILL from the node works, where `kubectl exec ... kill -9 1` does nothing."""
    pod = replica(deployment)
    before = deployment.probe.query(deployment.servers()[pod], "INFO", "server").value

    effect = deployment.signal(pod, "redis", "SIGKILL")
    back = deployment.start_container(pod, "redis")

    after = deployment.probe.query(deployment.servers()[pod], "INFO", "server").value
    assert effect.proof.endswith("is gone")
    assert "restart 1" in back.proof
    assert before.split("run_id:")[1][:40] != after.split("run_id:")[1][:40]


def test_a_server_that_was_ended_while_it_stood_still_needs_no_waking(deployment):
    """As a liveness probe has it ended that a stopped process does not answer."""
    pod = replica(deployment)

    deployment.signal(pod, "redis", "SIGSTOP")
    deployment.signal(pod, "redis", "SIGKILL")
    deployment.start_container(pod, "redis")
    effect = deployment.signal(pod, "redis", "SIGCONT")

    assert effect.proof == f"{pod}/redis was ended while it was stopped; another process runs there"


def test_a_stopped_server_is_silent_until_it_goes_on(deployment):
    pod = replica(deployment)

    deployment.signal(pod, "redis", "SIGSTOP")
    silent = role(deployment, pod)
    deployment.signal(pod, "redis", "SIGCONT")

    assert silent.unreachable
    assert role(deployment, pod).value[0] == "slave"


@pytest.mark.parametrize("grace_s", [0.0, 30.0])
def test_a_deleted_pod_is_made_anew(deployment, grace_s):
    """Under its name, at another address; what the cluster did is reported as events."""
    pod = replica(deployment)
    address = deployment.servers()[pod].host
    deployment.drain_events()

    effect = deployment.delete_pod(pod, grace_s=grace_s)
    deployment.create_pod(pod)

    kinds = [event.label for event in deployment.drain_events() if event.pod == pod]
    assert "accepted after" in effect.proof
    assert deployment.servers()[pod].host != address
    assert kinds.index("pod-deleted") < kinds.index("pod-created") < kinds.index("container-started")


def test_an_isolated_pod_is_out_of_its_peers_reach_only(deployment):
    """The clients' side stays open: the probe still reaches it."""
    pod = replica(deployment)

    effect = deployment.isolate(pod, isolate(pod))
    seen = role(deployment, pod)
    deployment.rejoin(pod)

    assert "a peer cannot connect" in effect.proof
    assert seen.value[0] == "slave"


@pytest.mark.parametrize(
    ("direction", "proof"),
    [("in", "a peer cannot connect within 0.3 s; it connects"), ("out", "it cannot connect to a peer within 0.3 s; a")],
)
def test_half_a_partition_leaves_the_other_way_open(deployment, direction, proof):
    pod = replica(deployment)

    effect = deployment.isolate(pod, isolate(pod, direction=direction))
    deployment.rejoin(pod)

    assert proof in effect.proof


def test_scaled_to_zero_nobody_answers(deployment):
    deployment.scale_to_zero("redis-0")
    answers = [role(deployment, pod).unreachable for pod in deployment.servers()]
    deployment.scale_back("redis-0")

    assert all(answers)


def test_a_history_survives_the_death_of_the_line(clusters, deployment, tmp_path):
    """What was measured until then is fetched completely; that the probe was lost is reported all the same."""
    cluster = clusters.acquire()
    api = connect(cluster.kubeconfig, cluster.context, NAMESPACE)
    probe = KubeProbe(api)
    try:
        probe.watch(servers=deployment.servers(), sentinels=deployment.sentinels(), master_name=SIDECAR.master_name)
        probe.open(tmp_path, "0000beef")
        probe.start_load(Load(writers=(Writers(count=1, rate=100),)))
        eventually(lambda: (probe.status().acknowledged > 20, str(probe.status())), within_s=60, what="20 writes")
        probe._program._stop = True
        probe._program._thread.join(timeout=5)
        with pytest.raises(ProbeError, match="the probe is gone"):
            probe.close()
    finally:
        probe.stop()
        api.close()

    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert (tmp_path / "operations.bin").stat().st_size > 20 * 48
    assert "load-begin" in [event.get("kind") for event in events]


def test_a_missing_image_is_named_before_anything_is_made(clusters, journal):
    """Never pulled in the middle of a measurement, never a pod that waits for ever."""
    absent = KubeDeployment(
        SIDECAR,
        SIDECAR.profile("fast"),
        site=clusters,
        journal=journal,
        namespace="test-kind-absent",
        run_id=RUN,
        redis_image="redis:absent",
    )

    with pytest.raises(Unavailable, match="expected the image redis:absent in the local Docker; there is none"):
        absent.start()


def test_nothing_of_a_stopped_deployment_stays(clusters, journal):
    """Its namespace is asked to go at once, and seen to be gone by the end of the run."""
    made = KubeDeployment(
        SIDECAR,
        SIDECAR.profile("fast"),
        site=clusters,
        journal=journal,
        namespace="test-kind-gone",
        run_id="test-kind-gone",
    )
    made.start()
    made.stop()

    with Undoer() as undoer:
        told = undo_left(journal, undoer.undo, only=lambda entry: "test-kind-gone" in str(entry.undo))

    cluster = clusters.acquire()
    left = run(
        "kubectl", "get", "namespaces", "-l", f"{RUN_LABEL}=test-kind-gone", "-o", "name",
        within_s=60, kubeconfig=cluster.kubeconfig,
    )  # fmt: skip
    assert [undone.problem for undone in told] == [""]
    assert left == ""
