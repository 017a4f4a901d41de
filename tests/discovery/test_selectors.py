"""A selector chooses exactly the pods that are wanted, in the words of Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from redis_resilience.discovery.selectors import selector

LABEL = "statefulset.kubernetes.io/pod-name"
MASTER = {"name": "redis-master", "release": "r", "role": "master", "pod-template-hash": "1"}
REPLICA = {"name": "redis", "release": "r", "apps.kubernetes.io/pod-index": "0"}
SENTINEL = {"name": "redis-sentinel", "release": "r", "role": "sentinel"}


@pytest.mark.parametrize(
    ("wanted", "others", "chosen"),
    [
        ([{"app": "a", "tier": "data"}], [{"app": "b", "tier": "data"}], "app=a"),
        ([{"app": "a", "tier": "x"}] * 2, [{"app": "a", "tier": "y"}, {"app": "b", "tier": "x"}], "app=a,tier=x"),
        ([MASTER, REPLICA, REPLICA], [SENTINEL], "name in (redis,redis-master)"),
        ([MASTER, REPLICA], [SENTINEL, {"name": "redis", "release": "s"}], "name in (redis,redis-master),release=r"),
        (
            [{"app": "x", LABEL: "a-0"}, {"app": "x", LABEL: "a-1"}],
            [{"app": "x", LABEL: "b-0"}],
            f"{LABEL} in (a-0,a-1)",
        ),
        ([{"app": "x", "part": "a"}, {"app": "x"}], [{"app": "x", "part": "b"}], ""),
        ([{}], [{}], ""),
        ([], [{"app": "x"}], ""),
    ],
    ids=["one", "two", "set", "set and one", "names", "none in common", "no labels", "no pods"],
)
def test_the_fewest_labels_and_one_value_before_several(
    wanted: list[Mapping[str, str]], others: list[Mapping[str, str]], chosen: str
) -> None:
    """Not those that a new pod of the same controller would not have, unless nothing else does."""
    named = {f"pod-{number}": labels for number, labels in enumerate((*wanted, *others))}

    assert selector([f"pod-{number}" for number in range(len(wanted))], named) == chosen
