"""The chart's deployment on a real cluster: password from its Secret, Services, metrics, clients of its network.

Each test leaves the deployment healthy. Nothing is broken here, so it runs with the documented timing: with a shorter
one, a machine that stands still for a second has a failover, and the first pod is no longer the master.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from redis_resilience import REDIS_PORT, ManualSteps, written_and_read_everywhere
from redis_resilience.command.lint import lint_files
from redis_resilience.deployments.kube.deployment import KubeDeployment
from redis_resilience.deployments.kube.tools import run
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.topologies.catalogue import CHART
from redis_resilience.trials.emptying import empty
from redis_resilience.trials.survey import survey

pytestmark = pytest.mark.kind

MANIFESTS = Path(__file__).parents[2] / "manifests"
RUN = NAMESPACE = "test-chart"
MASTER = f"{CHART.first}.{CHART.service}"


@pytest.fixture(scope="module")
def deployment(clusters, journal):
    with KubeDeployment(
        CHART, CHART.profile("documented"), site=clusters, journal=journal, namespace=NAMESPACE, run_id=RUN
    ) as made:

        def look():
            seen = survey(made)
            return seen.whole, seen.text

        eventually(look, within_s=90, what="a healthy deployment", every_s=0.1)
        yield made


def test_every_pod_is_reached_by_its_name_and_any_sentinel_through_the_service(deployment):
    manual = ManualSteps(deployment)
    written_and_read_everywhere(manual, CHART)

    assert manual.masters("redis") == {"mymaster": manual.addresses()[CHART.first]}


def test_the_password_is_asked_for(deployment):
    """A client without the Secret, which is what the probe is before it gets the password, receives nothing."""
    probe = deployment.probe
    probe.watch(servers={}, sentinels={}, master_name=CHART.master_name)
    try:
        for port in (6379, 26379):
            assert "NOAUTH" in probe.query(Endpoint(MASTER, port), "PING").error
    finally:
        probe.watch(servers={}, sentinels={}, master_name=CHART.master_name, access=deployment.access)


def test_the_password_is_in_no_log_and_no_command_line(deployment, clusters, tmp_path):
    """Not in those of the cluster's nodes either, which see the processes of all pods."""
    deployment.save_logs(tmp_path)
    logs = [path.read_text() for path in tmp_path.iterdir()]
    (node, *_) = clusters.acquire().nodes
    every = "cat /proc/[0-9]*/cmdline 2>/dev/null; true"  # a process may end between the listing and the reading
    lines = run("docker", "exec", node, "sh", "-c", every, within_s=30.0)

    assert len(logs) == 2 * len(CHART.pods)
    assert "redis-server" in lines
    assert not [text for text in (*logs, lines) if deployment.access.servers.password in text]


def test_the_exporter_tells_of_its_server(deployment):
    metrics = ManualSteps(deployment).fetch("http://redis-metrics:9121/metrics").splitlines()

    assert "redis_up 1" in metrics


def test_a_client_pod_with_the_label_is_let_in(deployment):
    assert ManualSteps(deployment).ping_from({"redis-client": "true"}, MASTER, REDIS_PORT) == "PONG"


def test_a_master_without_flushall_is_emptied(deployment):
    master = deployment.servers()[survey(deployment).view.master]
    ManualSteps(deployment).call(MASTER, REDIS_PORT, "SET", "foo", "bar")
    assert "unknown command" in deployment.probe.query(master, "FLUSHALL").error

    empty(deployment.probe, master)

    assert deployment.probe.query(master, "DBSIZE").value == 0


@pytest.mark.usefixtures("deployment")
def test_its_objects_as_they_are_now_are_linted_like_the_files_that_they_came_from(clusters, tmp_path):
    """`kubectl get ... --output yaml | redis-resilience lint -`: status and defaults of the API change nothing."""
    cluster = clusters.acquire()
    kinds = "statefulsets,deployments,services,configmaps,poddisruptionbudgets,networkpolicies"
    where = ("--context", cluster.context, "--namespace", NAMESPACE)
    objects = run("kubectl", *where, "get", kinds, "--output", "yaml", within_s=30.0, kubeconfig=cluster.kubeconfig)
    (tmp_path / "live.yaml").write_text(objects)

    live = lint_files([tmp_path / "live.yaml"], [])
    files = lint_files([MANIFESTS / "chart/overlays/documented"], [])

    assert {finding.rule for finding in live.findings} == {finding.rule for finding in files.findings}
    assert files.findings
