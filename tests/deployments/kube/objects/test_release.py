"""How `helm` is called: always the run's own cluster, namespace and values."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.objects.manifests import deploy, overlay_of, render, scale
from redis_resilience.deployments.kube.objects.release import Release
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.model.errors import DeploymentError, Unavailable
from redis_resilience.topologies.catalogue import BOOTSTRAP, HELM


@pytest.fixture
def place(tmp_path):
    return Place(kubeconfig=tmp_path / "config", context="kind-x", namespace="trial")


@pytest.fixture
def values(tmp_path):
    path = tmp_path / "manifests" / "helm" / "profiles" / "fast.yaml"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_a_chart_s_profile_is_a_values_file(tmp_path, values):
    assert overlay_of(tmp_path / "manifests", HELM, HELM.profile("fast")) == values


def test_a_profile_without_one_names_those_that_there_are(tmp_path, values):
    with pytest.raises(Unavailable, match=rf"profile 'rapid' in .*{values.parents[1].name}.*there are: fast"):
        overlay_of(tmp_path / "manifests", HELM, HELM.profile("rapid"))


def test_a_chart_is_rendered_with_the_user_s_image(values, programs):
    calls = programs(helm="echo 'kind: Pod'")

    assert render(values, {"redis": "valkey/valkey:8.1"}) == "kind: Pod\n"
    assert calls() == [
        f"helm template redis-cluster {values.parents[1]} --values {values} --set image=valkey/valkey:8.1"
    ]


def test_a_chart_is_installed_not_applied(values, place, programs):
    calls = programs(helm="", kubectl="")

    deploy(values, "kind: Pod", place, redis_image="")

    assert calls() == [
        f"helm install redis-cluster {values.parents[1]} --values {values} --kube-context kind-x --namespace trial"
    ]


def test_an_upgrade_keeps_the_profile_and_changes_what_is_named(values, place, programs):
    calls = programs(helm="")

    Release(name="redis-cluster", values=values, place=place).upgrade(slaveReplicaCount="4", persistence__size="2Gi")

    (call,) = calls()
    assert call.startswith(f"helm upgrade redis-cluster {values.parents[1]} --values {values} ")
    assert "--set slaveReplicaCount=4 --set persistence.size=2Gi" in call


def test_helm_leaves_the_user_s_own_folders_alone(values, place, programs):
    programs(helm='echo "$HELM_CACHE_HOME $HELM_CONFIG_HOME $HELM_DATA_HOME $KUBECONFIG" >&2; exit 1')
    own = place.kubeconfig.parent / "helm"

    with pytest.raises(DeploymentError, match=f"with the output: {own} {own} {own} {place.kubeconfig}"):
        Release(name="redis-cluster", values=values, place=place).uninstall()


def test_a_controller_is_scaled_by_kind_and_name(place, programs):
    calls = programs(kubectl="")

    scale(place, BOOTSTRAP.pods[0].controller, 3)

    assert calls() == ["kubectl scale --context kind-x --namespace trial replicationcontroller/redis --replicas=3"]
