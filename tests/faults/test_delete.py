"""A deleted pod: with grace or without, and back when its controller has made it anew."""

from __future__ import annotations

import pytest

from redis_resilience.faults.delete import delete_pod
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.target import MASTER, Place
from redis_resilience.model.errors import Unavailable, UsageError


class Recreating:
    backend = "kind"

    def __init__(self):
        self.calls = []

    def delete_pod(self, pod, *, grace_s=30.0):
        self.calls.append(("delete", pod, grace_s))
        return Effect(begin_ns=1, end_ns=2, proof="gone")

    def create_pod(self, pod):
        self.calls.append(("create", pod))
        return Effect(begin_ns=3, end_ns=4, proof="back")


def test_delete_and_wait_for_the_new_one():
    deployment, fault = Recreating(), delete_pod(MASTER, grace_s=0)

    fault.inject(deployment, Place("redis-0", "redis"))
    fault.heal(deployment, Place("redis-0", "redis"))

    assert deployment.calls == [("delete", "redis-0", 0), ("create", "redis-0")]


def test_its_kind_tells_grace_from_none():
    """Results of the two are not to be mixed: a graceful stop may hand over first."""
    assert delete_pod(MASTER).kind == "delete"
    assert delete_pod(MASTER, grace_s=0).kind == "delete-now"
    assert delete_pod(MASTER, back_after_s=2).lasts_s == 2


def test_negative_grace_makes_no_sense():
    with pytest.raises(UsageError, match="expected 0 s of grace or more; got -1 s"):
        delete_pod(MASTER, grace_s=-1)


def test_a_deployment_that_has_no_pods_to_delete():
    with pytest.raises(Unavailable, match="fault delete needs CanRecreate; backend object cannot do that"):
        delete_pod(MASTER).inject(object(), Place("redis-0", "redis"))
