"""Who is asked, with which words and which password; what is run in a container is recorded in place of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from redis_resilience.deployments.kube.keys import Keys, PasswordFrom
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.discovery import asking
from redis_resilience.discovery.answers import questions
from redis_resilience.discovery.instances import instances
from redis_resilience.model.access import NO_LOGIN
from tests.discovery.objects import SENTINEL, SERVER, container, pod, trees

PLACE = Place(kubeconfig=Path("k"), context="c", namespace="n")
_SAID = "PONG\nx\n" + "ERR unknown command 'redis-resilience-next'\n"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], str]], list[tuple[str, bytes]]]:
    """With these replies, by what is run: the commands, and what they are given."""

    def made(reply: Callable[[str], str]) -> list[tuple[str, bytes]]:
        seen: list[tuple[str, bytes]] = []

        def kubectl(*words: str, given: bytes = b"", **_: object) -> str:
            seen.append((" ".join(words), given))
            return reply(" ".join(words))

        monkeypatch.setattr(asking, "kubectl", kubectl)
        return seen

    return made


def test_who_closes_connections_without_tls_is_asked_over_tls(
    typed: Callable[[Callable[[str], str]], list[tuple[str, bytes]]],
) -> None:
    """Where its pod has a certificate to show; its script does not say that it speaks TLS."""
    shown = ("--tls-cert-file", "/tls/a.crt", "--tls-key-file", "/tls/a.key")
    mounted = {"volumeMounts": [{"name": "tls", "mountPath": "/tls"}]}
    server = container("redis", "redis-server", "--port", "0", "--tls-port", "6379", *shown, **mounted)
    _, sentinel = instances(trees(pod("cache-0", [server, {**SENTINEL, **mounted}])))
    _, alone = instances(trees(pod("cache-0", [SERVER, SENTINEL])))
    complete = "".join(f"x\n{line}" for line in _SAID.splitlines(keepends=True)[2:]) * questions(sentinel).count("next")
    seen = typed(lambda words: complete if "--tls" in words else "")

    told = asking.ask(PLACE, (sentinel, alone), lambda _: NO_LOGIN)

    assert told[sentinel.place].refused == "nothing"  # of the last of both, which share a place
    assert sorted("--tls" in words for words, _ in seen) == [False, False, True]
    assert asking.ask(PLACE, (sentinel,), lambda _: NO_LOGIN)[sentinel.place].tls


def test_that_a_sentinel_answers_over_tls_is_kept_once_it_is_asked_for_its_master(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its master's name is known after the first answer; the second says the rest."""
    mounted = {"volumeMounts": [{"name": "tls", "mountPath": "/tls"}]}
    shown = ("--tls-cert-file", "/tls/a.crt", "--tls-key-file", "/tls/a.key")
    server = container("redis", "redis-server", "--port", "0", "--tls-port", "6379", *shown, **mounted)
    _, sentinel = instances(trees(pod("cache-0", [server, {**SENTINEL, **mounted}])))
    end = _SAID.splitlines(keepends=True)[2]

    def kubectl(*words: str, given: bytes = b"", **_: object) -> str:
        lines = given.decode().splitlines()[::2]
        master = "name\nshop\nip\n10.0.0.1\nport\n6379"
        return "".join(f"{master if line == 'SENTINEL MASTERS' else 'x'}\n{end}" for line in lines if "--tls" in words)

    monkeypatch.setattr(asking, "kubectl", kubectl)
    told = asking.ask(PLACE, (sentinel,), lambda _: NO_LOGIN)[sentinel.place]
    assert ([each.name for each in told.monitored], told.tls) == (["shop"], True)


def test_named_users_and_passwords_count_for_more_than_those_of_the_pods(
    typed: Callable[[Callable[[str], str]], list[tuple[str, bytes]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a Sentinel its own; they go to standard input alone."""
    monkeypatch.setenv("DATA", "one two")
    monkeypatch.setenv("WATCH", "three")
    seen = typed(lambda words: '{"items": []}' if words.startswith("get") else "")
    monkeypatch.setattr(asking, "listed", lambda _: trees(pod("cache-0", [SERVER, SENTINEL])))
    keys = Keys(
        user="app",
        password=PasswordFrom(variable="DATA"),
        sentinel_user="watch",
        sentinel_password=PasswordFrom(variable="WATCH"),
    )

    asking.discover(PLACE, keys)

    assert [given.splitlines()[0] for _, given in seen] == [b'AUTH app "one two"', b'AUTH watch "three"']
    assert not any("three" in words or "two" in words for words, _ in seen)
