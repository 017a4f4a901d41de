"""Document 002 on a real cluster: brought up in its steps, its pods under the topology's names, replaced under them."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.deployment import KubeDeployment
from redis_resilience.deployments.waiting import eventually
from redis_resilience.topologies.catalogue import BOOTSTRAP
from redis_resilience.trials.survey import survey

pytestmark = pytest.mark.kind

RUN = NAMESPACE = "test-kind-places"


@pytest.fixture(scope="module")
def deployment(clusters, journal):
    with KubeDeployment(
        BOOTSTRAP, BOOTSTRAP.profile("fast"), site=clusters, journal=journal, namespace=NAMESPACE, run_id=RUN
    ) as made:
        yield made


def settle(deployment):
    eventually(lambda: ((seen := survey(deployment)).whole, seen.text), within_s=90, what="a healthy deployment")


def real_name(deployment, pod):
    return deployment._up.pods.existing(pod).name_in_cluster


def test_pods_of_random_names_are_found_under_the_topology_s(deployment, tmp_path):
    settle(deployment)

    assert tuple(deployment.servers()) == ("redis-master", "redis-a", "redis-b")
    assert tuple(deployment.sentinels()) == ("redis-master", "sentinel-a", "sentinel-b", "sentinel-c")
    assert survey(deployment).view.master in deployment.servers()
    assert real_name(deployment, "redis-a").startswith("redis-")
    assert real_name(deployment, "redis-a") != "redis-a"
    deployment.save_logs(tmp_path)
    assert "+monitor" in (tmp_path / "sentinel-c-sentinel.log").read_text()


def test_what_takes_a_deleted_pod_s_place_takes_its_name(deployment):
    settle(deployment)
    before = real_name(deployment, "sentinel-b")

    deployment.delete_pod("sentinel-b", grace_s=0)
    back = deployment.create_pod("sentinel-b")

    assert real_name(deployment, "sentinel-b") != before
    assert f"sentinel-b was recreated as {real_name(deployment, 'sentinel-b')} at" in back.proof
    assert back.unreplaced == ()


def test_the_bootstrap_pod_s_place_is_taken_by_a_server_without_a_sentinel(deployment):
    """Which master it follows is another matter: asking at once, it may get the dead one, and follow none."""
    settle(deployment)

    deployment.delete_pod("redis-master", grace_s=0)
    back = deployment.create_pod("redis-master")

    assert back.unreplaced == ("redis-master/sentinel",)
    assert tuple(deployment.sentinels()) == ("sentinel-a", "sentinel-b", "sentinel-c")
    assert tuple(deployment.servers()) == ("redis-master", "redis-a", "redis-b")
