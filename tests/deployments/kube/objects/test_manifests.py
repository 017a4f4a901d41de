"""Which overlay is deployed, with which images."""

from __future__ import annotations

import json
import shutil

import pytest

from redis_resilience.deployments.kube.objects.manifests import (
    apply,
    delete_labelled,
    images_in,
    objects_in,
    overlay_of,
    render,
    secret,
)
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.model.errors import Unavailable
from redis_resilience.shipped import MANIFESTS
from redis_resilience.topologies.catalogue import topology
from redis_resilience.topologies.topology import Profile

SIDECAR = topology("sidecar")


@pytest.fixture
def folder(tmp_path):
    for name in ("documented", "fast"):
        overlay = tmp_path / "manifests/sidecar/overlays" / name
        overlay.mkdir(parents=True)
        (overlay / "kustomization.yaml").touch()
    return tmp_path / "manifests"


def test_a_profile_is_an_overlay(folder):
    assert overlay_of(folder, SIDECAR, SIDECAR.profile("fast")) == folder / "sidecar/overlays/fast"


def test_a_profile_without_an_overlay_is_unavailable(folder):
    """A trial's own D, for one: what there is, and where it can be had."""
    own = Profile(name="fast-3000ms", down_after_ms=3000, failover_timeout_ms=3000)

    with pytest.raises(Unavailable, match=r"profile 'fast-3000ms' in .*; there are: documented, fast"):
        overlay_of(folder, SIDECAR, own)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("redis:7.0", {"newName": "redis", "newTag": "7.0"}),
        ("valkey/valkey:8.1", {"newName": "valkey/valkey", "newTag": "8.1"}),
        ("mirror:5000/redis", {"newName": "mirror:5000/redis"}),
        ("redis@sha256:12", {"newName": "redis", "digest": "sha256:12"}),
    ],
)
def test_an_image_takes_the_place_of_the_manifests_own(folder, programs, image, expected):
    """By kustomize's own transformer: name, tag and digest apart, a registry's port is no tag."""
    programs(kubectl='cat "$2/kustomization.yaml"')

    rendered = json.loads(render(folder / "sidecar/overlays/fast", {"redis": image, "other": ""}))

    assert rendered["images"] == [{"name": "redis", **expected}]
    assert rendered["resources"][0].endswith("manifests/sidecar/overlays/fast")


def test_images_are_found_in_the_objects():
    """Quoted or not, first key of a list's entry or not, once each."""
    objects = 'image: redis:8.0\n  - image: "probe:1"\n    image: redis:8.0\n    imagePullPolicy: Never\n'

    assert images_in(objects) == ("redis:8.0", "probe:1")


def test_objects_are_applied_to_one_namespace_of_one_context(programs, tmp_path):
    calls = programs(kubectl='cat > "$KUBECONFIG"')

    apply("kind: Pod", Place(kubeconfig=tmp_path / "config", context="kind-x", namespace="trial"))

    assert calls() == ["kubectl apply --context kind-x --namespace trial --filename -"]
    assert (tmp_path / "config").read_text() == "kind: Pod"


def test_a_secret_has_the_password_under_the_document_s_names():
    """It goes to kubectl's standard input, never into a command line."""
    made = json.loads(secret("s3cret"))

    assert (made["kind"], made["metadata"]) == ("Secret", {"name": "redis", "labels": {}})
    assert made["stringData"] == {"redis-password": "s3cret"}


def test_objects_are_told_by_kind_and_name():
    """Of the object itself, not of what is inside; as the API names the whole kind."""
    found = objects_in(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {labels: {name: wrong}, name: redis}\n"
        "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: probe\n"
    )

    assert [str(each) for each in found] == ["PodDisruptionBudget redis", "Pod probe"]
    assert [(each.group, each.resource) for each in found] == [("policy", "poddisruptionbudgets"), ("", "pods")]


def test_what_carries_a_runs_label_is_deleted_and_waited_for(tmp_path, programs):
    """No name is given, so no object of another owner can be meant."""
    calls = programs(kubectl="exit 0")

    place = Place(kubeconfig=tmp_path / "kubeconfig", context="prod", namespace="team")
    delete_labelled(("statefulsets", "pods"), "run-1", place, within_s=90)

    [call] = calls()
    assert call.startswith("kubectl delete --context prod --namespace team statefulsets,pods --selector redis-res")
    assert call.endswith("redis-resilience/run=run-1 --ignore-not-found --timeout=90s --grace-period=1")


def test_a_label_reaches_what_controllers_make():
    """Pods and claims are found by it at the end; a chart's as well as an overlay's."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on PATH")
    rendered = render(MANIFESTS / "sidecar/overlays/fast", {}, {"redis-resilience/run": "r1"})

    objects = rendered.count("\nkind: ") + rendered.startswith("kind: ")
    assert rendered.count("redis-resilience/run: r1") == objects + 2
