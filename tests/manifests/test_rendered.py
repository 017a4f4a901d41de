"""What kustomize makes of the manifests: the settings of the catalogue, and objects that any namespace takes."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from redis_resilience.deployments.kube.objects.manifests import SECRET, SECRET_KEY
from redis_resilience.topologies import catalogue
from redis_resilience.topologies.clusters import CLUSTERS as CLUSTER_TOPOLOGIES
from redis_resilience.topologies.topology import (
    REDIS_PORT,
    SENTINEL_PORT,
    Boot,
    ControllerKind,
    Profile,
    Topology,
    Volume,
)

pytestmark = pytest.mark.kind

MANIFESTS = Path(__file__).parents[2] / "manifests"
OVERLAYS = sorted(
    str(path.parent.relative_to(MANIFESTS))
    for path in (*MANIFESTS.glob("*/overlays/*/kustomization.yaml"), MANIFESTS / "probe" / "kustomization.yaml")
)
# `rapid` needs a Sentinel with changed periods, and a machine of its own: it is for the local backend.
PROFILES = ("documented", "fast")
# Those whose pods all have names of their own; the others have test modules of their own.
CATALOGUED = [
    pytest.param(topology, profile, id=f"{topology.name}-{profile.name}")
    for topology in (catalogue.topology(name) for name in catalogue.names())
    if all(pod.controller and pod.controller.kind is ControllerKind.STATEFUL_SET for pod in topology.pods)
    for profile in map(topology.profile, PROFILES)
]
CLUSTERS = [
    pytest.param(topology, profile, id=f"{topology.name}-{profile.name}")
    for topology in CLUSTER_TOPOLOGIES
    for profile in topology.profiles
]
PLAIN_OF_NODE = {"protected-mode", "port", "save", "repl-diskless-sync-delay"}

Object = dict[str, Any]


def render(folder: Path) -> list[Object]:
    done = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def one(objects: list[Object], kind: str, prefix: str = "") -> Object:
    (found,) = (each for each in objects if each["kind"] == kind and each["metadata"]["name"].startswith(prefix))
    return found


def rendered(topology: Topology, profile: Profile) -> list[Object]:
    return render(MANIFESTS / topology.name / "overlays" / profile.name)


def pod_specs(objects: list[Object]) -> list[Object]:
    """Of every pod and of everything that makes pods."""
    bare = [each["spec"] for each in objects if each["kind"] == "Pod"]
    made = [each["spec"]["template"]["spec"] for each in objects if "template" in each.get("spec", {})]
    return [*bare, *made]


def pod_spec(objects: list[Object]) -> Object:
    (spec,) = pod_specs(objects)
    return spec


def containers_in(objects: list[Object]) -> list[Object]:
    return [container for spec in pod_specs(objects) for container in spec["containers"]]


def directives(text: str) -> list[tuple[str, str]]:
    """The lines of a configuration as (name, value)."""
    lines = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return [(line[0], line[1].strip()) for line in lines]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_object_is_bound_to_a_namespace(overlay: str) -> None:
    assert [each for each in render(MANIFESTS / overlay) if "namespace" in each["metadata"]] == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_image_is_pulled_that_is_there_and_none_is_without_a_tag(overlay: str) -> None:
    for container in containers_in(render(MANIFESTS / overlay)):
        assert container["imagePullPolicy"] == "IfNotPresent"
        assert re.fullmatch(r"[\w/-]+:[\w.]+", container["image"])
        assert container["command"], "an image's own entrypoint may do anything"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_runs_as_root_or_has_a_token_of_the_cluster(overlay: str) -> None:
    for spec in pod_specs(render(MANIFESTS / overlay)):
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0, "Kubernetes cannot tell by a name"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_volume_that_is_mounted_exists(overlay: str) -> None:
    objects = render(MANIFESTS / overlay)
    claims = {
        claim["metadata"]["name"] for each in objects for claim in each.get("spec", {}).get("volumeClaimTemplates", [])
    }
    configurations = {each["metadata"]["name"] for each in objects if each["kind"] == "ConfigMap"}
    for spec in pod_specs(objects):
        there = {volume["name"] for volume in spec["volumes"]} | claims
        mounted = {mount["name"] for each in spec["containers"] for mount in each.get("volumeMounts", [])}
        assert mounted == there
        assert {volume["configMap"]["name"] for volume in spec["volumes"] if "configMap" in volume} <= configurations


@pytest.mark.parametrize(("topology", "profile"), CATALOGUED)
def test_pods_are_those_of_the_catalogue(topology: Topology, profile: Profile) -> None:
    sets = [each for each in rendered(topology, profile) if each["kind"] == "StatefulSet"]
    made = [
        (f"{each['metadata']['name']}-{number}", each["metadata"]["name"], each)
        for each in sets
        for number in range(each["spec"]["replicas"])
    ]
    kept = [(pod.name, pod.controller.name) for pod in topology.pods if pod.controller]
    assert [(pod, name) for pod, name, _ in made] == kept
    for pod, (_, _, stateful) in zip(topology.pods, made, strict=True):
        containers = tuple(each["name"] for each in stateful["spec"]["template"]["spec"]["containers"])
        assert containers[: len(pod.containers)] == pod.containers, "what is beside them comes last"


@pytest.mark.parametrize(("topology", "profile"), CATALOGUED)
def test_the_service_gives_them_their_names(topology: Topology, profile: Profile) -> None:
    objects = rendered(topology, profile)
    services = {each["metadata"]["name"]: each["spec"] for each in objects if each["kind"] == "Service"}
    assert services[topology.service]["clusterIP"] == "None"
    for stateful in (each["spec"] for each in objects if each["kind"] == "StatefulSet"):
        assert stateful["serviceName"] == topology.service
        labels = stateful["template"]["metadata"]["labels"]
        assert stateful["selector"]["matchLabels"].items() <= labels.items()
        for name in (topology.service, *topology.services):
            assert services[name]["selector"].items() <= labels.items()


@pytest.mark.parametrize(("topology", "profile"), CATALOGUED)
def test_data_survives_a_pod_only_where_the_catalogue_says_so(topology: Topology, profile: Profile) -> None:
    for stateful in (each["spec"] for each in rendered(topology, profile) if each["kind"] == "StatefulSet"):
        claims = stateful.get("volumeClaimTemplates", [])
        if topology.volume is Volume.CLAIM:
            assert [claim["spec"]["storageClassName"] for claim in claims] == ["standard"]
        else:
            assert claims == []
            volumes = stateful["template"]["spec"]["volumes"]
            assert {"name": "data", "emptyDir": {}} in volumes


@pytest.mark.parametrize(("topology", "profile"), CATALOGUED)
def test_a_password_comes_from_a_secret_that_is_not_among_the_objects(topology: Topology, profile: Profile) -> None:
    objects = rendered(topology, profile)
    references = [
        variable["valueFrom"]["secretKeyRef"]
        for container in containers_in(objects)
        for variable in container.get("env", [])
        if "secretKeyRef" in variable.get("valueFrom", {})
    ]
    assert all(each == {"name": SECRET, "key": SECRET_KEY} for each in references)
    assert bool(references) is topology.password
    assert [each for each in objects if each["kind"] == "Secret"] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_the_chart_has_the_settings_of_the_catalogue(profile: str) -> None:
    chart, times = catalogue.CHART, catalogue.CHART.profile(profile)
    objects = rendered(chart, times)
    data = {name: text for each in objects if each["kind"] == "ConfigMap" for name, text in each["data"].items()}
    name = chart.master_name
    assert directives(data["sentinel.conf"]) == [
        ("bind", "0.0.0.0"),  # noqa: S104 - as the chart has it
        ("port", str(SENTINEL_PORT)),
        ("sentinel", f"monitor {name} MASTER {REDIS_PORT} {chart.quorum}"),
        ("sentinel", f"down-after-milliseconds {name} {times.down_after_ms}"),
        ("sentinel", f"failover-timeout {name} {times.failover_timeout_ms}"),
        ("sentinel", f"parallel-syncs {name} {chart.parallel_syncs}"),
    ]
    for role in ("master.conf", "replica.conf"):
        assert set(directives(data["redis.conf"] + data[role])) == {*chart.redis_config, ("dir", "/data")}
    assert (f"sentinel debug ping-period {times.ping_ms} " in data.get("periods.sh", "")) is bool(times.ping_ms)


def test_the_chart_s_network_policy_lets_labelled_clients_in_and_everybody_to_the_metrics() -> None:
    objects = rendered(catalogue.CHART, catalogue.CHART.profile("documented"))
    servers, metrics = one(objects, "NetworkPolicy")["spec"]["ingress"]
    assert {"podSelector": {"matchLabels": {"redis-client": "true"}}} in servers["from"]
    assert [port["port"] for port in servers["ports"]] == [REDIS_PORT, SENTINEL_PORT]
    assert metrics == {"ports": [{"protocol": "TCP", "port": 9121}]}
    probe = one(render(MANIFESTS / "probe"), "Pod")
    assert probe["metadata"]["labels"]["redis-client"] == "true", "the probe is a client like any other"


@pytest.mark.parametrize("name", PROFILES)
def test_sidecar_has_the_settings_of_the_catalogue(name: str) -> None:
    node, profile = catalogue.SIDECAR, catalogue.SIDECAR.profile(name)
    objects = rendered(node, profile)
    assert one(objects, "ConfigMap", "redis-settings")["data"] == {
        "CONFIG": "/config",
        "DATA": "/data",
        "SERVICE": node.service,
        "PODS": str(len(node.pods)),
        "MASTER_NAME": node.master_name,
        "QUORUM": str(node.quorum),
        "PARALLEL_SYNCS": str(node.parallel_syncs),
        "DOWN_AFTER_MS": str(profile.down_after_ms),
        "FAILOVER_TIMEOUT_MS": str(profile.failover_timeout_ms),
        **({"PING_MS": str(profile.ping_ms)} if profile.ping_ms else {}),
    }
    configured = directives(one(objects, "ConfigMap", "redis-config")["data"]["redis.conf"])
    assert [pair for pair in configured if pair[0] not in PLAIN_OF_NODE] == list(node.redis_config)
    assert ("save", '""') in configured, "the append-only file is all that is on disk, as on the local backend"
    sentinel = one(objects, "ConfigMap", "redis-scripts")["data"]["sentinel.sh"]
    assert all(f'echo "sentinel {option} {value}"' in sentinel for option, value in node.sentinel_config)
    assert node.boot is Boot.ASK


@pytest.mark.parametrize(
    ("overlay", "profile"),
    [
        ("statefulset/overlays/documented", "documented"),
        ("statefulset/overlays/hostnames", "documented"),
        ("statefulset/overlays/fast", "fast"),
        ("statefulset-ask/overlays/documented", "documented"),
        ("statefulset-ask/overlays/fast", "fast"),
    ],
)
def test_the_stateful_set_has_the_settings_of_the_catalogue(overlay: str, profile: str) -> None:
    printed = catalogue.STATEFULSET
    times = printed.profile(profile)
    data = one(render(MANIFESTS / overlay), "ConfigMap")["data"]
    name = printed.master_name
    assert directives(data["sentinel.conf"]) == [
        ("bind", "0.0.0.0"),  # noqa: S104 - as printed
        ("port", str(SENTINEL_PORT)),
        ("sentinel", f"monitor {name} {printed.pods[0].name}.{printed.service} {REDIS_PORT} {printed.quorum}"),
        ("sentinel", f"parallel-syncs {name} {printed.parallel_syncs}"),
        ("sentinel", f"down-after-milliseconds {name} {times.down_after_ms}"),
        ("sentinel", f"failover-timeout {name} {times.failover_timeout_ms}"),
    ]


@pytest.mark.parametrize(("topology", "profile"), CATALOGUED)
def test_sentinel_s_periods_are_changed_where_the_catalogue_says_so(topology: Topology, profile: Profile) -> None:
    sentinels = [each for each in containers_in(rendered(topology, profile)) if each["name"] == "sentinel"]
    assert sentinels
    for sentinel in sentinels:
        called = "periods.sh" in f"{sentinel['command']} {sentinel.get('lifecycle')}"
        assert called is bool(profile.ping_ms)


def test_the_stateful_set_s_periods_are_those_of_the_catalogue() -> None:
    fast = catalogue.STATEFULSET.profile("fast")
    text = one(rendered(catalogue.STATEFULSET, fast), "ConfigMap")["data"]["periods.sh"]
    assert f"sentinel debug ping-period {fast.ping_ms} " in text


def test_the_stateful_set_writes_what_redis_writes_by_itself() -> None:
    """The catalogue's save points are those compiled in; the documents have no line for them."""
    data = one(rendered(catalogue.STATEFULSET, catalogue.STATEFULSET.profile("documented")), "ConfigMap")["data"]
    for name in ("alpha.conf", "beta.conf"):
        assert {"save", "appendonly"}.isdisjoint(line for line, _ in directives(data[name]))


