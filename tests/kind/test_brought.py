"""A user's own manifests on a kind cluster: deployed, discovered, broken, judged and deleted, with nothing described.

Each pod announces a Service of its own, as the most used chart with Sentinels does it.
"""

from __future__ import annotations

import pytest

from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.attached import AttachedDeployment
from redis_resilience.deployments.kube.kind import KindClusters
from redis_resilience.deployments.kube.objects.image import probe_image
from redis_resilience.deployments.kube.tools import run
from redis_resilience.deployments.kube.undoing import Undoer, leave
from redis_resilience.faults.target import MASTER
from redis_resilience.model.errors import Unavailable
from redis_resilience.model.faults import kill
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.trials.discovered import attachment_in, brought_of
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.settings import settings
from redis_resilience.trials.trial import rejudge

pytestmark = pytest.mark.kind

SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: shop-{number}}}
spec:
  publishNotReadyAddresses: true
  selector: {{statefulset.kubernetes.io/pod-name: shop-{number}}}
  ports: [{{name: server, port: 6379}}, {{name: guard, port: 26379}}]
---
"""
PODS = r"""
apiVersion: v1
kind: Secret
metadata: {name: shop}
stringData: {word: correct-horse-battery}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: shop}
spec:
  serviceName: shop
  replicas: 3
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: first
          image: redis:8.0
          imagePullPolicy: IfNotPresent
          env: &env [{name: SHOP_PASSWORD, valueFrom: {secretKeyRef: {name: shop, key: word}}}]
          readinessProbe: {tcpSocket: {port: 6379}, periodSeconds: 1}
          volumeMounts: &data [{name: data, mountPath: /data}]
          command: &server
            - sh
            - -c
            - |
              cd /data
              eval own=\$SHOP_${HOSTNAME##*-}_SERVICE_HOST
              if [ ! -f redis.conf ]; then
                printf 'requirepass %s\nmasterauth %s\nappendonly yes\n' "$SHOP_PASSWORD" "$SHOP_PASSWORD" > redis.conf
                printf 'replica-announce-ip %s\n' "$own" >> redis.conf
                [ "$HOSTNAME" = shop-0 ] || echo "replicaof $SHOP_0_SERVICE_HOST 6379" >> redis.conf
              fi
              exec redis-server redis.conf
        - name: second
          image: redis:8.0
          imagePullPolicy: IfNotPresent
          env: *env
          volumeMounts: *data
          command:
            - sh
            - -c
            - |
              cd /data
              eval own=\$SHOP_${HOSTNAME##*-}_SERVICE_HOST
              if [ ! -f sentinel.conf ]; then
                printf 'sentinel monitor shop %s 6379 2\n' "$SHOP_0_SERVICE_HOST" > sentinel.conf
                printf 'sentinel auth-pass shop %s\nrequirepass %s\n' "$SHOP_PASSWORD" "$SHOP_PASSWORD" >> sentinel.conf
                printf 'sentinel sentinel-pass %s\n' "$SHOP_PASSWORD" >> sentinel.conf
                printf 'sentinel down-after-milliseconds shop 2000\nsentinel announce-ip %s\n' "$own" >> sentinel.conf
              fi
              exec redis-sentinel sentinel.conf
      volumes: [{name: data, emptyDir: {}}]
"""


@pytest.fixture
def clusters(request, tmp_path):
    """Skips where this machine cannot have a cluster, unless skips are failures."""
    journal = Journal.begin(tmp_path / "state", "test-brought", results=str(tmp_path))
    made = KindClusters(
        tmp_path,
        journal,
        run_id=f"test-brought-{tmp_path.parent.name[-4:]}",
        named=request.config.getoption("redis_kind_cluster") or "",
    )
    try:
        made.acquire()
    except Unavailable as error:
        if request.config.getoption("redis_require") == "yes":
            raise
        pytest.skip(str(error))
    yield made, journal
    with Undoer() as undoer:
        leave(journal, undoer)


def test_from_manifests_to_a_verdict(clusters, tmp_path):
    """Containers that no name gives away, a password in a Secret, addresses of Services; nothing is left."""
    sites, journal = clusters
    (tmp_path / "mine.yaml").write_text("".join(SERVICE.format(number=number) for number in range(3)) + PODS)
    chosen = settings({"redis_backend": "kind", "redis_manifests": tmp_path / "mine.yaml"}, results=tmp_path)
    deployment = AttachedDeployment(
        lambda place: attachment_in(chosen, place),
        site=sites,
        journal=journal,
        namespace="test-brought",
        run_id="test-brought",
        probe_image=probe_image(),
        brought=brought_of(chosen),
    )

    with deployment:
        addresses = {pod: endpoint.host for pod, endpoint in deployment.servers().items()}
        plan = Plan(
            trial="00c0ffee", scenario="master-kill", topology=deployment.topology.name,
            profile=deployment.profile.name, backend="kind", seed=1, load=Load(writers=(Writers(count=2, rate=100),)),
            faults=(Scheduled(fault=kill(MASTER)),), expect=Expect(), windows=Windows(heal_s=60.0),
        )  # fmt: skip
        folder = TrialFolder(tmp_path / "trial")
        folder.create(plan)
        run_trial(plan, deployment, folder)

    outcome = rejudge(folder)
    assert (deployment.topology.master_name, deployment.profile.down_after_ms) == ("shop", 2000)
    assert all(address.startswith("10.96.") for address in addresses.values()), addresses
    assert outcome.finding("assumptions.fault_proved").verdict == "pass", outcome.explain()
    assert outcome.finding("assumptions.fault_seen").verdict == "pass", outcome.explain()
    assert outcome.writes.acknowledged > 0, outcome.explain()
    assert "correct-horse" not in "".join(
        path.read_text(errors="replace") for path in folder.path.rglob("*") if path.is_file()
    )
    cluster = sites.acquire()
    run("kubectl", "--context", cluster.context, "wait", "--for=delete", "namespace/test-brought", "--timeout=90s",
        within_s=100, kubeconfig=cluster.kubeconfig)  # fmt: skip
