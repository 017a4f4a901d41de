"""Checks and steps after the first `kubectl apply` of a deployment whose pods find each other by asking.

Without readiness probes Kubernetes reports a pod as ready that still waits for its master. And document 002 begins
with one pod of each controller and scales them up, one after the other: a replica that asks while no Sentinel answers
loses the time of a restart.
"""

from __future__ import annotations

from collections.abc import Callable

from redis_resilience.deployments.kube.interface import PodState
from redis_resilience.deployments.kube.pods.pods import Pods
from redis_resilience.deployments.kube.pods.watch import PodWatch
from redis_resilience.topologies.topology import Boot, Controller, Pod, Topology

_ADOPTED_WITHIN_S = 30.0
_FOUND_WITHIN_S = 240.0
"""As documented, a replica that found no master sleeps for a minute, exits, and is restarted after 10, 20, 40 s."""

Scale = Callable[[Controller, int], None]


def first_pods(topology: Topology) -> tuple[Pod, ...]:
    """Those that the first `kubectl apply` makes: all of them, or one of each controller where one was adopted."""
    if not _grows(topology):
        return topology.pods
    firsts: dict[Controller | None, Pod] = {}
    for pod in topology.pods:
        firsts.setdefault(pod.controller, pod)
    return tuple(firsts.values())


def later_controllers(topology: Topology) -> tuple[Controller, ...]:
    """To be created once the bootstrap pod is adopted: their selectors match it, too, and the first one adopts it."""
    adopting = {pod.controller for pod in topology.pods if pod.adopted}
    found = (pod.controller for pod in topology.pods if pod.controller is not None)
    return tuple(dict.fromkeys(each for each in found if adopting and each not in adopting))


def wait_until_adopted(watch: PodWatch, topology: Topology) -> None:
    for pod in topology.pods:
        if pod.adopted and pod.controller is not None:
            wanted = (pod.controller.kind, pod.controller.name)

            def adopted(state: PodState, wanted: tuple[str, str] = wanted) -> bool:
                return state.owner == wanted

            what = f"pod {pod.name} to be adopted by {' '.join(wanted)}"
            watch.until(pod.name, adopted, within_s=_ADOPTED_WITHIN_S, what=what)


def grow(pods: Pods, scale: Scale) -> None:
    """From the first pods, which are ready, to all, which answer."""
    topology = pods.topology
    if topology.boot is not Boot.ASK_OR_WAIT:
        return
    firsts = first_pods(topology)
    _wait_for_answers(pods, firsts)
    for controller in dict.fromkeys(pod.controller for pod in firsts if _grows(topology)):
        several = tuple(pod for pod in topology.pods if pod.controller == controller)
        if controller is not None:
            scale(controller, len(several))
        _wait_for_answers(pods, several)


def _wait_for_answers(pods: Pods, several: tuple[Pod, ...]) -> None:
    for pod in several:
        for container in pod.containers:
            pods.answer(pod.name, container, within_s=_FOUND_WITHIN_S)


def _grows(topology: Topology) -> bool:
    return any(pod.adopted for pod in topology.pods)