def test_only_the_asking_variants_ask() -> None:
    asking = {
        str(overlay.relative_to(MANIFESTS))
        for overlay in MANIFESTS.glob("statefulset*/overlays/*")
        if "get-master-addr-by-name" in one(render(overlay), "ConfigMap")["data"]["init.sh"]
    }
    assert asking == {"statefulset-ask/overlays/documented", "statefulset-ask/overlays/fast"}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_asking_variant_works_with_names_as_the_catalogue_says(profile: str) -> None:
    asking = catalogue.STATEFULSET_ASK
    data = one(rendered(asking, asking.profile(profile)), "ConfigMap")["data"]
    assert all(f'echo "sentinel {option} {value}"' in data["sentinel.sh"] for option, value in asking.sentinel_config)


@pytest.mark.parametrize(("topology", "profile"), CLUSTERS)
def test_a_shard_s_pods_must_be_on_different_hosts_and_a_new_cluster_s_masters_should_be(
    topology: Topology, profile: Profile
) -> None:
    """By labels that say which shard a pod is of, and whether as its master, when the cluster is made."""
    sets = [each["spec"] for each in rendered(topology, profile) if each["kind"] == "ReplicaSet"]
    placed = [each["template"]["metadata"]["labels"] for each in sets]
    assert [labels["name"] for labels in placed] == [pod.name for pod in topology.pods]
    members = len(topology.pods) - topology.spares
    shards = [number % topology.shards for number in range(members)] + [topology.shards] * topology.spares
    assert [labels["shard"] for labels in placed] == [str(shard + 1) for shard in shards]
    assert [labels["tier"] for labels in placed] == [
        str(shards[:number].count(shard) + 1) for number, shard in enumerate(shards)
    ]
    for each in sets:
        shard, tier = each["template"]["spec"]["topologySpreadConstraints"]
        assert (shard["matchLabelKeys"], shard["whenUnsatisfiable"]) == (["shard"], "DoNotSchedule")
        assert shard["nodeTaintsPolicy"] == "Honor", "else a control plane counts as a host that stays empty"
        assert (tier["matchLabelKeys"], tier["whenUnsatisfiable"]) == (["tier"], "ScheduleAnyway")
        for constraint in (shard, tier):
            assert (constraint["topologyKey"], constraint["maxSkew"]) == ("kubernetes.io/hostname", 1)
            assert constraint["labelSelector"] == {"matchLabels": {"app": "redis"}}, "every pod, whatever its name"


