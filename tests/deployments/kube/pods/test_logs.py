"""Each line of each container's log once, restarts and deletions included."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.kube.interface import KubeError
from redis_resilience.deployments.kube.pods.logs import Logs
from redis_resilience.deployments.kube.pods.watch import PodWatch

NAMES = [("redis-0", "redis")]


@pytest.fixture
def watch(api, make_pod):
    api.known["redis-0"] = make_pod()
    found = PodWatch(api)
    yield found
    found.stop()


def saved(folder):
    return (folder / "redis-0-redis.log").read_text()


def test_lines_lose_the_kubelets_stamp(api, watch, tmp_path):
    """The servers' own timestamps are what is read later."""
    api.texts["redis-0", "redis", False] = "2026-11-21T03:00:00.1Z 1:M Ready\n"
    Logs(api, watch).save(tmp_path, NAMES)

    assert saved(tmp_path) == "1:M Ready\n"


def test_a_line_is_saved_once(api, watch, tmp_path):
    """The API treats the last timestamp as inclusive; one with fewer digits is not a later one."""
    logs = Logs(api, watch)
    api.texts["redis-0", "redis", False] = "2026-11-21T03:00:00.12Z one\n"
    logs.save(tmp_path, NAMES)
    api.texts["redis-0", "redis", False] += "2026-11-21T03:00:00.123Z two\n2026-11-21T03:00:00.2Z three\n"
    logs.save(tmp_path, NAMES)
    logs.save(tmp_path, NAMES)

    assert saved(tmp_path) == "one\ntwo\nthree\n"
    assert ("logs", "redis-0", "redis", "2026-11-21T03:00:00.2Z", False) in api.calls


def test_after_a_restart_the_one_before_is_read_too(api, watch, tmp_path, make_pod, with_container):
    """Its last words are what a death is explained by."""
    logs = Logs(api, watch)
    api.texts["redis-0", "redis", False] = "2026-11-21T03:00:00Z one\n"
    logs.save(tmp_path, NAMES)
    api.texts["redis-0", "redis", True] = "2026-11-21T03:00:00Z one\n2026-11-21T03:00:01Z last words\n"
    api.texts["redis-0", "redis", False] = "2026-11-21T03:00:02Z again\n"
    api.tell(with_container(make_pod(), "redis", id="second", restarts=1))
    watch.until("redis-0", lambda pod: pod.container("redis").id == "second", within_s=30, what="the restart")
    logs.save(tmp_path, NAMES)

    assert saved(tmp_path) == "one\nlast words\nagain\n"


def test_what_was_kept_before_a_deletion_is_saved(api, watch, tmp_path):
    """The log goes with the pod."""
    logs = Logs(api, watch)
    api.texts["redis-0", "redis", False] = "2026-11-21T03:00:00Z before\n"
    logs.keep("redis-0", ("redis",))
    api.texts.clear()
    logs.save(tmp_path, NAMES)

    assert saved(tmp_path) == "before\n"


def test_an_api_that_fails_is_heard_of(api, watch, tmp_path, monkeypatch):
    """A gap in the evidence must not pass in silence; a container that has not started is none."""

    def refuse(*_, **__):
        raise KubeError("forbidden", status=403)

    monkeypatch.setattr(api, "logs", refuse)

    with pytest.raises(KubeError, match="forbidden"):
        Logs(api, watch).save(tmp_path, NAMES)


def test_last_words_come_from_the_one_before_where_there_are_none_yet(api, watch):
    api.texts["redis-0", "redis", False] = ""
    api.texts["redis-0", "redis", True] = "2026-11-21T03:00:01Z Bad directive\n"

    assert Logs(api, watch).last_words("redis-0", "redis") == "Bad directive"
    assert Logs(api, watch).last_words("redis-9", "redis") == "(empty)"
