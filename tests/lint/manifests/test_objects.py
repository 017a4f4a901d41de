"""Objects become one deployment: which workload runs what, what it starts with, which Service leads where."""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience.deployments.kube.objects.manifests import render
from redis_resilience.lint.check import check
from redis_resilience.lint.manifests.objects import read_objects
from redis_resilience.lint.manifests.tree import documents
from redis_resilience.lint.setup import Setup
from redis_resilience.model.errors import UsageError
from redis_resilience.model.lint import LintReport, Severity

MANIFESTS = Path(__file__).parents[3] / "manifests"

TWO_CONTAINERS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data:
  redis.conf: |
    appendonly yes
    dir /data
  sentinel.conf: |
    sentinel monitor mymaster redis-0.redis 6379 2
    sentinel down-after-milliseconds mymaster 5000
  start.sh: |
    cp /conf/sentinel.conf /state/sentinel.conf
    exec redis-sentinel /state/sentinel.conf
---
apiVersion: v1
kind: Service
metadata: {name: redis}
spec:
  clusterIP: None
  selector: {app: redis}
  ports: [{port: 6379}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: redis}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: redis}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis}
spec:
  replicas: 3
  serviceName: redis
  template:
    metadata: {labels: {app: redis}}
    spec:
      dnsConfig: {options: [{name: timeout, value: "1"}, {name: attempts, value: "1"}]}
      containers:
        - name: redis
          image: redis:8.0
          command: [redis-server, /conf/redis.conf, --maxmemory, 100mb]
          resources: {limits: {cpu: 250m, memory: 1Gi}}
          livenessProbe: {tcpSocket: {port: 6379}, periodSeconds: 3}
          volumeMounts: [{name: conf, mountPath: /conf}, {name: data, mountPath: /data}]
        - name: sentinel
          image: redis:8.0
          command: [sh, /conf/start.sh]
          volumeMounts: [{name: conf, mountPath: /conf}, {name: state, mountPath: /state}]
        - name: metrics
          image: oliver006/redis_exporter:v1
      volumes:
        - {name: conf, configMap: {name: conf}}
        - {name: state, emptyDir: {}}
  volumeClaimTemplates: [{metadata: {name: data}}]
