"""The topology's pods in the cluster: where each is, which process on which node it is, and when it is back.

Asks, never changes anything.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from redis_resilience.deployments.kube.interface import ContainerState, PodState
from redis_resilience.deployments.kube.nodes.node import NodeShell, Process, find_process
from redis_resilience.deployments.kube.pods.death import Death, by_silence, of_process
from redis_resilience.deployments.kube.pods.logs import Logs
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.deployments.probe import Probe
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.endpoint import Endpoint
from redis_resilience.model.errors import DeploymentError, ProbeError, TargetAway, UsageError, WaitTimeout
from redis_resilience.topologies.topology import Controller, Topology

_BACK_WITHIN_S = 120.0
"""A container that ends again and again is restarted after 10, 20, 40 s."""
_ANSWERS_WITHIN_S = 180.0
"""A replica may have to wait for an election by documented times before it starts its server."""
_LOOK_EVERY_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Pods:
    """nodes: a shell in every node, by the node's name; none where nodes cannot be entered."""

    topology: Topology
    watch: PodWatch
    logs: Logs
    nodes: Mapping[str, NodeShell]
    probe: Probe

    def containers_of(self, pod: str) -> tuple[str, ...]:
        """An adopted pod's successor is known by its name, which is not that of the topology."""
        known, state = self.topology.pod(pod), self.watch.pod(pod)
        if known.adopted and state is not None and state.real_name:
            known = self.topology.successor(pod)
        return known.containers

    def existing(self, pod: str) -> PodState:
        """Raises TargetAway where there is no such pod now, UsageError where the topology has none."""
        self.containers_of(pod)
        state = self.watch.pod(pod)
        if state is None:
            raise TargetAway(f"expected pod {pod} to exist; there is none now")
        return state

    def container(self, pod: str, container: str) -> ContainerState:
        """Raises UsageError where the topology has no such container, TargetAway where the cluster has not made it."""
        containers = self.containers_of(pod)
        if container not in containers:
            raise UsageError(f"pod {pod} has no container {container!r}; it has: {', '.join(containers)}")
        state = self.existing(pod).container(container)
        if state is None:
            raise TargetAway(f"expected container {container} in pod {pod}; the cluster has not made it yet")
        return state

    def controller_of(self, pod: str) -> Controller:
        """What manages it, and can be scaled. A Deployment's pod belongs to a ReplicaSet that is not ours to scale."""
        self.existing(pod)
        return self.topology.controller_of(pod)

    def same_controller(self, pod: str) -> tuple[str, ...]:
        """Every pod of the same controller, itself included."""
        owner = self.existing(pod).owner
        return tuple(each.name for each in self.watch.pods() if each.owner == owner) if owner[0] else (pod,)

    def endpoint(self, pod: str, container: str) -> Endpoint:
        """At its present address, or the last that it had."""
        return Endpoint(self.watch.address(pod), self.topology.port_of(container))

    def endpoints(self, container: str) -> Mapping[str, Endpoint]:
        return {
            pod.name: self.endpoint(pod.name, container)
            for pod in self.topology.pods
            if container in self.containers_of(pod.name)
        }

    def process(self, pod: str, container: str) -> tuple[NodeShell, Process]:
        """The container's first process, and the shell of its node. Raises DeploymentError for an unknown node."""
        state, node = self.container(pod, container), self.existing(pod).node
        if node not in self.nodes:
            raise DeploymentError(
                f"expected {pod} on a node of {', '.join(self.nodes)}; it is on {node or 'none'}; "
                "was a node added to the cluster?"
            )
        return self.nodes[node], find_process(self.nodes[node], state.id, f"{pod}/{container}")

    def co_located(self, pod: str) -> tuple[str, ...]:
        """The topology's other pods that are on the same node."""
        node = self.existing(pod).node
        known = (self.watch.pod(each.name) for each in self.topology.pods if each.name != pod)
        return tuple(state.name for state in known if state is not None and state.node == node)

    def death_of(self, pod: str) -> Death:
        """How the end of the pod's server, or of whatever its first process is, will be seen."""
        container = self.containers_of(pod)[0]
        name = f"{pod}/{container}"
        if self.nodes:
            return of_process(*self.process(pod, container), name)
        return by_silence(self.probe, self.endpoint(pod, container), name)

    def running_in(self, pod: str) -> Process | None:
        """A process in the pod; None where no container of it runs."""
        for container in self.containers_of(pod):
            with contextlib.suppress(DeploymentError):
                return self.process(pod, container)[1]
        return None

    def wait_for_restart(self, pod: str, container: str, ended: str) -> str:
        """Until another container than `ended` runs and answers; the proof of it."""

        def again(state: PodState) -> bool:
            found = state.container(container)
            return found is not None and found.state == "running" and found.id != ended

        what = f"{pod}/{container} to be started again by the kubelet"
        self.watch.until(pod, again, within_s=_BACK_WITHIN_S, what=what)
        restarts = self.container(pod, container).restarts
        return f"{pod}/{container} was started by the kubelet, restart {restarts}, {self.answer(pod, container)}"

    def wait_for_new(self, pod: str, uid: str) -> str:
        """Until another pod than `uid` has an address and all of its containers answer; the proof of it."""
        containers = self.topology.successor(pod).containers

        def new(state: PodState) -> bool:
            running = {each.name for each in state.containers if each.state == "running"}
            return state.uid != uid and not state.deleting and bool(state.address) and running >= set(containers)

        state = self.watch.until(pod, new, within_s=_BACK_WITHIN_S, what=f"pod {pod} to be recreated")
        answers = [f"{container} {self.answer(pod, container)}" for container in containers]
        called = f" as {state.real_name}" if state.real_name else ""
        return f"{pod} was recreated{called} at {state.address}, {', '.join(answers)}"

    def answer(self, pod: str, container: str, *, within_s: float = _ANSWERS_WITHIN_S) -> str:
        """Once it answers anything, LOADING too: its run_id in words, or what it replied instead.

        Raises WaitTimeout where it does not.
        """
        answered = ""

        def look() -> tuple[bool, str]:
            nonlocal answered
            try:
                answer = self.probe.query(self.endpoint(pod, container), "INFO", "server")
            except ProbeError:  # it is back anyway; a lost probe is reported where it matters
                answered = "not asked, as the probe is gone"
                return True, answered
            found = info_field(answer.value, "run_id")
            answered = f"run_id {found}" if found else answer.error
            return bool(answered), answer.unreachable

        try:
            eventually(look, within_s=within_s, what=f"{pod}/{container} to answer", every_s=_LOOK_EVERY_S)
        except WaitTimeout as error:
            raise WaitTimeout(f"{error}; end of its log:\n{self.logs.last_words(pod, container)}") from error
        return answered


def info_field(told: object, name: str) -> str:
    """A field of an answer to INFO; "" where there is none."""
    for line in told.splitlines() if isinstance(told, str) else ():
        if line.startswith(f"{name}:"):
            return line.partition(":")[2].strip()
    return ""
