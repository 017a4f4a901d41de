"""Manual steps: each asks the one it names, and says what it expected where there is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, Unavailable, WaitTimeout
from redis_resilience.probe.protocol import Answer
from redis_resilience.topologies.catalogue import SIDECAR
from redis_resilience.trials.manual import ManualSteps

SERVER = "redis-0.redis"


@dataclass
class Deployment:
    """Answers from a list, the last one for ever; it is its own probe, and its own clock."""

    answers: list[Answer]
    asked: list[tuple[str, ...]] = field(default_factory=list)
    now: int = 0

    @property
    def probe(self) -> Deployment:
        return self

    def query(self, endpoint: Endpoint, *command: str, timeout_s: float = 1.0) -> Answer:
        assert timeout_s > 0
        self.asked.append((str(endpoint), *command))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def now_ns(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1e9)

    def fetch(self, url: str) -> str:
        return f"body of {url}"

    def ping_from(self, labels: Mapping[str, str], host: str, port: int) -> str:
        return f"{dict(labels)} {host}:{port}"


def told(*answers: Answer) -> tuple[ManualSteps, Deployment]:
    deployment = Deployment(list(answers) or [Answer()])
    return ManualSteps(deployment, clock=deployment), deployment  # type: ignore[arg-type]  # only what is asked of it


def test_a_call_goes_once_to_the_name_that_was_given() -> None:
    manual, deployment = told(Answer(value="OK"))
    assert manual.call(SERVER, 6379, "SET", "foo", "hello world") == "OK"
    assert deployment.asked == [("redis-0.redis:6379", "SET", "foo", "hello world")]


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (Answer(error="READONLY You can't write against a read only replica."), "READONLY You can't write"),
        (Answer(unreachable="the name redis-0.redis was not resolved"), "the name redis-0.redis was not resolved"),
    ],
)
def test_no_answer_is_told_with_the_question(answer: Answer, got: str) -> None:
    manual, _ = told(answer)
    with pytest.raises(DeploymentError, match=f"^expected redis-0.redis:6379 to answer SET foo bar; got: {got}"):
        manual.call(SERVER, 6379, "SET", "foo", "bar")


def test_a_replica_that_is_behind_is_asked_again() -> None:
    manual, deployment = told(Answer(), Answer(unreachable="connection refused"), Answer(value="hello"))
    manual.until("hello", SERVER, 6379, "GET", "foo")
    assert len(deployment.asked) == 3


def test_a_replica_that_never_has_it_is_told_with_its_last_answer() -> None:
    manual, _ = told(Answer(value="other"))
    with pytest.raises(WaitTimeout) as caught:
        manual.until("hello", SERVER, 6379, "GET", "foo")
    assert str(caught.value) == "waited 10 s for 'hello' from redis-0.redis:6379 to GET foo; saw last: 'other'"


def test_masters_are_read_by_name() -> None:
    views = [["name", "mymaster", "ip", "10.0.0.1", "port", "6379"], ["name", "other", "ip", "10.0.0.2"]]
    manual, deployment = told(Answer(value=views))  # type: ignore[arg-type]  # lists in a list, as Sentinel replies
    assert manual.masters("redis") == {"mymaster": "10.0.0.1", "other": "10.0.0.2"}
    assert deployment.asked == [("redis:26379", "SENTINEL", "MASTERS")]


def test_a_cluster_fetches_and_hosts_clients() -> None:
    manual, _ = told()
    assert manual.fetch("http://redis-metrics:9121/metrics") == "body of http://redis-metrics:9121/metrics"
    assert manual.ping_from({"redis-client": "true"}, SERVER, 6379) == "{'redis-client': 'true'} redis-0.redis:6379"


def test_a_backend_without_a_network_says_what_to_use() -> None:
    manual = ManualSteps(MemoryDeployment(SIDECAR, SIDECAR.profile("fast")))
    with pytest.raises(Unavailable) as caught:
        manual.fetch("http://redis-metrics:9121/metrics")
    assert str(caught.value) == "expected Services and client pods; backend memory has none; use --redis-backend=kind"


def test_addresses_are_those_of_the_pods_with_a_server() -> None:
    assert set(ManualSteps(MemoryDeployment(SIDECAR, SIDECAR.profile("fast"))).addresses()) == {
        "redis-0",
        "redis-1",
        "redis-2",
    }
