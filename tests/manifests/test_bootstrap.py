"""manifests/bootstrap: the objects of document 002, and its run.sh, weaknesses included."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from redis_resilience.topologies.catalogue import BOOTSTRAP, HELM
from redis_resilience.topologies.topology import ControllerKind

MANIFESTS = Path(__file__).parents[2] / "manifests"
RUN = MANIFESTS / "bootstrap" / "base" / "run.sh"
SETTINGS = {
    "REDIS_SENTINEL_SERVICE_HOST": "sentinels.here",
    "REDIS_SENTINEL_SERVICE_PORT": "26379",
    "QUORUM": "2",
    "DOWN_AFTER_MS": "60000",
    "FAILOVER_TIMEOUT_MS": "180000",
    "WAIT_S": "0.01",
    "GIVE_UP_S": "0.01",
}
QUESTION = "sentinel get-master-addr-by-name mymaster"


def render(profile: str) -> list[dict]:
    done = subprocess.run(
        ["kubectl", "kustomize", str(MANIFESTS / "bootstrap" / "overlays" / profile)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return list(yaml.safe_load_all(done.stdout))


def one(objects: list[dict], kind: str, name: str) -> dict:
    (found,) = (each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


@pytest.fixture
def starting(pod):
    """A pod whose run.sh is to be run: its address is 10.0.0.1, and a server without an answer does not exist."""
    pod.name = "10.0.0.1"
    pod.settings = {**SETTINGS, "DATA": str(pod.data / "master"), "TMPDIR": str(pod.folder)}
    return pod


def test_a_master_is_master_without_a_question(starting):
    """Also the one that is recreated after another was promoted."""
    starting.settings["MASTER"] = "true"

    assert starting.run(RUN).status == 0
    assert starting.started() == [f"redis-server /redis-config/redis.conf --dir {starting.data}/master"]
    assert (starting.data / "master").is_dir()
    assert starting.asked() == []


def test_a_replica_follows_whom_the_service_names(starting):
    starting.answers("sentinels", 26379, QUESTION, "10.0.0.7\n6379\n")
    starting.answers("10", 6379, "info server", "# Server\nrun_id:abc\n")

    assert starting.run(RUN).status == 0
    assert starting.started() == ["redis-server /redis-config/redis.conf --dir . --replicaof 10.0.0.7 6379"]


def test_a_replica_that_finds_no_master_sleeps_and_ends(starting):
    ended = starting.run(RUN)

    assert (ended.status, starting.started()) == (1, [])
    assert "found no master, ends in 0.01 s" in ended.said


def test_an_error_of_a_sentinel_is_no_address(starting):
    starting.answers("sentinels", 26379, QUESTION, "ERR No such master with that name\n\n")

    assert starting.run(RUN).status == 1


def test_a_replica_waits_for_a_master_that_does_not_answer(starting):
    """For ever, where it was the last server: no other begins as master."""
    starting.answers("sentinels", 26379, QUESTION, "10.0.0.7\n6379\n")

    ended = starting.run(RUN)

    assert ended.status is None
    assert "waits: master 10.0.0.7 does not answer" in ended.said


def test_the_first_sentinel_takes_the_master_to_be_in_its_own_pod(starting):
    """No server answers behind the Service yet: the bootstrapping relies on that failure."""
    starting.settings["SENTINEL"] = "true"
    starting.answers("10", 6379, "info server", "run_id:abc\n")

    ended = starting.run(RUN)

    assert "run.sh: watches 10.0.0.1" in ended.said
    assert starting.started() == ["redis-sentinel sentinel.conf"]


def test_a_sentinel_is_told_what_the_document_s_image_told_it(starting):
    starting.settings["SENTINEL"] = "true"
    starting.answers("sentinels", 26379, QUESTION, "10.0.0.7\n6379\n")
    starting.answers("10", 6379, "info server", "run_id:abc\n")
    starting.run(RUN)

    times = BOOTSTRAP.profile("documented")
    assert (starting.folder / "sentinel.conf").read_text().splitlines() == [
        "bind 0.0.0.0",
        "port 26379",
        f"sentinel monitor {BOOTSTRAP.master_name} 10.0.0.7 6379 {BOOTSTRAP.quorum}",
        f"sentinel down-after-milliseconds mymaster {times.down_after_ms}",
        f"sentinel failover-timeout mymaster {times.failover_timeout_ms}",
        "sentinel parallel-syncs mymaster 1",
    ]


@pytest.mark.kind
@pytest.mark.parametrize("profile", ["documented", "fast"])
def test_it_begins_with_one_pod_of_each_controller(profile: str):
    """The catalogue's pods are those after the document's `kubectl scale`."""
    objects = render(profile)
    for pod in BOOTSTRAP.pods:
        assert pod.controller is not None
        assert pod.controller.kind is ControllerKind.REPLICATION_CONTROLLER
        controller = one(objects, "ReplicationController", pod.controller.name)
        assert controller["spec"]["replicas"] == 1
        if not pod.adopted:
            containers = controller["spec"]["template"]["spec"]["containers"]
            assert tuple(each["name"] for each in containers) == pod.containers
    bootstrap = one(objects, "Pod", BOOTSTRAP.first)
    assert tuple(each["name"] for each in bootstrap["spec"]["containers"]) == BOOTSTRAP.pods[0].containers


@pytest.mark.kind
def test_both_controllers_select_the_bootstrap_pod():
    """Which is why only one of them can have it."""
    objects = render("documented")
    labels = one(objects, "Pod", "redis-master")["metadata"]["labels"]
    for name in ("redis", "redis-sentinel"):
        assert one(objects, "ReplicationController", name)["spec"]["selector"].items() <= labels.items()
    assert one(objects, "Service", BOOTSTRAP.service)["spec"]["selector"].items() <= labels.items()


@pytest.mark.kind
@pytest.mark.parametrize("profile", ["documented", "fast"])
def test_its_settings_are_those_of_the_catalogue(profile: str):
    objects, times = render(profile), BOOTSTRAP.profile(profile)
    settings = one(objects, "ConfigMap", "redis-settings")["data"]
    assert (settings["DOWN_AFTER_MS"], settings["FAILOVER_TIMEOUT_MS"], settings["QUORUM"]) == (
        str(times.down_after_ms),
        str(times.failover_timeout_ms),
        str(BOOTSTRAP.quorum),
    )
    assert settings.get("PING_MS", "0") == str(times.ping_ms)
    lines = one(objects, "ConfigMap", "redis-config")["data"]["redis.conf"].splitlines()
    assert {" ".join(pair) for pair in BOOTSTRAP.redis_config} <= set(lines)


@pytest.mark.kind
def test_the_limit_of_a_tenth_of_a_processor_is_documented_only():
    def limits(profile: str) -> list[dict]:
        objects = render(profile)
        specs = [one(objects, "Pod", "redis-master")["spec"]]
        specs.append(one(objects, "ReplicationController", "redis")["spec"]["template"]["spec"])
        return [spec["containers"][0].get("resources", {}) for spec in specs]

    assert limits("documented") == [{"limits": {"cpu": "0.1"}}] * 2
    assert limits("fast") == [{}, {}]


def test_the_chart_s_scripts_are_the_same():
    """Documents 002 and 004 share one image; a chart cannot reach beyond its own folder."""
    for name in ("run.sh", "redis.conf"):
        own = (MANIFESTS / "helm" / "files" / name).read_text()
        assert own == (MANIFESTS / "bootstrap" / "base" / name).read_text()
    assert (BOOTSTRAP.redis_config, BOOTSTRAP.profiles) == (HELM.redis_config, HELM.profiles)
