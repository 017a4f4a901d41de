"""What has to be seen and done after the first `kubectl apply` of a set-up whose pods find each other by asking.

Without readiness probes Kubernetes calls a pod ready that still waits for its master. And document 002 begins with one
pod of each controller and scales them up, one after the other: a replica that asks while no Sentinel answers loses the
time of a restart.
"""

from __future__ import annotations

from collections.abc import Callable

from harness.deployments.kube.pods import Pods
from harness.deployments.kube.port import PodState
from harness.topologies.topology import Boot, Controller, Pod, Topology

_ADOPTED_WITHIN_S = 30.0
_FOUND_WITHIN_S = 240.0
"""As documented a replica that found no master sleeps for a minute, ends, and is started again after 10, 20, 40 s."""

Scale = Callable[[Controller, int], None]


def first_pods(topology: Topology) -> tuple[Pod, ...]:
    """Those that the first `kubectl apply` makes: all of them, or one of each controller where one was adopted."""
    if not _grows(topology):
        return topology.pods
    firsts: dict[Controller | None, Pod] = {}
    for pod in topology.pods:
        firsts.setdefault(pod.controller, pod)
    return tuple(firsts.values())


def grow(pods: Pods, scale: Scale) -> None:
    """From the first pods, which are ready, to all, which answer."""
    topology = pods.topology
    if topology.boot is not Boot.ASK_OR_WAIT:
        return
    wait_for = [first_pods(topology)]
    if _grows(topology):
        for pod in topology.pods:
            if pod.adopted and pod.controller is not None:
                _wait_until_adopted(pods, pod, pod.controller)
        wait_for += [_of(topology, pod.controller) for pod in first_pods(topology)]
    for several in wait_for:
        controller = several[0].controller
        if len(wait_for) > 1 and several is not wait_for[0] and controller is not None:
            scale(controller, len(several))
        for pod in several:
            for container in pod.containers:
                pods.answer(pod.name, container, within_s=_FOUND_WITHIN_S)


def _grows(topology: Topology) -> bool:
    return any(pod.adopted for pod in topology.pods)


def _of(topology: Topology, controller: Controller | None) -> tuple[Pod, ...]:
    return tuple(pod for pod in topology.pods if pod.controller == controller)


def _wait_until_adopted(pods: Pods, pod: Pod, controller: Controller) -> None:
    """By this controller and no other: whichever adopts it first has it, and both selectors match."""
    wanted = (controller.kind, controller.name)

    def adopted(state: PodState) -> bool:
        return state.owner == wanted

    what = f"pod {pod.name} to be adopted by {controller.kind} {controller.name}"
    pods.watch.until(pod.name, adopted, within_s=_ADOPTED_WITHIN_S, what=what)
