"""pytest is killed (SIGKILL) in the middle of its faults; `redis-resilience heal` puts the cluster back as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from redis_resilience.command.heal import heal_all
from redis_resilience.command.leftovers import leftovers
from redis_resilience.deployments.journal import Journal, journals, undo_left
from redis_resilience.deployments.kube.objects.image import probe_image
from redis_resilience.deployments.kube.tools import run
from redis_resilience.deployments.kube.undoing import Undoer
from redis_resilience.deployments.undo import DeleteNamespace, DropTable, Resume, ScaleBack
from redis_resilience.deployments.waiting import eventually

pytestmark = pytest.mark.kind

SCENARIO = """
from redis_resilience import delete_pod, isolate, kill, pause, scale_to_zero


def test_never_ends(trial):
    trial.load(writers=1, rate=50)
    trial.windows(control_s=0.2, linger_s=240)
    for fault in ({faults}):
        trial.inject(fault)
    trial.run()
"""
STOPPED = r"grep -l '^State:.T' /proc/[0-9]*/status || true"


@pytest.fixture
def killed(clusters, tmp_path, request):
    """Runs a scenario with these faults in the session's cluster, and kills pytest once all of them took effect."""
    cluster = clusters.acquire()
    started = []

    def kill_during(faults, effects, where=()):
        (tmp_path / "test_it.py").write_text(SCENARIO.format(faults=faults))
        words = ["-p", "no:cacheprovider", "-q", "--timeout=280", "test_it.py"]
        words += where or ["--redis-backend=kind", f"--redis-kind-cluster={cluster.name}"]
        words += ["--redis-state=state", "--redis-results=results"]
        with (tmp_path / "said").open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *words],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(request.config.rootpath)},
                stdout=said,
                stderr=said,
            )
        started.append(process)

        def look():
            kept = "".join(path.read_text() for path in tmp_path.glob("results/*/*/trial.jsonl"))
            assert process.poll() is None, (tmp_path / "said").read_text()
            return kept.count('"fault-effect"') == effects, kept[-300:]

        eventually(look, within_s=240, what=f"{effects} faults to take effect", every_s=0.2)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        [path] = journals(tmp_path / "state")
        return path

    yield kill_during
    for process in started:
        process.kill()
        process.wait()


def in_nodes(cluster, script):
    return "".join(run("docker", "exec", node, "sh", "-c", script, within_s=20) for node in cluster.nodes)


@pytest.mark.timeout(400)
def test_stopped_cut_off_killed_and_deleted_at_once(killed, clusters, tmp_path):
    """No stopped process, no rules, no namespace; reported step by step, newest change first; and again, harmless."""
    cluster = clusters.acquire()
    path = killed("isolate('redis-0'), pause('redis-1'), kill('redis-2/sentinel'), delete_pod('redis-2', grace_s=0)", 4)
    journal = Journal.claim(path)
    [namespace, rules, process] = (entry.undo for entry in journal.left())
    journal.close()
    assert isinstance(namespace, DeleteNamespace)
    assert isinstance(rules, DropTable)
    assert isinstance(process, Resume)
    assert rules.table in in_nodes(cluster, "nft list tables")
    assert f"/proc/{process.pid}/status" in in_nodes(cluster, STOPPED)
    assert f"run {namespace.run} is dead" in " ".join(each.text for each in leftovers(tmp_path / "state"))

    told = []
    assert heal_all(tmp_path / "state", tell=told.append)

    assert told == [
        f"run {namespace.run}: died with 3 changes to undo",
        f"  undone  {process}, is running",
        f"  undone  the rules that isolated redis-0 are gone from {', '.join(rules.nodes)}",
        f"  undone  {namespace} is gone",
    ]
    assert rules.table not in in_nodes(cluster, "nft list tables")
    assert f"/proc/{process.pid}/status" not in in_nodes(cluster, STOPPED)
    kubectl = ("kubectl", "--kubeconfig", str(cluster.kubeconfig), "get", "namespaces", "-o", "name")
    assert namespace.where.namespace not in run(*kubectl, within_s=20)
    assert heal_all(tmp_path / "state", tell=told.append)
    assert told[-1].startswith("nothing to undo: no run left a journal in ")


@pytest.mark.timeout(400)
def test_a_guest_is_healed_through_its_helper(killed, clusters, tmp_path, request):
    """In a namespace of the user's, which stays with what was in it; the nodes are entered by a pod that goes, too."""
    cluster = clusters.acquire()
    clusters.load([probe_image(), "redis:8.0"])
    kubectl = ("kubectl", "--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
    run(*kubectl, "create", "namespace", "guest", within_s=20)
    request.addfinalizer(lambda: run(*kubectl, "delete", "namespace", "guest", "--wait=false", within_s=20))
    run(*kubectl, "label", "namespace", "guest", "redis-resilience/allow=yes", within_s=20)
    run(*kubectl, "--namespace", "guest", "create", "configmap", "of-the-user", within_s=20)
    where = ["--redis-backend=context", f"--redis-context={cluster.context}", "--redis-namespace=guest"]
    where += [f"--redis-kubeconfig={cluster.kubeconfig}", f"--redis-probe-image={probe_image()}"]
    path = killed("isolate('redis-0'), pause('redis-1')", 2, [*where, "--redis-node-helper=yes"])
    journal = Journal.claim(path)
    [rules] = (entry.undo for entry in journal.left() if isinstance(entry.undo, DropTable))
    [process] = (entry.undo for entry in journal.left() if isinstance(entry.undo, Resume))
    journal.close()
    assert rules.table in in_nodes(cluster, "nft list tables")
    assert f"/proc/{process.pid}/status" in in_nodes(cluster, STOPPED)

    told = []
    assert heal_all(tmp_path / "state", tell=told.append), told

    assert rules.table not in in_nodes(cluster, "nft list tables")
    assert f"/proc/{process.pid}/status" not in in_nodes(cluster, STOPPED)
    kinds = "pods,statefulsets,services,configmaps,persistentvolumeclaims,poddisruptionbudgets,secrets"
    left = run(*kubectl, "--namespace", "guest", "get", kinds, "--output", "name", within_s=20).split()
    assert sorted(left) == ["configmap/kube-root-ca.crt", "configmap/of-the-user"]


@pytest.mark.timeout(400)
def test_a_stateful_set_has_its_replicas_again(killed, tmp_path):
    """Looked at before its namespace goes: in a namespace that is not ours it would stay."""
    journal = Journal.claim(killed("scale_to_zero('redis-0'),", 1))
    [scaled] = (entry.undo for entry in journal.left() if isinstance(entry.undo, ScaleBack))
    kubectl = ("kubectl", "--kubeconfig", scaled.where.kubeconfig, "--namespace", scaled.where.namespace)
    replicas = (*kubectl, "get", "statefulset", "redis", "-o", "jsonpath={.spec.replicas}")
    before = run(*replicas, within_s=20)

    with Undoer() as undoer:
        [undone] = undo_left(journal, undoer.undo, only=lambda entry: entry.undo == scaled)
    journal.close()

    assert (before, run(*replicas, within_s=20)) == ("0", "3")
    assert undone.proof.endswith("has 3 replicas to keep, as before")
    assert heal_all(tmp_path / "state", tell=lambda _: None)
