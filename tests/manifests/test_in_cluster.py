"""What runs campaigns inside a cluster: the fewest permissions, and pods that the strictest namespace admits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from redis_resilience.campaigns.campaign_file import cells_of, common_options, read_campaign
from redis_resilience.command.chosen import settings_from
from redis_resilience.command.previewing import in_nodes, objects_of, plan_of
from redis_resilience.command.scenarios import scenario
from redis_resilience.deployments.kube.context import OPT_IN, OPT_IN_LABEL
from redis_resilience.deployments.kube.objects.manifests import objects_in
from redis_resilience.deployments.kube.permissions import needed
from redis_resilience.deployments.kube.role import role
from redis_resilience.faults.perform import needs

MANIFESTS = Path(__file__).parents[2] / "manifests"
KINDS = ("nightly", "campaign")
NAMESPACE = "shop"

Object = dict[str, Any]


def objects(folder: str, kind: str) -> list[Object]:
    """Of its files, before kustomize."""
    found = [each for file in (MANIFESTS / folder).glob("*.yaml") for each in yaml.safe_load_all(file.read_text())]
    return [each for each in found if each.get("kind") == kind]


def pods(folder: str) -> Iterator[Object]:
    yield from (each["spec"]["jobTemplate"]["spec"]["template"]["spec"] for each in objects(folder, "CronJob"))
    yield from (each["spec"]["template"]["spec"] for each in objects(folder, "Job"))
    yield from (each["spec"] for each in objects(folder, "Pod"))


def allowed(rules: list[Object]) -> set[tuple[str, str, str]]:
    """Group, resource, verb of each; a Role reaches no namespace but its own, so the namespace's name adds nothing."""
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.mark.kind
@pytest.mark.parametrize(("folder", "kind"), [("nightly", "Role"), ("campaign", "ClusterRole")])
def test_the_role_is_what_its_campaign_needs_and_no_more(folder: str, kind: str) -> None:
    """As `permissions --format rbac` works it out; no fault enters a node."""
    campaign = read_campaign(MANIFESTS / folder / "campaign.yaml")
    wanted: set[tuple[str, str, str]] = set()
    for cell in cells_of(campaign):
        chosen = {**common_options(campaign.options), **cell.options, "redis_namespace": NAMESPACE}
        settings = settings_from(chosen)
        faults = plan_of(scenario(cell.scenario), settings).all_faults
        assert not any(map(in_nodes, faults))
        permissions = needed(
            objects_in(objects_of(settings)),
            capabilities={each for fault in faults for each in needs(fault)},
            namespace=NAMESPACE,
            discovers=settings.discovers,
        )
        wanted |= allowed(yaml.safe_load(role(permissions, name="r", namespace=NAMESPACE))["rules"])

    (found,) = objects(folder, kind)
    assert allowed(found["rules"]) == wanted


@pytest.mark.parametrize("folder", [*KINDS, "nightly/pages"])
def test_its_pods_are_admitted_where_pod_security_is_restricted(folder: str) -> None:
    for pod in pods(folder):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert {next(iter(set(volume) - {"name"})) for volume in pod["volumes"]} <= {
            "configMap",
            "emptyDir",
            "persistentVolumeClaim",
        }
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


@pytest.mark.parametrize("folder", KINDS)
def test_its_campaign_names_the_context_that_the_image_has(folder: str) -> None:
    kubeconfig = yaml.safe_load((MANIFESTS / "harness" / "kubeconfig").read_text())
    options = read_campaign(MANIFESTS / folder / "campaign.yaml").options

    assert [context["name"] for context in kubeconfig["contexts"]] == [options["context"]]


def test_every_worker_has_a_share_and_a_namespace_that_lets_it_in() -> None:
    (job,) = objects("campaign", "Job")
    workers = job["spec"]["completions"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    namespaces = [
        each["metadata"] for each in objects("campaign", "Namespace") if OPT_IN_LABEL in each["metadata"]["labels"]
    ]
    bindings = objects("campaign", "RoleBinding")

    assert job["spec"]["parallelism"] == workers
    assert f"--share=$(JOB_COMPLETION_INDEX)/{workers}" in container["command"]
    assert {"name": "REDIS_RESILIENCE_NAMESPACE", "value": "redis-resilience-$(JOB_COMPLETION_INDEX)"} in container[
        "env"
    ]
    names = [f"redis-resilience-{index}" for index in range(workers)]
    assert [each["name"] for each in namespaces] == names
    assert {each["labels"][OPT_IN_LABEL] for each in namespaces} == {OPT_IN}
    assert [each["metadata"]["namespace"] for each in bindings] == names


def test_what_is_begun_twice_is_never_one_share() -> None:
    """A pod's successor waits until it is gone; a verdict is not run again."""
    (job,) = objects("campaign", "Job")

    assert job["spec"]["podReplacementPolicy"] == "Failed"
    assert {
        "action": "FailIndex",
        "onExitCodes": {"containerName": "campaign", "operator": "In", "values": [1, 3]},
    } in job["spec"]["podFailurePolicy"]["rules"]
