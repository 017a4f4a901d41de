"""A Redis Cluster that its owner deployed: discovered, attached to, broken and judged; the owner's keys stay."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.attached import AttachedDeployment
from redis_resilience.deployments.kube.attachment import Attachment
from redis_resilience.deployments.kube.context import Context, ContextSite
from redis_resilience.deployments.kube.keys import Keys, PasswordFrom
from redis_resilience.deployments.kube.objects.image import probe_image
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.deployments.kube.undoing import Undoer, leave
from redis_resilience.discovery.asking import discover
from redis_resilience.discovery.options import options_for
from redis_resilience.faults.target import MASTER
from redis_resilience.model.errors import UsageError
from redis_resilience.model.faults import pause
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.trials.discovered import attachment_in
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.settings import settings
from redis_resilience.trials.trial import rejudge

pytestmark = pytest.mark.kind

NAMESPACE = "test-shop"
NODES = r"""
apiVersion: v1
kind: Secret
metadata: {name: shop}
stringData: {word: correct-horse-battery}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {clusterIP: None, publishNotReadyAddresses: true, selector: {app: shop}, ports: [{port: 7000}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: shop}
spec:
  serviceName: shop
  replicas: 6
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: node
          image: redis:8.0
          imagePullPolicy: IfNotPresent
          env: [{name: SHOP_PASSWORD, valueFrom: {secretKeyRef: {name: shop, key: word}}}]
          readinessProbe: {tcpSocket: {port: 7000}, periodSeconds: 1}
          volumeMounts: [{name: data, mountPath: /data}]
          command:
            - sh
            - -c
            - >
              cd /data;
              exec redis-server --port 7000 --cluster-enabled yes --cluster-node-timeout 2000 --appendonly yes
              --requirepass "$SHOP_PASSWORD" --masterauth "$SHOP_PASSWORD"
      volumes: [{name: data, emptyDir: {}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: form}
spec:
  template:
    metadata: {labels: {app: form}}
    spec:
      restartPolicy: OnFailure
      containers:
        - name: form
          image: redis:8.0
          imagePullPolicy: IfNotPresent
          env: [{name: SHOP_PASSWORD, valueFrom: {secretKeyRef: {name: shop, key: word}}}]
          command:
            - sh
            - -c
            - |
              export REDISCLI_AUTH="$SHOP_PASSWORD"
              for number in 0 1 2 3 4 5; do
                until redis-cli -h shop-$number.shop -p 7000 ping | grep -q PONG; do sleep 0.2; done
                nodes="$nodes $(getent hosts shop-$number.shop | cut -d ' ' -f 1):7000"
              done
              redis-cli --cluster create $nodes --cluster-replicas 1 --cluster-yes
"""


@pytest.fixture(scope="module")
def place(cluster, kubectl):
    """The owner's namespace, with a Redis Cluster of six nodes."""
    kubectl("create", "namespace", NAMESPACE)
    kubectl("label", "namespace", NAMESPACE, "redis-resilience/allow=yes")
    kubectl("apply", "--filename", "-", given=NODES)
    kubectl("wait", "--for=condition=complete", "job/form", "--timeout=90s")
    yield Place(kubeconfig=cluster.kubeconfig, context=cluster.context, namespace=NAMESPACE)
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture
def attach(cluster, place, tmp_path):
    """Takes a way to find it; what it makes is gone after the test."""
    with Undoer() as undoer:
        journal = Journal.begin(tmp_path / "state", "run", results=str(tmp_path))

        def make(find):
            where = Context(
                name=cluster.context,
                namespace=place.namespace,
                kubeconfig=cluster.kubeconfig,
                secrets=("shop",),
                node_helper=True,
            )
            return AttachedDeployment(
                find,
                site=ContextSite(where, run_id="run-1"),
                journal=journal,
                namespace=place.namespace,
                run_id="run-1",
                probe_image=probe_image(),
            )

        yield make
        leave(journal, undoer)


def ask_nodes(kubectl, words, given=""):
    """By a client that goes where a node sends it."""
    command = f'REDISCLI_AUTH="$SHOP_PASSWORD" redis-cli -c -p 7000 {words}'
    return kubectl("exec", "--stdin", "shop-0", "--", "sh", "-c", command, given=given)


def test_what_its_nodes_answer_is_discovered(place):
    """Its port, its Secret, its shards, and the options that attach to it; a Job's pod that has ended is none of it."""
    (found,) = discover(place)

    assert (found.kind, len(found.servers), found.sentinels, found.not_known) == ("Redis Cluster", 6, (), ())
    assert [len(shard.replicas) for shard in found.shards] == [1, 1, 1]
    assert options_for(found).options == {
        "attach": "app=shop",
        "container": "node",
        "port": "7000",
        "password_secret": "shop/word",
    }


def test_a_master_that_hangs_is_replaced_and_measured(attach, kubectl, tmp_path):
    """Its shard has another master, the others keep theirs; no key of the owner's is lost, and none of ours stays."""
    ask_nodes(kubectl, "", given="".join(f"SET user:{number} {number}\n" for number in range(100)))
    chosen = settings({"redis_backend": "context", "redis_attach": "auto"}, results=tmp_path)
    plan = Plan(
        trial="00c0ffee",
        scenario="cluster-master-lost",
        topology="attached",
        profile="attached",
        backend="context",
        seed=1,
        load=Load(writers=(Writers(count=3, rate=300),)),
        faults=(Scheduled(fault=pause(MASTER)),),
        expect=Expect(failover=True),
        windows=Windows(heal_s=60.0),
    )
    folder = TrialFolder(tmp_path / "trial")
    folder.create(plan)

    with attach(lambda place: attachment_in(chosen, place)) as deployment:
        run_trial(plan, deployment, folder)
        assert (deployment.topology.shards, deployment.profile.node_timeout_ms) == (3, 2000)

    outcome = rejudge(folder)
    assert outcome.verdict != "fail", outcome.explain()
    assert outcome.finding("assumptions.fault_proved").verdict == "pass", outcome.explain()
    replaced = [shard.timeline.old_master for shard in outcome.judgement.shards if shard.timeline.failover]
    assert replaced == [outcome.environment.master], outcome.explain()
    left = ask_nodes(kubectl, "--cluster call 127.0.0.1:7000 KEYS '*'").split()
    assert {f"user:{number}" for number in range(100)} <= set(left)
    assert [key for key in left if key.startswith("rr:")] == []


def test_a_part_of_it_is_refused(attach):
    """Chosen by labels that not all of its pods have."""
    part = Attachment(
        selector="app=shop,apps.kubernetes.io/pod-index in (0,1,2)",
        container="node",
        port=7000,
        keys=Keys(password=PasswordFrom(secret=("shop", "word"))),
    )

    with pytest.raises(UsageError, match=r"every node of the Redis Cluster in a pod with the labels .*; in none"):
        attach(lambda _: part).start()
