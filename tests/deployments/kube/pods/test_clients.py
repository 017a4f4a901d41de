"""Client pods and HTTP from inside: started as a document's reader would, and gone afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from redis_resilience.deployments.kube.pods.clients import Clients, clients
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.model.errors import DeploymentError


@pytest.fixture
def hosted(api, tmp_path):
    watch = PodWatch(api)
    place = Place(kubeconfig=tmp_path / "kubeconfig", context="kind-c", namespace="trial")
    yield clients(api=api, watch=watch, image="redis:8.0", place=place)
    watch.stop()


@pytest.fixture
def applied(programs: Callable[..., Callable[[], list[str]]], tmp_path: Path) -> Callable[[], dict]:
    """What was given to `kubectl apply`."""
    programs(kubectl=f"cat > {tmp_path}/applied")
    return lambda: json.loads((tmp_path / "applied").read_text())


@pytest.fixture
def hears(api, make_pod, channel) -> Callable[[str], None]:
    """The client's pod is there, and `redis-cli` in it says this."""

    def make(said: str) -> None:
        pod = api.known["redis-client-1"] = make_pod("redis-client-1", owner=("", ""))
        api.tell(pod, "ADDED")
        api.programs["sh"] = lambda: channel((said.encode(), b""))

    return make


def test_a_client_pod_has_the_labels_that_it_was_given_and_says_what_it_heard(
    hosted: Clients, api, hears, applied
) -> None:
    hears("PONG\n")
    assert hosted.ping_from({"redis-client": "true"}, "redis-master-0.redis-headless", 6379) == "PONG"
    pod = applied()
    assert pod["metadata"] == {"name": "redis-client-1", "labels": {"redis-client": "true"}}
    (container,) = pod["spec"]["containers"]
    (password,) = container["env"]
    assert password["valueFrom"]["secretKeyRef"]["name"] == "redis", "never a word of a command line"
    (_, where, _, command) = next(call for call in api.calls if call[0] == "run")
    assert (where, *command[-2:]) == ("redis-client-1", "redis-master-0.redis-headless", "6379")
    assert ("delete_pod", "redis-client-1", 0) in api.calls


def test_a_client_that_hears_nothing_says_so(hosted: Clients, hears, applied) -> None:
    hears("")
    assert hosted.ping_from({}, "redis-master-0.redis-headless", 6379) == "no answer"
    assert applied()["metadata"]["labels"] == {}


def test_a_page_is_fetched_by_the_probe_s_pod(hosted: Clients, api, channel) -> None:
    api.programs["python"] = lambda: channel((b"redis_up 1\n", b""))
    assert hosted.fetch("http://redis-metrics:9121/metrics") == "redis_up 1\n"
    (_, pod, container, command) = next(call for call in api.calls if call[0] == "run")
    assert (pod, container, command[-1]) == ("probe", "probe", "http://redis-metrics:9121/metrics")


def test_a_page_that_nobody_serves_is_told_with_the_reason(hosted: Clients, api, channel) -> None:
    api.programs["python"] = lambda: channel((b"", b"Connection refused"), outcome="exit code 1")
    with pytest.raises(DeploymentError, match=r"an answer from http://redis-metrics:1/.*Connection refused"):
        hosted.fetch("http://redis-metrics:1/")
