"""Campaigns from pods of the cluster, by this project's own image."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from redis_resilience.deployments.kube.tools import run
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.errors import DeploymentError

pytestmark = [pytest.mark.kind, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
REPOSITORY = "redis-resilience"
OPTIONS = {"backend": "context", "context": "in-cluster", "rate": 200, "writers": 2}
"""A load that a busy machine keeps up with."""


@pytest.fixture(scope="module")
def image(clusters):
    """The harness's image, of this checkout, on the nodes; kubectl is that of the nodes' image."""
    passed_on = [name for name in ("PIP_INDEX_URL", "PIP_FIND_LINKS") if name in os.environ]
    arguments = [
        word for each in (f"KUBECTL={clusters.acquire().node_image}", *passed_on) for word in ("--build-arg", each)
    ]
    build = ("docker", "build", "--quiet", "--network", "host", *arguments, "--target", "harness", str(ROOT))
    made = run(*build, within_s=600).strip().removeprefix("sha256:")
    tag = f"{REPOSITORY}:{made[:12]}"
    run("docker", "tag", made, tag, within_s=10)
    clusters.load([tag, "redis:8.0"])
    return tag


@pytest.fixture
def kubectl(clusters):
    cluster = clusters.acquire()

    def call(*words, given="", within_s=130):
        command = ("kubectl", "--context", cluster.context, *words)
        return run(*command, within_s=within_s, given=given.encode(), kubeconfig=cluster.kubeconfig)

    return call


@pytest.fixture
def namespace(kubectl):
    """Of a team, with its Redis in it."""
    kubectl("create", "namespace", "night")
    yield "night"
    kubectl("delete", "namespace", "night", "--wait=false")


@pytest.fixture
def applied(kubectl, image, tmp_path):
    """applied(folder, campaign, namespace): by a user's own kustomization; deleted at the end."""

    def apply(folder, campaign, namespace):
        campaign["options"] = {**OPTIONS, **campaign["options"], "probe-image": image}
        (tmp_path / "campaign.yaml").write_text(yaml.safe_dump(campaign))
        kustomization = {
            "resources": [os.path.relpath(ROOT / "manifests" / folder, tmp_path.resolve())],
            "namespace": namespace,
            "images": [{"name": REPOSITORY, "newTag": image.partition(":")[2]}],
            "configMapGenerator": [
                {"name": "redis-resilience-campaign", "behavior": "replace", "files": ["campaign.yaml"]}
            ],
        }
        (tmp_path / "kustomization.yaml").write_text(json.dumps(kustomization))
        kubectl("apply", "--kustomize", str(tmp_path))

    yield apply
    kubectl("delete", "--kustomize", str(tmp_path), "--ignore-not-found", "--wait=false")


class Pages:
    """What the volume of results holds, as its pod serves it."""

    def __init__(self, kubectl, namespace, image):
        self._kubectl, self._pod = kubectl, f"/api/v1/namespaces/{namespace}/pods/redis-resilience-pages:8000/proxy"
        pod = kubectl("kustomize", str(ROOT / "manifests/nightly/pages")).replace(f"{REPOSITORY}:latest", image)
        kubectl("apply", "--namespace", namespace, "--filename", "-", given=pod)
        kubectl(
            "--namespace", namespace, "wait", "--for=condition=Ready", "pod/redis-resilience-pages", "--timeout=120s"
        )

    def read(self, path):
        """ "" where it is not there."""
        try:
            return self._kubectl("get", "--raw", f"{self._pod}/{path}")
        except DeploymentError:
            return ""


def ended(kubectl, namespace, job, *, within_s):
    """The Job's last condition, and the words of its pods."""

    def look():
        found = json.loads(kubectl("--namespace", namespace, "get", "job", job, "--output", "json"))["status"]
        kinds = [each["type"] for each in found.get("conditions", [])]
        last = [kind for kind in kinds if kind in ("Complete", "Failed")]
        return bool(last), last[0] if last else f"{found}"

    eventually(look, within_s=within_s, what=f"job {job} to end", every_s=1.0)
    words = kubectl(
        "--namespace", namespace, "logs", "--selector", "app=redis-resilience", "--tail=-1", "--all-containers"
    )
    return look()[1], words


def test_a_night_leaves_its_page_in_the_volume(kubectl, namespace, applied, image):
    """Triggered as a user would: attached to the Redis of the namespace, which admits restricted pods only.

    A machine that is too busy may make the trial `unknown`, and so the Job fail.
    """
    kubectl(
        "label", "namespace", namespace, "redis-resilience/allow=yes", "pod-security.kubernetes.io/enforce=restricted"
    )
    kubectl("apply", "--namespace", namespace, "--kustomize", str(ROOT / "manifests/sidecar/overlays/documented"))
    kubectl("--namespace", namespace, "rollout", "status", "statefulset/redis", "--timeout=120s")
    campaign = {"name": "tonight", "scenarios": ["replica-delete"], "trials": 1, "options": {"attach": "auto"}}
    applied("nightly", campaign, namespace)

    kubectl("--namespace", namespace, "create", "job", "--from=cronjob/redis-resilience-nightly", "now")
    how, words = ended(kubectl, namespace, "now", within_s=300)

    pages = Pages(kubectl, namespace, image)
    night = json.loads(pages.read("latest/run.json"))
    [trial] = night["trials"]
    assert trial["scenario"] == "replica-delete"
    assert (how, trial["verdict"]) in (("Complete", "pass"), ("Failed", "unknown")), words
    assert "replica-delete" in pages.read("latest/index.html")
    assert pages.read(f"latest/{trial['folder']}/report.html")
    assert "tonight-" in pages.read("index.html")
    left = kubectl("--namespace", namespace, "get", "pods", "--output", "name").split()
    assert "pod/probe" not in left
