"""manifests/helm: every parameter of document 004's table does what the table says, and the chart is a sound one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from redis_resilience.topologies.catalogue import HELM
from redis_resilience.topologies.topology import ControllerKind

pytestmark = pytest.mark.kind

CHART = Path(__file__).parents[2] / "manifests" / "helm"
NAME = "redis-cluster"


def helm(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["helm", *words], capture_output=True, text=True, timeout=60, check=False)


def template(*words: str, name: str = NAME) -> list[dict]:
    done = helm("template", name, str(CHART), *words)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def profile(name: str) -> tuple[str, str]:
    return "--values", str(CHART / "profiles" / f"{name}.yaml")


def one(objects: list[dict], kind: str, name: str = "") -> dict:
    (found,) = (each for each in objects if each["kind"] == kind and each["metadata"]["name"].endswith(name))
    return found


def specs(objects: list[dict]) -> list[dict]:
    return [each["spec"]["template"]["spec"] for each in objects if "template" in each.get("spec", {})]


def containers(objects: list[dict]) -> list[dict]:
    return [container for spec in specs(objects) for container in spec["containers"]]


@pytest.mark.parametrize("words", [(), profile("documented"), profile("fast"), ("--set", "persistence.enabled=false")])
def test_helm_finds_nothing_to_complain_of(words: tuple[str, ...]):
    done = helm("lint", "--strict", str(CHART), *words)
    assert done.returncode == 0, done.stdout


def test_the_defaults_are_the_document_s():
    """Its image is not available any more, and there is no storage class `default`."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert values["imagePullPolicy"] == "IfNotPresent"
    assert (values["slaveReplicaCount"], values["sentinelReplicaCount"]) == (3, 2)
    assert values["persistence"] == {
        "enabled": True,
        "size": "1Gi",
        "storageClass": "standard",
        "accessMode": "ReadWriteOnce",
    }
    assert values["resources"]["requests"] == {"cpu": "100m", "memory": "100Mi"}


@pytest.mark.parametrize("name", ["documented", "fast"])
def test_its_pods_are_those_of_the_catalogue(name: str):
    objects = template(*profile(name))
    wanted: dict[tuple[str, str], int] = {}
    for pod in HELM.pods:
        assert pod.controller is not None
        controller = one(objects, pod.controller.kind, pod.controller.name)
        found = controller["spec"]["template"]["spec"]["containers"]
        assert tuple(each["name"] for each in found) == pod.containers
        key = (pod.controller.kind, pod.controller.name)
        wanted[key] = wanted.get(key, 0) + 1
        if pod.controller.kind is ControllerKind.STATEFUL_SET:
            assert pod.name.startswith(f"{controller['metadata']['name']}-")
    assert wanted == {
        (each["kind"], each["metadata"]["name"]): each["spec"]["replicas"]
        for each in objects
        if "replicas" in each.get("spec", {})
    }


@pytest.mark.parametrize("name", ["documented", "fast"])
def test_its_settings_are_those_of_the_catalogue(name: str):
    times = HELM.profile(name)
    settings = one(template(*profile(name)), "ConfigMap", "-settings")["data"]
    assert settings["QUORUM"] == str(HELM.quorum)
    assert settings["DOWN_AFTER_MS"] == str(times.down_after_ms)
    assert settings["FAILOVER_TIMEOUT_MS"] == str(times.failover_timeout_ms), "a number, not 1.8e+05"
    assert settings.get("PING_MS", "0") == str(times.ping_ms)


def test_the_image_and_its_pull_policy_are_everyone_s():
    found = containers(template("--set", "image=valkey/valkey:8.1,imagePullPolicy=Never"))
    assert {(each["image"], each["imagePullPolicy"]) for each in found} == {("valkey/valkey:8.1", "Never")}


def test_the_numbers_of_replicas_and_sentinels_are_parameters():
    objects = template("--set", "slaveReplicaCount=5,sentinelReplicaCount=4")
    assert one(objects, "StatefulSet")["spec"]["replicas"] == 5
    assert one(objects, "ReplicationController")["spec"]["replicas"] == 4


def test_size_class_and_access_mode_are_those_of_every_claim():
    words = "persistence.size=2Gi,persistence.storageClass=fast,persistence.accessMode=ReadWriteMany"
    objects = template("--set", words)
    (of_replicas,) = one(objects, "StatefulSet")["spec"]["volumeClaimTemplates"]
    for claim in (one(objects, "PersistentVolumeClaim")["spec"], of_replicas["spec"]):
        assert claim == {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "fast",
            "resources": {"requests": {"storage": "2Gi"}},
        }


def test_without_persistence_there_is_no_claim_and_nobody_waits_for_one():
    """The original went on referring to it: its master was never scheduled."""
    objects = template("--set", "persistence.enabled=false")
    assert "PersistentVolumeClaim" not in json.dumps(objects)
    assert "persistentVolumeClaim" not in json.dumps(objects)
    assert "volumeClaimTemplates" not in one(objects, "StatefulSet")["spec"]
    for spec in specs(objects):
        mounted = {mount["name"] for container in spec["containers"] for mount in container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in spec["volumes"]}


def test_resources_are_the_replicas():
    objects = template("--set", "resources.requests.cpu=250m,resources.limits.memory=1Gi")
    (container,) = one(objects, "StatefulSet")["spec"]["template"]["spec"]["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "250m", "memory": "100Mi"},
        "limits": {"memory": "1Gi"},
    }


def test_only_the_master_s_claim_belongs_to_the_release():
    """A StatefulSet's are made by its controller, and are not Helm's to delete."""
    claims = [each["metadata"]["name"] for each in template() if each["kind"] == "PersistentVolumeClaim"]
    assert claims == [f"{NAME}-pvc"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("persistence.disabled=true", "disabled"),
        ("slaveReplicaCount=-1", "slaveReplicaCount"),
        ("persistence.accessMode=ReadOnly", "accessMode"),
        ("sentinel.quorum=0", "quorum"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(words: str, said: str):
    done = helm("template", NAME, str(CHART), "--set", words)
    assert done.returncode != 0
    assert said in done.stderr


def test_objects_are_called_after_the_release():
    names = {each["metadata"]["name"] for each in template(name="my-release")}
    assert {"my-release-redis-cluster", "my-release-redis-cluster-master", "my-release-redis-cluster-pvc"} <= names
    assert "redis-sentinel" in names, "run.sh finds the Service by its environment"


def test_nothing_runs_as_root_or_has_a_token_of_the_cluster():
    for spec in specs(template()):
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0


def test_the_notes_do_not_send_users_to_the_stray_master():
    notes = (CHART / "templates" / "NOTES.txt").read_text()
    assert "redis-cli -h redis-sentinel -p 26379 sentinel get-master-addr-by-name mymaster" in notes