def test_no_more_than_one_pod_of_three_is_taken_away_on_purpose() -> None:
    objects = rendered(catalogue.SIDECAR, catalogue.SIDECAR.profile("fast"))
    budget = one(objects, "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == len(catalogue.SIDECAR.pods) - (len(catalogue.SIDECAR.pods) // 2 + 1)
    labels = one(objects, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    assert budget["selector"]["matchLabels"].items() <= labels.items()


def test_nothing_kills_a_server_that_loads_or_waits() -> None:
    containers = pod_spec(rendered(catalogue.SIDECAR, catalogue.SIDECAR.profile("fast")))["containers"]
    probes = [set(container) & {"livenessProbe", "startupProbe"} for container in containers]
    assert list(itertools.chain.from_iterable(probes)) == []


def test_a_user_s_image_takes_the_place_of_every_one(tmp_path: Path) -> None:
    around = tmp_path.resolve() / "kustomization.yaml"
    target = Path("../" * (len(tmp_path.resolve().parts) - 1)) / str(MANIFESTS.resolve()).lstrip("/")
    image = {"name": "redis", "newName": "valkey/valkey", "newTag": "8.1"}
    around.write_text(yaml.safe_dump({"resources": [f"{target}/sidecar/overlays/fast"], "images": [image]}))
    assert {each["image"] for each in pod_spec(render(tmp_path))["containers"]} == {"valkey/valkey:8.1"}