"""


def read(text: str) -> Setup:
    return read_objects(documents(text, "test"), "test")


def test_pods_services_and_budgets_are_put_together():
    setup = read(TWO_CONTAINERS)

    (workload,) = setup.workloads
    assert [container.role for container in workload.containers] == ["redis", "sentinel", "other"]
    assert (workload.count, workload.resolver_ms, workload.spread) == (3, 1000, False)
    assert setup.services[0].selects == setup.budgets[0].selects == (workload.name,)
    assert (setup.sentinel_count, setup.server_count, setup.beside_master) == (3, 3, 1)
    redis = workload.containers[0]
    assert (redis.cpu_limit_m, redis.memory_limit, redis.swallows_signals) == (250, 1 << 30, False)
    assert redis.liveness is not None
    assert redis.liveness.kind == "tcpSocket"


def test_a_server_has_the_settings_of_its_file_and_of_its_command_line():
    (server,) = read(TWO_CONTAINERS).servers

    assert {name: seen.value for name, seen in server.settings.seen.items()} == {
        "appendonly": "yes",
        "dir": "/data",
        "maxmemory": "100mb",
        "protected-mode": "no",
    }
    assert server.settings.complete
    assert server.settings.get("requirepass") is not None
    assert server.data is not None
    assert server.data.value == "kept"


def test_a_sentinel_has_those_of_the_file_that_its_script_copies():
    """What it starts on is on an emptyDir: its identity goes with its pod."""
    (sentinel,) = read(TWO_CONTAINERS).sentinels

    assert sentinel.monitored is not None
    assert sentinel.monitored.value == "redis-0.redis"
    assert sentinel.settings.seen["down-after-milliseconds"].value == "5000"
    assert sentinel.state is not None
    assert sentinel.state.value == "lost"
    assert sentinel.read_only is None


def test_a_sentinel_that_starts_on_a_configmap_is_found():
    setup = read(TWO_CONTAINERS.replace("[sh, /conf/start.sh]", "[redis-sentinel, /conf/sentinel.conf]"))

    assert "sentinel-config-read-only" in rules(check(setup))


def test_a_script_of_the_image_is_not_guessed_at():
    """No finding about a setting, and no default either."""
    setup = read(TWO_CONTAINERS.replace("[redis-server, /conf/redis.conf, --maxmemory, 100mb]", "[sh, /opt/run.sh]"))

    (server,) = setup.servers
    assert server.settings.get("appendonly") is None
    assert "wipe-no-persistence" in {each.rule for each in check(setup).not_seen}


def test_a_password_from_a_secret_is_set_and_not_known():
    setup = read(
        TWO_CONTAINERS.replace(
            "command: [redis-server, /conf/redis.conf, --maxmemory, 100mb]",
            "command: [sh, -c, 'exec redis-server --requirepass $PW --masterauth $PW']\n"
            "          env: [{name: PW, valueFrom: {secretKeyRef: {name: s, key: k}}}]",
        )
    )

    assert "no-password" not in rules(check(setup))


def test_one_script_for_all_roles_is_told_apart_by_variables():
    """MASTER=true is a pod that is always master; SENTINEL=true a Sentinel."""
    script = (
        "if [ $MASTER ]; then redis-server /a; elif [ $SENTINEL ]; then redis-sentinel /b; else redis-server /c; fi"
    )
    container = "{{name: {name}, image: mine:1, command: [sh, -c, '{script}'], env: [{{name: {role}, value: 'true'}}]}}"
    both = ", ".join(
        container.format(name=name, script=script, role=role) for name, role in (("one", "MASTER"), ("two", "SENTINEL"))
    )
    setup = read(f"kind: Pod\nmetadata: {{name: boot}}\nspec: {{containers: [{both}]}}")

    assert [container.role for container in setup.workloads[0].containers] == ["redis", "sentinel"]
    assert {"bare-pod", "master-by-name"} <= rules(check(setup))


def test_a_server_that_follows_without_asking_has_a_master_by_name():
    """Any server that it follows is master, whatever the Sentinels say."""
    text = TWO_CONTAINERS.replace("appendonly yes", "replicaof primary.elsewhere 6379")

    assert read(text).boot is not None
    assert "master-by-name" in rules(check(read(text)))


def test_one_that_follows_a_pod_of_its_own_set_leaves_no_master():
    """redis-0 follows itself then."""
    text = TWO_CONTAINERS.replace("appendonly yes", "replicaof redis-0.redis 6379")

    assert "no-master-at-all" in rules(check(read(text)))
    assert "every-pod-master" in rules(check(read(TWO_CONTAINERS)))


def test_a_probe_s_script_is_read_where_it_is_mounted():
    """It is no part of what the server starts with, and still there."""
    probe = "livenessProbe: {exec: {command: [sh, /conf/alive.sh]}}"
    text = TWO_CONTAINERS.replace("livenessProbe: {tcpSocket: {port: 6379}, periodSeconds: 3}", probe)
    strict = text.replace("data:\n", 'data:\n  alive.sh: "redis-cli ping | grep PONG"\n', 1)

    assert "liveness-kills-loading" in rules(check(read(strict)))
    assert "liveness-kills-loading" in {each.rule for each in check(read(text)).not_seen}


def test_what_has_nothing_to_do_with_redis_is_left_out():
    other = (
        "kind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, image: nginx}]}}}"
    )

    assert read(other).workloads == ()
    assert not read(other).pods


def test_a_list_is_its_items():
    text = "kind: List\nitems: [{kind: Pod, metadata: {name: a}, spec: {containers: [{name: redis, image: redis:8}]}}]"

    assert [workload.name for workload in read(text).workloads] == ["Pod a"]


def test_no_yaml_is_said_with_the_place():
    with pytest.raises(UsageError, match=r"expected YAML in chart.yaml; line 3 is none; .*helm template"):
        list(documents("a: 1\n{{- if }}\n", "chart.yaml"))


def rules(report: LintReport) -> set[str]:
    return {finding.rule for finding in report.findings}


def of_overlay(name: str) -> LintReport:
    return check(read_objects(documents(render(MANIFESTS / name, {}), name), name))


@pytest.mark.kind
def test_our_own_recommendation_is_clean_but_for_what_it_says_itself():
    """Its README names these: no password, two Sentinels left of three."""
    report = of_overlay("sidecar/overlays/documented")

    assert report.at_least(Severity.ERROR) == ()
    assert {finding.rule for finding in report.at_least(Severity.WARNING)} == {"no-password"}
    assert {each.rule for each in report.not_seen} == {
        "sentinels-dead-but-known",
        "ckquorum-refused",
        "name-not-resolved",
    }


@pytest.mark.kind
@pytest.mark.parametrize(
    ("overlay", "known"),
    [
        (
            "chart/overlays/documented",
            {"master-by-name", "sentinels-even", "sentinel-identity-lost", "service-any-server", "addresses-for-names"},
        ),
        (
            "bootstrap/overlays/documented",
            {
                "master-by-name",
                "bare-pod",
                "wipe-with-pod",
                "cpu-limit-low",
                "sentinels-behind-one-service",
                "retry-late",
            },
        ),
    ],
)
def test_the_weaknesses_of_the_other_documents_are_found(overlay, known):
    """Those that are known of them, as far as settings show them."""
    report = of_overlay(overlay)

    assert known <= rules(report)
    assert {each.rule for each in report.not_seen} <= {
        "sentinels-dead-but-known",
        "ckquorum-refused",
        "name-not-resolved",
        "down-after-below-ping",
        "bind-loopback",
    }


@pytest.mark.kind
def test_the_weaknesses_of_the_book_s_statefulset_are_found():
    report = of_overlay("statefulset/overlays/documented")

    assert {finding.rule for finding in report.at_least(Severity.ERROR)} == {
        "wipe-with-pod",
        "data-volume-unused",
        "master-by-name",
    }
    assert {"signal-swallowed", "sentinel-identity-lost", "addresses-for-names", "names-only-when-ready"} <= rules(
        report
    )
