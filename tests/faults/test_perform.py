"""A fault asks for the capability that it needs, says so where a deployment lacks it, and proves itself."""

from __future__ import annotations

import pytest

from redis_resilience.deployments.memory.deployment import MemoryDeployment
from redis_resilience.faults.effect import Effect
from redis_resilience.faults.perform import heal, inject, needs
from redis_resilience.faults.target import MASTER, Place
from redis_resilience.model.errors import Unavailable
from redis_resilience.model.faults import (
    delete_pod,
    grow,
    isolate,
    kill,
    pause,
    rolling_upgrade,
    scale_to_zero,
    stop,
    stop_node,
)
from redis_resilience.topologies.catalogue import topology

PLACE = Place("redis-0", "redis")
EVERY_FAULT = (
    (kill(MASTER), ("signal", "redis-0", "redis", "SIGKILL"), ("start_container", "redis-0", "redis")),
    (stop(MASTER), ("signal", "redis-0", "redis", "SIGTERM"), ("start_container", "redis-0", "redis")),
    (pause(MASTER), ("signal", "redis-0", "redis", "SIGSTOP"), ("signal", "redis-0", "redis", "SIGCONT")),
    (isolate(MASTER), ("isolate", "redis-0", isolate(MASTER)), ("rejoin", "redis-0")),
    (delete_pod(MASTER, grace_s=2.5), ("delete_pod", "redis-0", 2.5), ("create_pod", "redis-0")),
    (scale_to_zero(MASTER), ("scale_to_zero", "redis-0"), ("scale_back", "redis-0")),
    (stop_node(MASTER), ("stop_node", "redis-0"), ("start_node", "redis-0")),
    (grow("redis-7", slots=20), ("grow", "redis-0", 20), ("shrink", "redis-0")),
    (rolling_upgrade("redis:8.0"), ("retire", "redis-0", "redis:8.0"), ("renew", "redis-0")),
)


class AllPowerful:
    """Notes every call of every capability."""

    def __init__(self):
        self.calls = []

    def _note(self, name, *words):
        self.calls.append((name, *words))
        return Effect(begin_ns=1, end_ns=2, proof="seen")

    def signal(self, pod, container, name):
        return self._note("signal", pod, container, name)

    def start_container(self, pod, container):
        return self._note("start_container", pod, container)

    def delete_pod(self, pod, *, grace_s):
        return self._note("delete_pod", pod, grace_s)

    def create_pod(self, pod):
        return self._note("create_pod", pod)

    def isolate(self, pod, fault, others=()):
        return self._note("isolate", pod, fault, *others)

    def rejoin(self, pod):
        return self._note("rejoin", pod)

    def scale_to_zero(self, pod):
        return self._note("scale_to_zero", pod)

    def scale_back(self, pod):
        return self._note("scale_back", pod)

    def stop_node(self, pod):
        return self._note("stop_node", pod)

    def start_node(self, pod):
        return self._note("start_node", pod)

    def grow(self, pod, *, slots):
        return self._note("grow", pod, slots)

    def shrink(self, pod):
        return self._note("shrink", pod)

    def prepare(self, to): ...

    def retire(self, pod, *, to):
        return self._note("retire", pod, to)

    def renew(self, pod):
        return self._note("renew", pod)

    def restore(self, pod): ...

    def program(self, pod): ...

    def refusal(self, pod): ...


@pytest.mark.parametrize(("fault", "broken", "healed"), EVERY_FAULT, ids=lambda each: getattr(each, "kind", ""))
def test_each_fault_is_injected_with_its_parameters_and_healed(fault, broken, healed):
    deployment = AllPowerful()

    inject(fault, deployment, PLACE)
    heal(fault, deployment, PLACE)

    assert deployment.calls == [broken, healed]


@pytest.mark.parametrize("fault", [fault for fault, *_ in EVERY_FAULT], ids=lambda fault: fault.kind)
def test_what_a_deployment_cannot_do_becomes_the_reason_of_a_skip(fault):
    first = needs(fault)[0].__name__
    for perform in (inject, heal):
        with pytest.raises(Unavailable, match=rf"fault {fault.kind} needs Can\w+; backend object cannot do that"):
            perform(fault, object(), PLACE)
    with pytest.raises(Unavailable, match=f"fault {fault.kind} needs {first}; "):
        inject(fault, object(), PLACE)


def test_inject_and_heal_prove_themselves():
    """A killed server does not answer, a started one does; both effects carry a proof and an interval."""
    found = topology("sidecar")
    deployment = MemoryDeployment(found, found.profile("fast"))
    endpoint = deployment.servers()["redis-1"]

    effect = inject(kill("redis-1"), deployment, Place("redis-1", "redis"))
    gone = deployment.probe.query(endpoint, "ROLE")
    healed = heal(kill("redis-1"), deployment, Place("redis-1", "redis"))

    assert gone.unreachable
    assert effect.begin_ns < effect.end_ns <= healed.begin_ns
    assert effect.proof
    assert not deployment.probe.query(endpoint, "ROLE").unreachable
