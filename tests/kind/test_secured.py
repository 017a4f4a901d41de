"""A Redis with all the security that it can have, attached to as its owner deployed it.

TLS with client certificates for servers and Sentinels, users on both, another password each, ports of its own, names in
place of addresses, three Sentinels in pods of their own that monitor a second master, too.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import reduce

import pytest

from redis_resilience.deployments.certificates import Authority
from redis_resilience.deployments.journal import Journal
from redis_resilience.deployments.kube.api import connect
from redis_resilience.deployments.kube.attached import AttachedDeployment
from redis_resilience.deployments.kube.attachment import Attachment, find
from redis_resilience.deployments.kube.context import Context, ContextSite
from redis_resilience.deployments.kube.keys import TLS_KEYS, Keys, PasswordFrom, TlsFrom
from redis_resilience.deployments.kube.objects.image import probe_image
from redis_resilience.deployments.kube.tools import Place, run
from redis_resilience.deployments.kube.undoing import Undoer, leave
from redis_resilience.discovery.examining import Examined, examine
from redis_resilience.faults.target import MASTER
from redis_resilience.model.errors import DeploymentError, Unavailable, UsageError
from redis_resilience.model.faults import delete_pod
from redis_resilience.model.plan import Expect, Load, Plan, Scheduled, Windows, Writers
from redis_resilience.trials.engine import run_trial
from redis_resilience.trials.folder import TrialFolder
from redis_resilience.trials.trial import rejudge
from tests.probe.test_tls import expired

pytestmark = pytest.mark.kind

NAMESPACE = "test-secured"
NAMES = ("vault", "*.vault.test-secured.svc.cluster.local")
"""Of its certificates. Names are fully qualified: another goes on to the host's name servers while its pod is gone,
and a Sentinel that waits for their answer elects no server."""
PASSWORDS = ("data", "watch")
DATA, WATCH = "correct-horse-battery", "staple-of-the-watch"
SECURED = r"""
apiVersion: v1
kind: Service
metadata: {name: vault}
spec: {clusterIP: None, publishNotReadyAddresses: true, selector: {part: vault}, ports: [{name: any, port: 7443}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: start}
data:
  common: |
    cd /tmp
    domain=vault.test-secured.svc.cluster.local
    tls() {
      printf 'port 0\ntls-port %s\ntls-replication yes\ntls-auth-clients yes\n' "$1"
      printf 'tls-ca-cert-file /tls/ca.crt\ntls-cert-file /tls/tls.crt\ntls-key-file /tls/tls.key\n'
    }
  server: |
    . /start/common
    {
      tls 7443
      printf 'save ""\nrepl-diskless-sync-delay 0\nreplica-announce-ip %s\n' "$HOSTNAME.$domain"
      printf 'user default off\nuser app on >%s ~* &* +@all\n' "$DATA"
      printf 'masteruser app\nmasterauth %s\n' "$DATA"
    } > redis.conf
    case $HOSTNAME in vault-*) sleep 4;; esac  # longer than a server may be missed
    case $HOSTNAME in vault-0|other-0|old-0) ;; *) echo "replicaof vault-0.$domain 7443" >> redis.conf ;; esac
    exec redis-server redis.conf
  sentinel: |
    . /start/common
    until getent hosts vault-0.$domain && getent hosts other-0.$domain; do sleep 0.2; done
    {
      tls 27443
      printf 'sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n'
      printf 'sentinel announce-ip %s\n' "$HOSTNAME.$domain"
      printf 'user default off\nuser watcher on >%s ~* &* +@all\n' "$WATCH"
      printf 'sentinel sentinel-user watcher\nsentinel sentinel-pass %s\n' "$WATCH"
      for name in vault other; do
        printf 'sentinel monitor %s %s 7443 2\nsentinel auth-user %s app\n' $name $name-0.$domain $name
        printf 'sentinel auth-pass %s %s\nsentinel down-after-milliseconds %s 1000\n' $name "$DATA" $name
        printf 'sentinel failover-timeout %s 6000\n' $name
      done
    } > sentinel.conf
    exec redis-sentinel sentinel.conf
