"""Campaigns from pods of the cluster, by this project's own image: a night, and an Indexed Job of three workers."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from redis_resilience.campaigns.campaign_file import cells_of, read_campaign
from redis_resilience.campaigns.schedule import Share, interleaved
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
    """applied(folder, campaign, namespace=..., components=()): by a user's own kustomization; deleted at the end.

    Without components it is put into the namespace; else it has its namespaces.
    """

    def apply(folder, campaign, *, namespace, components=()):
        base = os.path.relpath(ROOT / "manifests" / folder, tmp_path.resolve())
        campaign["options"] = {**OPTIONS, **campaign["options"], "probe-image": image}
        (tmp_path / "campaign.yaml").write_text(yaml.safe_dump(campaign))
        put = {"namespace": namespace}
        generator = {"name": "redis-resilience-campaign", "behavior": "replace", "files": ["campaign.yaml"]}
        kustomization = {
            "resources": [base],
            "components": [f"{base}/{each}" for each in components],
            "images": [{"name": REPOSITORY, "newTag": image.partition(":")[2]}],
            "configMapGenerator": [generator | put if components else generator],
            **({} if components else put),
        }
        (tmp_path / "kustomization.yaml").write_text(json.dumps(kustomization))
        kubectl("apply", "--kustomize", str(tmp_path))
        return tmp_path / "campaign.yaml"

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
    applied("nightly", campaign, namespace=namespace)

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


def test_a_worker_that_is_deleted_in_the_middle_is_made_again_and_goes_on(kubectl, applied, image):
    """An Indexed Job of three workers on one volume: every trial is judged once, and none is lost.

    Of the simulation: three real deployments at once are too much for a small machine.
    """
    namespace = "redis-resilience"
    wanted = {
        "name": "campaign",
        "scenarios": ["master-kill"],
        "trials": 12,
        "seed": 7,
        "options": {"backend": "memory"},
    }
    file = applied("campaign", wanted, namespace=namespace, components=["one-node"])
    units = interleaved(cells_of(read_campaign(file)), wanted["trials"], seed=wanted["seed"])
    folders = {unit.folder for unit in units}
    of_first = {unit.folder for unit in Share(index=0, of=3).taken(units)}
    pages = Pages(kubectl, namespace, image)

    def judged():
        """As the folder is listed, until it has a page."""
        listed = pages.read("campaign/")
        return {each for each in folders if f'"{each}/"' in listed}

    def begun():
        seen = judged()
        return bool(seen & of_first), f"judged: {sorted(seen)}"

    eventually(begun, within_s=300, what="a judged trial of the first worker", every_s=0.5)
    before = judged() & of_first
    first = "batch.kubernetes.io/job-completion-index=0"
    kubectl("--namespace", namespace, "delete", "pod", "--selector", first, "--wait=false")
    how, words = ended(kubectl, namespace, "redis-resilience-campaign", within_s=400)

    assert how == "Complete", words
    resumed = re.search(r"share 0/3: 4 trials of 1 cells, (\d) judged", words)
    assert resumed, words
    kept = int(resumed[1])
    told = re.findall(r"trial \d/4 (master-kill-\d+) ", words)
    assert 0 < len(before) <= kept
    assert not before & set(told)
    assert len(told) == len(set(told)) == len(folders) - kept
    trials = json.loads(pages.read("campaign/run.json"))["trials"]
    assert sorted(trial["folder"] for trial in trials) == sorted(folders)
