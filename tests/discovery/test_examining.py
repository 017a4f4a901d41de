"""What a user chose is asked as others would reach it, and what stands against a run is reported before it begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from redis_resilience.deployments.kube.attachment import Attachment, Found
from redis_resilience.deployments.kube.interface import ContainerState, PodState
from redis_resilience.deployments.kube.keys import Keys, TlsFrom
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.discovery import examining
from redis_resilience.discovery.answers import NOTHING
from redis_resilience.discovery.examining import Examined, examine
from redis_resilience.discovery.system import Answer, Instance, Monitored
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.model.access import OPEN, Access, Login, Tls
from redis_resilience.model.errors import DeploymentError
from tests.discovery.objects import SERVER, container, pod, trees

ATTACHMENT = Attachment(selector="app=db")
SERVERS = {
    "db-0/redis": Answer(run_id="a", role="master"),
    "db-1/redis": Answer(run_id="b", role="slave", follows="10.0.0.1:6379"),
}


def _watching(address: str, *others: str) -> Answer:
    names = ("mymaster", *others)
    told = (
        Monitored(name=name, address=address, quorum=2, down_after_ms=5000, servers=(), sentinels=()) for name in names
    )
    return Answer(run_id="s", role="sentinel", monitored=tuple(told))


def _found(*roles: str, without: str = "") -> Found:
    pods = tuple(
        PodState(
            name=f"db-{number}",
            uid="u",
            address=f"10.0.0.{number + 1}",
            containers=tuple(ContainerState(name=role) for role in roles),
        )
        for number in range(2)
    )
    return Found(
        pods=pods,
        roles={pod.name: {role: role for role in roles} for pod in pods},
        ports=ATTACHMENT.ports,
        without_sentinels=without,
    )


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Examined]:
    """With these answers, by place."""

    def made(found: Found, answers: dict[str, Answer], access: Access = OPEN) -> Examined:
        def ask(_place: Place, asked: tuple[Instance, ...], _login: object, **_: object) -> dict[str, Answer]:
            return {each.place: answers[each.place] for each in asked}

        monkeypatch.setattr(examining, "ask", ask)
        return examine(Place(kubeconfig=Path("k"), context="c", namespace="n"), ATTACHMENT, found, access)

    return made


def _with_sentinels(first: Answer, second: Answer | None = None, **servers: Answer) -> dict[str, Answer]:
    replaced = {name.replace("_", "-") + "/redis": answer for name, answer in servers.items()}
    return {**SERVERS, **replaced, "db-0/sentinel": first, "db-1/sentinel": second or first}


def test_what_would_do_has_nothing_against_it(examined: Callable[..., Examined]) -> None:
    """By address, or by a name whose first label is the pod's."""
    for address in ("10.0.0.1:6379", "db-0.db:6379"):
        found = examined(_found("redis", "sentinel"), _with_sentinels(_watching(address)))
        assert found == Examined(clustered=False)


def test_an_address_that_no_pod_has_is_named(examined: Callable[..., Examined]) -> None:
    """Once, with all that name it: the Sentinel, and the replica that follows it."""
    lost = Answer(run_id="b", role="slave", follows="10.96.0.9:6379")
    answers = _with_sentinels(_watching("10.0.0.1:6379"), _watching("10.96.0.9:6379"), db_1=lost)
    (objection,) = examined(_found("redis", "sentinel"), answers).objections
    assert objection.startswith(
        "expected a pod of 'app=db' at 10.96.0.9:6379, which the Sentinel of db-1 names, db-1 follows; got "
        "db-0 at 10.0.0.1:6379, db-1 at 10.0.0.2:6379; choose labels of all its servers"
    )


def test_which_of_two_masters_is_meant_is_asked(examined: Callable[..., Examined]) -> None:
    (objection,) = examined(
        _found("redis", "sentinel"), _with_sentinels(_watching("10.0.0.1:6379", "other"))
    ).objections
    assert "they have: mymaster, other; name it with --redis-master-name" in objection