"""
SET = r"""
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: NAME}
spec:
  serviceName: vault
  replicas: COUNT
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME, part: vault}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: SCRIPT
          image: redis:8.0
          imagePullPolicy: IfNotPresent
          command: [sh, /start/SCRIPT]
          readinessProbe: {tcpSocket: {port: PORT}, periodSeconds: 1}
          env:
            - {name: DATA, valueFrom: {secretKeyRef: {name: passwords, key: data}}}
            - {name: WATCH, valueFrom: {secretKeyRef: {name: passwords, key: watch}}}
          volumeMounts: [{name: start, mountPath: /start}, {name: tls, mountPath: /tls}]
      volumes:
        - {name: start, configMap: {name: start}}
        - {name: tls, secret: {secretName: TLS}}
"""
KEYS = Keys(
    user="app",
    password=PasswordFrom(secret=("passwords", "data")),
    sentinel_user="watcher",
    sentinel_password=PasswordFrom(secret=("passwords", "watch")),
    tls=TlsFrom(secret="tls", name="vault"),  # noqa: S106 - its name
)
ATTACHMENT = Attachment(
    selector="app=vault",
    sentinel_selector="app=watch",
    container="server",
    sentinel_container="sentinel",
    master_name="vault",
    port=7443,
    sentinel_port=27443,
    keys=KEYS,
)


def controllers():
    for name, count, script, port, tls in (
        ("vault", 2, "server", 7443, "tls"),
        ("other", 1, "server", 7443, "tls"),
        ("old", 1, "server", 7443, "old"),
        ("watch", 3, "sentinel", 27443, "tls"),
    ):
        filled = {"NAME": name, "COUNT": str(count), "SCRIPT": script, "PORT": str(port), "TLS": tls}
        yield reduce(lambda text, word: text.replace(word, filled[word]), filled, SET)


@pytest.fixture(scope="module")
def owned(kubectl, tmp_path_factory):
    """The user's namespace, with what the user deployed in it."""
    folder = tmp_path_factory.mktemp("tls")
    Authority().issue(folder, NAMES)
    (folder / "old").mkdir()
    expired().issue(folder / "old", NAMES)
    kubectl("create", "namespace", NAMESPACE)
    kubectl("label", "namespace", NAMESPACE, "redis-resilience/allow=yes")
    (folder / "data").write_text(DATA)
    (folder / "watch").write_text(WATCH)
    for name, at, keys in (
        ("tls", folder, TLS_KEYS),
        ("old", folder / "old", TLS_KEYS),
        ("passwords", folder, PASSWORDS),
    ):
        kubectl("create", "secret", "generic", name, *(f"--from-file={key}={at / key}" for key in keys))
    kubectl("apply", "--filename", "-", given="".join((SECURED, *controllers())))
    for name in ("vault", "other", "old", "watch"):
        kubectl("rollout", "status", f"statefulset/{name}", "--timeout=90s")
    yield folder
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture
def attach(cluster, owned, tmp_path):
    """Takes an attachment; what it makes is gone after the test."""
    assert owned.is_dir()
    with Undoer() as undoer:
        journal = Journal.begin(tmp_path / "state", "run", results=str(tmp_path))

        def make(attachment=ATTACHMENT, *, name=cluster.context, kubeconfig=cluster.kubeconfig, allowed=""):
            where = Context(
                name=name,
                namespace=NAMESPACE,
                kubeconfig=kubeconfig,
                secrets=attachment.keys.secrets,
                allowed=allowed,
            )
            return AttachedDeployment(
                lambda _: attachment,
                site=ContextSite(where, run_id="run-1"),
                journal=journal,
                namespace=NAMESPACE,
                run_id="run-1",
                probe_image=probe_image(),
            )

        yield make
        leave(journal, undoer)


def test_a_plan_asks_those_that_require_a_certificate(cluster, owned):
    """By their own, which their start script names; a wrong port is an objection, as it is to a run."""
    place = Place(kubeconfig=cluster.kubeconfig, context=cluster.context, namespace=NAMESPACE)
    with closing(connect(cluster.kubeconfig, cluster.context, NAMESPACE)) as api:
        access = KEYS.read(api.secret, sentinel_ports=(27443,))
        found = find(api, ATTACHMENT)
    assert owned.is_dir()
    assert examine(place, ATTACHMENT, found, access) == Examined(clustered=False)
    (objection,) = examine(place, ATTACHMENT, replace(found, ports={**found.ports, "redis": 6379}), access).objections
    assert "expected vault-0/server to answer at " in objection


def pods(kubectl):
    return set(kubectl("get", "pods", "--output", "name").split())


