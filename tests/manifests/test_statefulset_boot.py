"""manifests/statefulset: the boot rule as printed, and the one that asks first, weaknesses included."""

from __future__ import annotations

from pathlib import Path

import pytest

MANIFESTS = Path(__file__).parents[2] / "manifests" / "statefulset"
PRINTED = MANIFESTS / "base" / "config" / "init.sh"
ASK = MANIFESTS / "components" / "ask" / "init.sh"
MASTER = "redis-server /redis-config/alpha.conf"
FOLLOWER = "redis-server /redis-config/beta.conf"
QUESTION = "sentinel get-master-addr-by-name redis"


def boots(pod, script: Path) -> str:
    assert pod.run(script).status == 0
    (started,) = pod.started()
    return started


@pytest.mark.parametrize(("name", "started"), [("redis-0", MASTER), ("redis-1", FOLLOWER), ("redis-2", FOLLOWER)])
def test_as_printed_the_name_alone_decides(pod, name: str, started: str) -> None:
    pod.name = name
    assert boots(pod, PRINTED) == started
    assert pod.asked() == []


def test_asking_follows_whom_another_pod_s_sentinel_names(pod) -> None:
    pod.answers("redis-1", 26379, QUESTION, "redis-2.redis\n6379\n")
    assert boots(pod, ASK) == f"{FOLLOWER} --replica-announce-ip redis-0.redis --slaveof redis-2.redis 6379"


def test_asking_makes_a_named_pod_master_whatever_its_number(pod) -> None:
    """The weakness: the Sentinels are believed even while they are about to replace it."""
    pod.name = "redis-1"
    pod.answers("redis-2", 26379, QUESTION, "redis-1.redis\n6379\n")
    assert boots(pod, ASK) == f"{MASTER} --replica-announce-ip redis-1.redis"


def test_asking_without_an_answer_falls_back_to_the_printed_rule(pod) -> None:
    assert boots(pod, ASK) == f"{MASTER} --replica-announce-ip redis-0.redis"


def test_an_error_of_a_sentinel_is_no_name(pod) -> None:
    pod.name = "redis-2"
    pod.answers("redis-0", 26379, QUESTION, "ERR something\n\n")
    assert boots(pod, ASK) == f"{FOLLOWER} --replica-announce-ip redis-2.redis --slaveof redis-0.redis 6379"
