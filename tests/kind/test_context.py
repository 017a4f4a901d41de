"""The backend context on a real cluster: as a guest in a namespace, and beside a Redis that is there already.

The cluster is kind's, but nothing here uses that: a context, a kubeconfig, pods that are entered by a helper.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.attached import AttachedDeployment
from redis_resilience.deployments.kube.attachment import Attachment
from redis_resilience.deployments.kube.context import Context, ContextSite
from redis_resilience.deployments.kube.deleting_keys import delete_keys
from redis_resilience.deployments.kube.deployment import KubeDeployment
from redis_resilience.deployments.kube.keys import Keys, PasswordFrom
from redis_resilience.deployments.kube.kind import KindClusters
from redis_resilience.deployments.kube.objects.image import probe_image
from redis_resilience.deployments.kube.tools import Place, run
from redis_resilience.deployments.kube.undoing import Undoer, leave
from redis_resilience.deployments.undo import DeleteKeys
from redis_resilience.discovery.asking import discover
from redis_resilience.discovery.carrying import carried
from redis_resilience.discovery.options import options_for
from redis_resilience.faults.target import MASTER
from redis_resilience.model.errors import Unavailable, UsageError
from redis_resilience.model.faults import kill
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.topology import Boot, Volume
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge
from tests.kind.pods import must_be_ready

pytestmark = pytest.mark.kind

SIDECAR = topology("sidecar")
MANIFESTS = Path(__file__).parents[2] / "manifests"
PASSWORD = "correct-horse-battery"  # noqa: S105 - looked for afterwards in all that was written
OPT_IN = "redis-resilience/allow=yes"
SECURED = r"""
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, publishNotReadyAddresses: true, selector: {app: db}, ports: [{name: redis, port: 6379}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: server
          image: redis:8.0
          imagePullPolicy: IfNotPresent
          ports: [{containerPort: 6379}]
          env: &env [{name: PASSWORD, valueFrom: {secretKeyRef: {name: redis, key: password}}}]
          command:
            - sh
            - -c
            - |
              cd /tmp
              printf 'requirepass %s\nmasterauth %s\nsave ""\n' "$PASSWORD" "$PASSWORD" > redis.conf
              [ "$HOSTNAME" = db-0 ] || echo 'replicaof db-0.db 6379' >> redis.conf
              exec redis-server redis.conf
        - name: guard
          image: redis:8.0
          imagePullPolicy: IfNotPresent
          ports: [{containerPort: 26379}]
          env: *env
          command:
            - sh
            - -c
            - |
              cd /tmp
              until getent hosts db-0.db; do sleep 0.2; done
              printf 'port 26379\nsentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n' > s.conf
              printf 'sentinel monitor shop db-0.db 6379 1\nsentinel auth-pass shop %s\n' "$PASSWORD" >> s.conf
              printf 'requirepass %s\nsentinel announce-ip %s.db\n' "$PASSWORD" "$HOSTNAME" >> s.conf
              exec redis-sentinel s.conf
"""
"""Not this project's deployment: other names, a password everywhere, never passed as an argument."""


@pytest.fixture(scope="module")
def cluster(request, tmp_path_factory):
    """Skips where this machine cannot have a cluster, unless skips are failures."""
    folder = tmp_path_factory.mktemp("context")
    journal = Journal.begin(folder / "state", "test-context", results=str(folder))
    clusters = KindClusters(
        folder,
        journal,
        run_id=f"test-context-{folder.parent.name[-4:]}",
        named=request.config.getoption("redis_kind_cluster") or "",
    )
    try:
        made = clusters.acquire()
    except Unavailable as error:
        if request.config.getoption("redis_require") == "yes":
            raise
        pytest.skip(str(error))
    clusters.load([probe_image(), "redis:8.0"])
    yield made
    with Undoer() as undoer:
        leave(journal, undoer)


@pytest.fixture
def kubectl(cluster):
    def call(*words, given=""):
        command = ("kubectl", "--context", cluster.context, *words)
        return run(*command, within_s=130, given=given.encode(), kubeconfig=cluster.kubeconfig)

    return call


@pytest.fixture
def namespace(request, kubectl):
    """One of the user's, with the user's consent."""
    name = "test-" + request.node.name.removeprefix("test_").replace("_", "-")[:40].strip("-")
    kubectl("create", "namespace", name)
    kubectl("label", "namespace", name, OPT_IN)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def journal(tmp_path):
    with Undoer() as undoer:
        made = Journal.begin(tmp_path / "state", "run", results=str(tmp_path))
        yield made
        leave(made, undoer)


def site(cluster, namespace, **more):
    context = Context(name=cluster.context, namespace=namespace, kubeconfig=cluster.kubeconfig, **more)
    return ContextSite(context, run_id="run-1")


def left(kubectl, namespace):
    """Whatever Kubernetes itself does not put into every namespace."""
    kinds = "all,configmaps,persistentvolumeclaims,poddisruptionbudgets,secrets"
    found = kubectl("--namespace", namespace, "get", kinds, "--output", "name").split()
    return [name for name in found if name != "configmap/kube-root-ca.crt"]


def guest(cluster, kubectl, namespace, folder, *, role):
    """The kubeconfig of a service account with this role and no other; its context is called guest."""
    kubectl("--namespace", namespace, "create", "serviceaccount", "guest")
    bound = (f"--role={role}", f"--serviceaccount={namespace}:guest")
    kubectl("--namespace", namespace, "create", "rolebinding", "guest", *bound)
    token = kubectl("--namespace", namespace, "create", "token", "guest").strip()
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(cluster.kubeconfig.read_text())
    where = (f"--cluster={cluster.context}",)
    for words in (("set-credentials", "guest", f"--token={token}"), ("set-context", "guest", "--user=guest", *where)):
        run("kubectl", "config", *words, within_s=10, kubeconfig=kubeconfig)
    return kubeconfig


def deploy_secured(kubectl, namespace):
    kubectl("--namespace", namespace, "create", "secret", "generic", "redis", f"--from-literal=password={PASSWORD}")
    kubectl("apply", "--namespace", namespace, "--filename", "-", given=SECURED)
    for name in ("db-0", "db-1"):
        must_be_ready(kubectl, name, "--namespace", namespace)


def command(*words, codes=(0,)):
    """What the program prints; a verdict may be unknown, as a shared machine may be too busy for one."""
    done = subprocess.run(
        [sys.executable, "-m", "redis_resilience.cli", *words], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode in codes, done.stderr
    return done.stdout


def kill_master(deployment, folder):
    """One trial; its verdict is not asserted on: a shared machine may be too busy for one."""
    plan = Plan(
        trial="00c0ffee",
        scenario="master-kill",
        topology=deployment.topology.name,
        profile=deployment.profile.name,
        backend=deployment.backend,
        seed=1,
        load=Load(writers=(Writers(count=2, rate=100),)),
        faults=(Scheduled(fault=kill(MASTER)),),
        expect=Expect(failover=True),
        windows=Windows(heal_s=60.0),
    )
    kept = TrialFolder(folder)
    kept.create(plan)
    run_trial(plan, deployment, kept)
    return rejudge(kept)


def test_a_guest_leaves_nothing(cluster, kubectl, namespace, journal, tmp_path):
    """Deployed beside another's object, a master killed through a helper; at the end only the other's is there."""
    kubectl("--namespace", namespace, "create", "configmap", "of-the-user", "--from-literal=a=b")
    deployment = KubeDeployment(
        SIDECAR,
        SIDECAR.profile("fast"),
        site=site(cluster, namespace, node_helper=True),
        journal=journal,
        namespace=namespace,
        run_id="run-1",
        probe_image=probe_image(),
    )

    with deployment:
        outcome = kill_master(deployment, tmp_path / "trial")

    assert outcome.finding("assumptions.fault_proved").verdict == "pass", outcome.explain()
    assert outcome.failover.happened, outcome.explain()
    assert left(kubectl, namespace) == ["configmap/of-the-user"]
    assert journal.left() == ()


def test_an_attached_redis_keeps_its_users_data(cluster, kubectl, namespace, journal, tmp_path):
    """Applied as any user would, with keys in it; a master is killed; every key is there afterwards, and no other."""
    kubectl("apply", "--namespace", namespace, "-k", str(MANIFESTS / "sidecar/overlays/fast"))
    for pod in SIDECAR.pods:
        must_be_ready(kubectl, pod.name, "--namespace", namespace)
    redis = ("--namespace", namespace, "exec", "--stdin", "--container", "redis")
    sets = "".join(f"SET user:{number} {number}\n" for number in range(500))
    kubectl(*redis, "redis-0", "--", "redis-cli", given=sets)
    before = set(left(kubectl, namespace))
    deployment = AttachedDeployment(
        lambda _: Attachment(selector="app=redis"),
        site=site(cluster, namespace, node_helper=True),
        journal=journal,
        namespace=namespace,
        run_id="run-1",
        probe_image=probe_image(),
    )

    with deployment:
        outcome = kill_master(deployment, tmp_path / "trial")

    assert deployment.profile.down_after_ms == SIDECAR.profile("fast").down_after_ms
    assert outcome.finding("assumptions.fault_proved").verdict == "pass", outcome.explain()
    assert outcome.finding("assumptions.clean").verdict == "pass"
    assert outcome.writes.acknowledged > 0
    for pod in SIDECAR.pods:
        keys = kubectl(*redis, pod.name, "--", "redis-cli", "KEYS", "*").split()
        assert sorted(keys) == sorted(f"user:{number}" for number in range(500)), pod.name
    assert set(left(kubectl, namespace)) == before

    [master] = [
        pod.name for pod in SIDECAR.pods if "master" in kubectl(*redis, pod.name, "--", "redis-cli", "ROLE").split()
    ]
    left_behind = "SET rr:0000dead:000000000007 7\nSET rr:0000dead:8 x\n"
    kubectl(*redis, master, "--", "redis-cli", given=left_behind)
    undo = DeleteKeys(
        where=site(cluster, namespace).where,
        trial="0000dead",
        attachment=Attachment(selector="app=redis"),
        probe_image=probe_image(),
    )

    told = delete_keys(undo, journal=journal)

    assert told.endswith(" are deleted: 1; 1 of these names have other values and are left")
    assert kubectl(*redis, master, "--", "redis-cli", "KEYS", "rr:*").split() == ["rr:0000dead:8"]
    assert set(left(kubectl, namespace)) == before
    assert journal.left() == ()


def test_without_consent_nothing_is_made(cluster, kubectl, namespace, journal):
    kubectl("label", "namespace", namespace, "redis-resilience/allow-")
    deployment = KubeDeployment(
        SIDECAR,
        SIDECAR.profile("fast"),
        site=site(cluster, namespace),
        journal=journal,
        namespace=namespace,
        run_id="run-1",
        probe_image=probe_image(),
    )

    with pytest.raises(UsageError, match="to carry the label redis-resilience/allow=yes; got no such label"):
        deployment.start()

    assert left(kubectl, namespace) == []


def test_what_is_not_allowed_is_told_before_anything_is_made(cluster, kubectl, namespace, journal, tmp_path):
    """As a service account that may only look: one message, all that is missing."""
    kubectl("--namespace", namespace, "create", "role", "look", "--verb=get,list,watch", "--resource=pods,events")
    kubeconfig = guest(cluster, kubectl, namespace, tmp_path, role="look")
    context = Context(name="guest", namespace=namespace, kubeconfig=kubeconfig, allowed="guest")
    deployment = KubeDeployment(
        SIDECAR,
        SIDECAR.profile("fast"),
        site=ContextSite(context, run_id="run-1"),
        journal=journal,
        namespace=namespace,
        run_id="run-1",
        probe_image=probe_image(),
    )

    with pytest.raises(Unavailable) as missing:
        deployment.start()

    text = str(missing.value)
    assert "create pods," in text
    assert "create statefulsets.apps" in text
    assert "list events" not in text


def test_the_printed_role_is_enough(cluster, kubectl, namespace, tmp_path):
    """Discovery, a password's Secret, the probe and a fault, as a service account with exactly that Role."""
    deploy_secured(kubectl, namespace)
    of_the_run = ("replica-delete", "--namespace", namespace, "--attach", "auto")
    place = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
    kubectl("apply", "--filename", "-", given=command("permissions", *of_the_run, *place, "--format", "rbac"))
    kubeconfig = guest(cluster, kubectl, namespace, tmp_path, role="redis-resilience")

    place = ("--kubeconfig", str(kubeconfig), "--context", "guest", "--state", str(tmp_path / "state"))
    manner = ("--backend", "context", "--probe-image", probe_image(), "--results", str(tmp_path / "results"))
    command("run", *of_the_run, *place, *manner, codes=(0, 2))

    (trial,) = (tmp_path / "results").rglob("verdict.json")
    outcome = rejudge(TrialFolder(trial.parent))
    assert outcome.finding("assumptions.fault_proved").verdict == "pass", outcome.explain()
    assert outcome.writes.acknowledged > 0


def test_the_password_is_nowhere(cluster, kubectl, namespace, journal, tmp_path):
    """Read from its Secret, given to the probe alone: in no argument, log, history or report; the trial works."""
    deploy_secured(kubectl, namespace)
    deployment = AttachedDeployment(
        lambda _: Attachment(selector="app=db", keys=Keys(password=PasswordFrom(secret=("redis", "password")))),
        site=site(cluster, namespace, secrets=("redis",)),
        journal=journal,
        namespace=namespace,
        run_id="run-1",
        probe_image=probe_image(),
    )

    with deployment:
        plan = Plan(
            trial="00c0ffee", scenario="replication", topology="attached", profile=deployment.profile.name,
            backend="context", seed=1, load=Load(writers=(Writers(count=2, rate=100),)), faults=(),
            expect=Expect(), windows=Windows(),
        )  # fmt: skip
        folder = TrialFolder(tmp_path / "trial")
        folder.create(plan)
        run_trial(plan, deployment, folder)
        arguments = "".join(path.read_bytes().decode(errors="replace") for path in _arguments())

    outcome = rejudge(folder)
    assert outcome.writes.acknowledged > 0, outcome.explain()
    assert PASSWORD not in arguments
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert [path for path in written if PASSWORD.encode() in path.read_bytes()] == []
    assert PASSWORD not in repr(deployment._running)


def test_what_runs_in_a_namespace_is_discovered(cluster, kubectl, namespace):
    """Roles, ports, the Secret and the master's name, of containers that no name tells; the password is not shown."""
    deploy_secured(kubectl, namespace)
    before = left(kubectl, namespace)
    place = Place(kubeconfig=cluster.kubeconfig, context=cluster.context, namespace=namespace)

    (found,) = discover(place)

    assert {each.place: answer.refused for each in found.instances for answer in [found.answers[each.place]]} == {
        "db-0/server": "",
        "db-1/server": "",
        "db-0/guard": "",
        "db-1/guard": "",
    }
    assert sorted(answer.role for answer in found.answers.values()) == ["master", "sentinel", "sentinel", "slave"]
    assert options_for(found).options == {
        "attach": "app=db",
        "container": "server",
        "sentinel_container": "guard",
        "master_name": "shop",
        "password_secret": "redis/password",
    }
    assert PASSWORD not in repr(found)
    assert left(kubectl, namespace) == before
    made = carried(found, name="mine", document="").topology
    assert [(each.name, each.containers) for each in made.pods] == [
        ("db-0", ("redis", "sentinel")),
        ("db-1", ("redis", "sentinel")),
    ]
    assert (made.boot, made.volume, made.quorum, made.password) == (Boot.FIRST, Volume.CONTAINER, 1, True)
    assert (made.profile("documented").down_after_ms, dict(made.redis_config)["appendonly"]) == (30000, "no")


def _arguments():
    """Of every process of this host, the cluster's too, except the servers', which get their own."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"redis" not in path.read_bytes().partition(b"\0")[0]:
                yield path
        except OSError:
            continue
