"""What a run attaches to where it was not named in full: one Redis, or a message that says what to name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from redis_resilience.deployments.kube.attachment import Attachment
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.discovery.instances import instances
from redis_resilience.discovery.system import Answer
from redis_resilience.discovery.systems import systems
from redis_resilience.model.errors import UsageError
from redis_resilience.trials import discovered
from redis_resilience.trials.settings import settings
from tests.discovery.objects import SENTINEL, SERVER, Object, container, pod, trees

PLACE = Place(kubeconfig=Path("k"), context="c", namespace="shop")


@pytest.fixture
def attach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Attachment]:
    """To what runs in a namespace with these objects, with these options beside --redis-attach=auto."""

    def made(*objects: Object, answers: dict[str, Answer] | None = None, **options: Any) -> Attachment:
        known = trees(*objects)
        monkeypatch.setattr(discovered, "discover", lambda *_: systems(known, instances(known), answers or {}))
        chosen = {"redis_backend": "context", "redis_attach": "auto", **options}
        return discovered.attachment_in(settings(chosen, results=tmp_path), PLACE)

    return made


def _two(name: str) -> list[Object]:
    return [pod(f"{name}-{number}", [SERVER, SENTINEL], owner=("StatefulSet", name)) for number in range(2)]


def test_the_only_one_is_attached_to(attach: Callable[..., Attachment]) -> None:
    """What the user named stays."""
    found = attach(*_two("cache"), redis_port=7000)

    assert (found.selector, found.container, found.sentinel_container) == ("app=cache", "redis", "sentinel")
    assert found.port == 7000


def test_a_port_that_is_not_the_usual_one_is_completed(attach: Callable[..., Attachment]) -> None:
    server = container("redis", "redis-server", "--port", "7000")

    assert attach(pod("cache-0", [server, SENTINEL])).port == 7000


def test_of_two_in_a_namespace_one_has_to_be_named(attach: Callable[..., Attachment]) -> None:
    """With the labels of each, which is what to name."""
    with pytest.raises(UsageError) as told:
        attach(*_two("cache"), *_two("queue"))

    assert str(told.value) == (
        "expected one Redis in namespace shop; there are: cache (app=cache); queue (app=queue); name its labels with "
        "--redis-attach"
    )


def test_where_there_is_none_what_runs_there_is_to_be_looked_at(attach: Callable[..., Attachment]) -> None:
    with pytest.raises(UsageError, match="expected one Redis in namespace shop; there are: none; `kubectl get pods`"):
        attach()


def test_one_that_wants_a_password_which_no_pod_names_asks_for_it(attach: Callable[..., Attachment]) -> None:
    refused = {"cache-0/redis": Answer(refused="NOAUTH Authentication required.")}

    with pytest.raises(UsageError, match=r"cache-0/redis: NOAUTH.*; name the Secret .* by --redis-password-secret"):
        attach(*_two("cache"), answers=refused)


def test_one_without_sentinels_is_refused_with_its_kind(attach: Callable[..., Attachment]) -> None:
    with pytest.raises(UsageError, match=r"got cache: only what Sentinels .* this is Redis without Sentinel"):
        attach(pod("cache-0", [SERVER]))


def test_a_cluster_is_attached_to_without_them(attach: Callable[..., Attachment]) -> None:
    node = container("redis", "redis-server", "--cluster-enabled", "yes")

    assert attach(pod("cache-0", [node])).selector == "app=cache"


def test_what_waiting_does_not_change_is_refused_at_once(attach: Callable[..., Attachment], tmp_path: Path) -> None:
    """Of a chart that was deployed, too: there is no Sentinel in it."""
    with pytest.raises(UsageError, match="this is Redis without Sentinel"):
        attach(pod("cache-0", [SERVER]), redis_backend="kind", redis_attach="", redis_chart=tmp_path)


def test_a_master_and_replicas_without_a_common_label(attach: Callable[..., Attachment]) -> None:
    """Sentinels have pods of their own, so that no label is common to the servers alone."""
    objects = [
        pod("m", [SERVER, SENTINEL], labels={"name": "master", "release": "r"}, owner=("ReplicaSet", "m")),
        pod("r-0", [SERVER], labels={"name": "replica", "release": "r"}, owner=("StatefulSet", "r")),
        pod("s", [SENTINEL], labels={"name": "sentinel", "release": "r"}, owner=("ReplicaSet", "s")),
    ]

    found = attach(*objects)

    assert (found.selector, found.sentinel_selector) == ("name in (master,replica)", "name in (master,sentinel)")