def test_a_refusal_says_what_to_try(examined: Callable[..., Examined]) -> None:
    """Of a Sentinel its own options; a container without the engine's client is no refusal."""
    refused = Answer(refused="WRONGPASS invalid username-password pair")
    none = Answer(refused='exec: "valkey-cli": executable file not found in $PATH')
    answers = {**SERVERS, "db-0/sentinel": refused, "db-1/sentinel": none}
    (objection,) = examined(_found("redis", "sentinel"), answers).objections
    assert objection.startswith("expected db-0/sentinel to answer at 10.0.0.1:26379; got: WRONGPASS")
    assert "--redis-sentinel-password-secret" in objection


@pytest.mark.parametrize("said", [NOTHING, "`kubectl exec` failed: Could not connect to Redis: Connection refused"])
def test_a_port_that_no_server_listens_on_is_named_once(examined: Callable[..., Examined], said: str) -> None:
    """The client writes that to its standard error, or comes with the words of who ran it."""
    (objection,) = examined(_found("redis"), dict.fromkeys(SERVERS, Answer(refused=said))).objections
    assert objection.startswith("expected db-0/redis to answer at 10.0.0.1:6379; got: Co")
    assert objection.endswith("no server listens on this port, or it is not up: name the port with --redis-port")


def test_nodes_of_a_cluster_need_no_sentinels(examined: Callable[..., Examined]) -> None:
    answers = {place: Answer(run_id="a", clustered=True) for place in SERVERS}
    assert examined(_found("redis", without="no container"), answers) == Examined(clustered=True)


def test_servers_without_sentinels_are_no_cluster(examined: Callable[..., Examined]) -> None:
    assert examined(_found("redis", without="no container"), SERVERS).objections == ("no container",)


MUTUAL = Access(servers=Login(tls=Tls(ca="c", certificate="mine", key="k")))
SHOWN = ("--tls-cert-file", "/tls/tls.crt", "--tls-key-file", "/tls/tls.key")


def test_who_requires_a_certificate_is_shown_its_own(
    examined: Callable[..., Examined], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its replicas show it: the user's is the probe's to show, and never in a container."""
    server = container("redis", "redis-server", "--port", "0", "--tls-port", "6379", *SHOWN)
    pods = trees(*(pod(f"db-{number}", [server]) for number in range(2)))
    monkeypatch.setattr(examining, "listed", lambda _: pods)
    refused = dict.fromkeys(SERVERS, Answer(refused="NOAUTH Authentication required."))
    (objection,) = examined(_found("redis"), refused, MUTUAL).objections
    assert objection.startswith("expected db-0/redis to answer at 10.0.0.1:6379; got: NOAUTH")


def test_the_secret_that_the_user_named_is_shown_where_it_is_mounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that computes its settings does not say where its certificate is."""
    server = container("redis", "redis-server", volumeMounts=[{"name": "tls", "mountPath": "/tls"}])
    volumes = [{"name": "tls", "secret": {"secretName": "mine"}}]
    asked: list[Instance] = []

    def ask(_place: Place, several: tuple[Instance, ...], _login: object, **_: object) -> dict[str, Answer]:
        asked.extend(several)
        return {each.place: Answer(clustered=True) for each in several}

    monkeypatch.setattr(examining, "ask", ask)
    pods = trees(*(pod(f"db-{number}", [server], volumes=volumes) for number in range(2)))
    monkeypatch.setattr(examining, "listed", lambda _: pods)
    named = replace(ATTACHMENT, keys=Keys(tls=TlsFrom(secret="mine")))  # noqa: S106 - its name
    examine(Place(kubeconfig=Path("k"), context="c", namespace="n"), named, _found("redis"), MUTUAL)
    assert {each.certificate for each in asked} == {("/tls/tls.crt", "/tls/tls.key")}


@pytest.mark.parametrize("reason", ["no path", "not allowed"])
def test_who_does_not_say_where_its_certificate_is_is_not_asked(
    reason: str, examined: Callable[..., Examined], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor where ConfigMaps may not be read, which may say it."""

    def listed(_: Place) -> tuple[Tree, ...]:
        if reason == "not allowed":
            raise DeploymentError("forbidden")
        return trees(pod("db-0", [SERVER]), pod("db-1", [SERVER]))

    monkeypatch.setattr(examining, "listed", listed)
    assert examined(_found("redis"), {}, MUTUAL) == Examined(clustered=None)
