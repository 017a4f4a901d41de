"""What goes wrong with the cluster, not with Redis: a message with a way out, a verdict `unknown`, and nothing left."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from redis_resilience.deployments.kube.api import connect
from redis_resilience.deployments.kube.deployment import KubeDeployment
from redis_resilience.deployments.kube.interface import RUN_LABEL, KubeError
from redis_resilience.deployments.kube.kind import KindClusters
from redis_resilience.deployments.kube.nodes.node import NodeShell
from redis_resilience.deployments.kube.tools import run
from redis_resilience.deployments.kube.undoing import Undoer
from redis_resilience.deployments.undo import DeleteNamespace, Where
from redis_resilience.model.errors import DeploymentError
from redis_resilience.model.faults import pause, scale_to_zero
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.model.verdict import Verdict
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.topology import Controller, ControllerKind
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge

SET = Controller(kind=ControllerKind.STATEFUL_SET, name="redis")
pytestmark = pytest.mark.kind

SIDECAR = topology("sidecar")
LOAD = Load(writers=(Writers(count=1, rate=100),))


@pytest.fixture
def deploy(clusters, journal):
    """A deployment in a namespace of its own, stopped at the end."""
    made = []

    def start(namespace, site=clusters):
        found = KubeDeployment(
            SIDECAR, SIDECAR.profile("fast"), site=site, journal=journal, namespace=namespace, run_id=journal.run
        )
        made.append(found)
        found.start()
        return found

    yield start
    for each in made:
        each.stop()


@pytest.fixture
def expendable(request, clusters, journal, tmp_path_factory):
    """A cluster whose API server may be killed: the session's own, else one for this test."""
    if not request.config.getoption("redis_kind_cluster"):
        return clusters
    return KindClusters(tmp_path_factory.mktemp("expendable"), journal, run_id=f"{journal.run}-x")


def try_it(deployment, fault, folder):
    plan = Plan(
        trial="0000dead",
        scenario="errors",
        topology=SIDECAR.name,
        profile="fast",
        backend="kind",
        seed=1,
        load=LOAD,
        faults=(Scheduled(fault=fault),),
        expect=Expect(failover=True),
        windows=Windows(control_s=0.5, observe_s=3.0, linger_s=0.5, heal_s=20.0),
    )
    kept = TrialFolder(folder / "trial")
    kept.create(plan)
    run_trial(plan, deployment, kept)
    return rejudge(kept)


def test_a_lost_probe_is_unknown_and_the_fault_is_undone(deploy, journal, tmp_path, monkeypatch):
    """The master stands still, and the probe's pod is deleted: its history goes with it. The master goes on."""
    deployment = deploy("test-errors-probe")
    signal = deployment.signal

    def signal_and_lose_the_probe(pod, container, name):
        effect = signal(pod, container, name)
        if name == "SIGSTOP":
            deployment._up.api.delete_pod("probe", grace_s=0)
        return effect

    monkeypatch.setattr(deployment, "signal", signal_and_lose_the_probe)
    outcome = try_it(deployment, pause("redis-0"), tmp_path)

    said = outcome.explain()
    assert outcome.verdict is Verdict.UNKNOWN, said
    assert "the probe is gone" in said
    assert "there is no pod probe any more; was it deleted, or evicted?" in said
    assert "could not be undone" not in said
    assert [entry for entry in journal.left() if "redis-0" in str(entry.undo)] == []
    shell, process = deployment._up.pods.process("redis-0", "redis")
    assert process.pid
    assert "T" not in shell.must(f"cut -d ' ' -f 3 /proc/{process.pid}/stat", "the server's state")


@pytest.mark.timeout(600)
def test_an_api_server_that_restarts_is_waited_for(deploy, expendable, journal, tmp_path, monkeypatch):
    """All pods are gone, then the API server's process dies, and the kubelet restarts it.

    The connection to the probe breaks, so nothing is concluded; its history is fetched, and the scale is as before.
    """
    deployment = deploy("test-errors-api", expendable)
    scale = deployment.scale_to_zero

    def scale_and_lose_the_api(pod):
        effect = scale(pod)
        [shell] = deployment._up.pods.nodes.values()
        shell.must("pkill -KILL -x kube-apiserver", "the API server to be killed")
        return effect

    monkeypatch.setattr(deployment, "scale_to_zero", scale_and_lose_the_api)
    outcome = try_it(deployment, scale_to_zero("redis-0"), tmp_path)

    said = outcome.explain()
    assert outcome.verdict is Verdict.UNKNOWN, said
    assert "the probe is gone" in said
    assert "could not be undone" not in said
    assert (outcome.folder / "operations.bin").stat().st_size > 0
    assert deployment._up.api.replicas(SET) == 3
    assert [entry for entry in journal.left() if "StatefulSet" in str(entry.undo)] == []


