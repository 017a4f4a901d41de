"""Until all that was deployed is ready; an error at once where waiting does not change what keeps it from that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from redis_resilience.deployments.kube.interface import KubeApi, KubeError, PodState
from redis_resilience.deployments.kube.objects.readiness import custom_resources, expected_of, obstacles, unready
from redis_resilience.deployments.waiting import HOST_CLOCK, Clock, eventually
from redis_resilience.model.errors import DeploymentError, WaitTimeout

_READY_WITHIN_S = 300.0
_QUIET_S = 10.0
"""An operator that makes nothing more for so long has made all; a container that runs so long has started well."""
_LOOK_EVERY_S = 0.25


class Since:
    """How long what is seen now has been seen without a break."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._begun_ns = clock, dict[str, int]()

    def stood_s(self, seen: Iterable[str]) -> dict[str, float]:
        now_ns = self._clock.now_ns()
        self._begun_ns = {each: self._begun_ns.get(each, now_ns) for each in seen}
        return {each: (now_ns - begun_ns) / 1e9 for each, begun_ns in self._begun_ns.items()}


class Proved:
    """Readiness after a restart counts once it lasts: without a probe a container is ready as soon as it starts."""

    def __init__(self, clock: Clock) -> None:
        self._since = Since(clock)

    def those(self, pods: Iterable[PodState]) -> tuple[PodState, ...]:
        """The pods, of which some are not ready yet."""
        known = tuple(pods)
        restarted = {pod.uid: f"{pod.uid} {_restarts(pod)}" for pod in known if pod.ready and _restarts(pod)}
        stood_s = self._since.stood_s(restarted.values())
        early = {uid for uid, key in restarted.items() if stood_s[key] < _QUIET_S}
        return tuple(replace(pod, ready=False) if pod.uid in early else pod for pod in known)


def wait_until_ready(objects: str, api: KubeApi, *, nodes_may_come: bool, clock: Clock = HOST_CLOCK) -> None:
    """Every controller's pods, and what operators make of custom resources.

    nodes_may_come: as in `obstacles`. Raises DeploymentError with what is not ready, and why.
    """
    expected, custom = expected_of(objects), custom_resources(objects)
    since, proved = Since(clock), Proved(clock)

    def look() -> tuple[bool, str]:
        pods = proved.those(api.pods()[0])
        missing = unready(expected, pods)
        against = obstacles(expected, pods, api.troubles(), nodes_may_come=nodes_may_come) if missing or custom else ()
        made = _made(pods) if custom else ""
        stood_s = since.stood_s((*(each.place for each in against), made))
        if certain := [each for each in against if stood_s[each.place] >= each.stands_s]:
            raise DeploymentError(
                f"expected every pod to be ready; waiting does not change this: {'; '.join(map(str, certain))}"
                f"{_last_words(pods, api)}"
            )
        if missing or not custom:
            return not missing, "; ".join((*missing, *_reasons(pods)))
        seen = made or "no pods that are all ready; does their operator run?"
        return bool(made) and stood_s[made] >= _QUIET_S, f"{', '.join(custom)}: {seen}"

    try:
        eventually(look, within_s=_READY_WITHIN_S, what="every pod to be ready", every_s=_LOOK_EVERY_S, clock=clock)
    except WaitTimeout as error:
        said = "; ".join(f"{each.kind} {each.name}: {each.reason}: {each.message}" for each in api.troubles()[-3:])
        words = f"the cluster says: {said or 'nothing'}{_last_words(api.pods()[0], api)}"
        raise DeploymentError(f"{error}; {words}") from error


def _restarts(pod: PodState) -> int:
    return sum(each.restarts for each in pod.containers)


def _made(pods: Sequence[PodState]) -> str:
    """All pods of controllers, once they are ready; "" before that."""
    found = [pod for pod in pods if pod.owner[0] not in ("", "Job") and not pod.deleting]
    return ", ".join(sorted(pod.name for pod in found)) if all(pod.ready for pod in found) else ""


def _reasons(pods: Iterable[PodState]) -> list[str]:
    return [f"{pod.name}: {', '.join(pod.waiting_for)}" for pod in pods if not pod.ready and pod.phase != "Succeeded"]


def _last_words(pods: Iterable[PodState], api: KubeApi) -> str:
    """Of the containers that ended before they were ready."""
    told = ""
    for pod in pods:
        for each in (*pod.init_containers, *pod.containers):
            if each.restarts and not each.ready:
                try:
                    lines = api.logs(pod.name, each.name, previous=True).splitlines()[-3:]
                except KubeError as error:
                    lines = [f"- {error}"]
                said = "\n".join(line.partition(" ")[2] for line in lines)
                told += f"\nend of the log of {pod.name}/{each.name}:\n{said}"
    return told