def test_its_master_is_deleted_and_the_failover_is_measured(attach, kubectl, tmp_path):
    """Nothing of the second master is mixed in, and no secret is in what was written."""
    before = pods(kubectl)
    plan = Plan(
        trial="00c0ffee",
        scenario="master-delete",
        topology="attached",
        profile="attached",
        backend="context",
        seed=1,
        load=Load(writers=(Writers(count=2, rate=100),)),
        faults=(Scheduled(fault=delete_pod(MASTER, grace_s=0)),),
        expect=Expect(),
        windows=Windows(heal_s=60.0),
    )
    folder = TrialFolder(tmp_path / "trial")
    folder.create(plan)

    with attach() as deployment:
        run_trial(plan, deployment, folder)
        assert (deployment.topology.port, deployment.topology.sentinel_port) == (7443, 27443)
        assert len(deployment.sentinels()) == 3

    outcome = rejudge(folder)
    assert outcome.finding("assumptions.fault_proved").verdict == "pass", outcome.explain()
    assert outcome.writes.acknowledged > 0, outcome.explain()
    assert outcome.failover.happened, outcome.explain()
    assert pods(kubectl) == before
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    secrets = [each.encode() for each in (DATA, WATCH, "PRIVATE KEY")]
    assert [path for path in written if any(secret in path.read_bytes() for secret in secrets)] == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"password": PasswordFrom(secret=("passwords", "watch"))},
            r"expected vault-0 to answer at .*:7443; got: .*WRONGPASS.*\(user 'app'\); is the password right",
        ),
        ({"user": "nobody"}, r"got: .*WRONGPASS.*\(user 'nobody'\); .*--redis-user"),
        (
            {"sentinel_password": PasswordFrom(secret=("passwords", "data"))},
            r"expected the Sentinel of watch-0 at .*:27443 .*WRONGPASS.*--redis-sentinel-password-secret",
        ),
        (
            {"tls": None},
            r"expected vault-0 to answer .*(closed by the server|reset by peer).*; the port may require TLS",
        ),
        ({"tls": replace(KEYS.tls, name="")}, r"IP address mismatch.*; .*--redis-tls-name"),
    ],
    ids=["password", "user", "Sentinels' password", "no TLS", "name"],
)
def test_whoever_is_not_let_in_learns_what_to_try_and_leaves_nothing(attach, kubectl, changed, told):
    before = pods(kubectl)

    with pytest.raises(DeploymentError, match=told):
        attach(replace(ATTACHMENT, keys=replace(KEYS, **changed))).start()

    assert pods(kubectl) == before


def test_another_authority_is_not_trusted(attach, tmp_path):
    files = Authority().issue(tmp_path, ("someone",))
    keys = replace(KEYS, tls=TlsFrom(ca=files.ca, certificate=files.chain, key=files.key, name="vault"))

    with pytest.raises(
        DeploymentError, match=r"certificate is refused: .*; name the CA that signed it with --redis-tls-ca"
    ):
        attach(replace(ATTACHMENT, keys=keys)).start()


def test_an_expired_certificate_is_named_as_that(attach):
    """Of the CA that the user named, so that nothing else is wrong with it."""
    keys = replace(KEYS, tls=TlsFrom(secret="old", name="vault"))  # noqa: S106 - its name

    with pytest.raises(DeploymentError, match=r"expected old-0 to answer .* certificate has expired; renew"):
        attach(replace(ATTACHMENT, selector="app=old", keys=keys)).start()


def test_a_port_that_no_server_listens_on_is_named(attach):
    with pytest.raises(DeploymentError, match=r"expected vault-0 to answer at .*:6379; got: .*; .*--redis-port"):
        attach(replace(ATTACHMENT, port=6379)).start()


def test_which_of_two_masters_is_meant_has_to_be_told(attach):
    with pytest.raises(UsageError, match=r"they have: other, vault; name it with --redis-master-name"):
        attach(replace(ATTACHMENT, master_name="")).start()


def test_who_may_not_read_the_secrets_is_told_which(attach, cluster, kubectl, tmp_path):
    """Before anything is made: as a service account without any right."""
    kubectl("create", "serviceaccount", "guest")
    token = kubectl("create", "token", "guest").strip()
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(cluster.kubeconfig.read_text())
    where = (f"--cluster={cluster.context}",)
    for words in (("set-credentials", "guest", f"--token={token}"), ("set-context", "guest", "--user=guest", *where)):
        run("kubectl", "config", *words, within_s=10, kubeconfig=kubeconfig)

    with pytest.raises(Unavailable, match=r"not allowed: .*get secrets passwords, .*get secrets tls"):
        attach(name="guest", kubeconfig=kubeconfig, allowed="guest").start()