def test_a_user_without_rights_is_told_which_one_is_missing(clusters, deploy, journal, tmp_path):
    """And nothing is left to undo: what was refused was never created."""
    cluster = clusters.acquire()
    kubectl = ("kubectl", "--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
    before = journal.left()
    run(*kubectl, "create", "serviceaccount", "powerless", within_s=20)
    try:
        token = run(*kubectl, "create", "token", "powerless", within_s=20).strip()
        config = json.loads(run(*kubectl, "config", "view", "--raw", "--minify", "-o", "json", within_s=20))
        config["users"][0]["user"] = {"token": token}
        theirs = tmp_path / "kubeconfig"
        theirs.write_text(json.dumps(config))

        with pytest.raises(KubeError) as raised:
            deploy("test-errors-rights", Elsewhere(clusters, kubeconfig=theirs))
    finally:
        run(*kubectl, "delete", "serviceaccount", "powerless", within_s=20)

    said = str(raised.value)
    assert "expected a new namespace in namespace test-errors-rights at https://" in said
    assert "got 403 Forbidden" in said
    assert 'cannot create resource "namespaces"' in said
    assert "ask for the permission that the message names" in said
    assert journal.left() == before


def test_a_cluster_that_is_gone_is_told_before_anything_is_begun(clusters, deploy, journal, tmp_path):
    """By a kubeconfig whose server no process listens at."""
    cluster = clusters.acquire()
    config = json.loads(
        run("kubectl", "--kubeconfig", str(cluster.kubeconfig), "config", "view", "--raw", "-o", "json", within_s=20)
    )
    for each in config["clusters"]:
        each["cluster"]["server"] = "https://127.0.0.1:1"
    theirs = tmp_path / "kubeconfig"
    theirs.write_text(json.dumps(config))
    before = journal.left()

    with pytest.raises(
        KubeError,
        match=r"expected the cluster's version .* at https://127.0.0.1:1; no answer: .*; does the cluster",
    ):
        deploy("test-errors-dead", Elsewhere(clusters, kubeconfig=theirs))
    assert journal.left() == before


def test_a_namespace_that_is_stuck_is_named_with_its_finalizer(clusters, journal):
    """It stays in the journal until the finalizer is removed; then the same undoing succeeds."""
    cluster = clusters.acquire()
    where = Where(
        kubeconfig=str(cluster.kubeconfig),
        context=cluster.context,
        namespace="test-errors-stuck",
        kind_cluster=cluster.name,
    )
    undo = DeleteNamespace(where=where, run=journal.run)
    entry = journal.note(undo)
    api = connect(cluster.kubeconfig, cluster.context, where.namespace)
    api.create_namespace({RUN_LABEL: journal.run})
    api.close()
    kubectl = ("kubectl", "--kubeconfig", where.kubeconfig, "--namespace", where.namespace)
    run(*kubectl, "create", "configmap", "held", within_s=20)
    patch = ("patch", "configmap", "held", "--type=merge", "--patch")
    run(*kubectl, *patch, '{"metadata": {"finalizers": ["example.com/held"]}}', within_s=20)
    run(*kubectl, "delete", "namespace", where.namespace, "--wait=false", within_s=20)
    told = ("wait", "--for=condition=NamespaceFinalizersRemaining", f"namespace/{where.namespace}", "--timeout=120s")
    run(*kubectl, *told, within_s=130)

    with Undoer(gone_within_s=3.0) as undoer, pytest.raises(DeploymentError) as raised:
        undoer.undo(undo)
    run(*kubectl, *patch, '{"metadata": {"finalizers": null}}', within_s=20)
    with Undoer() as undoer:
        journal.done(entry, undoer.undo(undo))

    said = str(raised.value)
    assert "waited 3 s for namespace test-errors-stuck of" in said
    assert "example.com/held in 1 resource instances" in said
    assert "take the finalizer away, then `redis-resilience heal`" in said
    assert entry not in journal.left()


class Elsewhere:
    """A site whose kubeconfig is another."""

    def __init__(self, site, *, kubeconfig):
        self._site, self._kubeconfig = site, kubeconfig

    def __getattr__(self, name):
        return getattr(self._site, name)

    def acquire(self, images=()):
        return replace(self._site.acquire(images), kubeconfig=self._kubeconfig)

    def shell(self, node):
        return NodeShell.of_container(node)
