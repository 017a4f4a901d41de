"""The pods of a namespace as they are now, kept up to date by one watch of the API, and all that happened to them.
Names are those of the topology's pods.

A watch that ends is resumed where it ended; one that broke, or is too old, begins with a new list. While the API
does not answer, the state is as old as `trouble` says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from redis_resilience.deployments.kube.interface import KubeApi, KubeError, PodState
from redis_resilience.deployments.kube.pods.moments import changes, describe, warning
from redis_resilience.deployments.kube.pods.places import Places
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.errors import DeploymentError
from redis_resilience.model.events import Event

_WATCH_S = 20
_AGAIN_S = 0.2
_STOPPED_WITHIN_S = 2.0
_LISTED_WITHIN_S = 15.0
# Reasons that do not go away by waiting.
_HOPELESS = (
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
)
_CRASHES = 3


class PodWatch:
    """Starts watching at once; `stop` ends it. Raises DeploymentError where the pods cannot be listed."""

    def __init__(
        self, api: KubeApi, places: Places | None = None, called: Callable[[PodState], PodState] = lambda pod: pod
    ) -> None:
        """places: None where every pod's own name will do. called: gives containers the topology's names."""
        self._api, self._called = api, called
        self._places = places or Places()
        self._pods: dict[str, PodState] = {}
        self._addresses: dict[str, str] = {}
        self._events: list[Event] = []
        self._names: dict[str, str] = {}
        """Of every pod that was seen, by uid."""
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._listed = threading.Event()
        self.trouble = ""
        self._thread = threading.Thread(target=self._run, name=f"pods of {api.namespace}", daemon=True)
        self._thread.start()
        if not self._listed.wait(_LISTED_WITHIN_S):
            self.stop()
            raise DeploymentError(
                f"expected the pods of namespace {api.namespace} within {_LISTED_WITHIN_S:g} s; {self.trouble}"
            )

    def stop(self) -> None:
        self._over.set()
        self._api.stop_watching()
        self._thread.join(timeout=_STOPPED_WITHIN_S)

    def pod(self, name: str) -> PodState | None:
        with self._lock:
            return self._pods.get(name)

    def pods(self) -> tuple[PodState, ...]:
        with self._lock:
            return tuple(self._pods.values())

    def address(self, name: str) -> str:
        """Its present address, or the last that it had; "" where it never had one."""
        with self._lock:
            return self._addresses.get(name, "")

    def drain(self) -> tuple[Event, ...]:
        """What happened since the last call."""
        with self._lock:
            events, self._events = self._events, []
        return tuple(events)

    def warnings(self, since_ns: int) -> tuple[Event, ...]:
        """What the cluster warned of since then about pods that were seen. Raises KubeError."""
        at_ns, wall_ns = time.monotonic_ns(), time.time_ns()
        with self._lock:
            names = dict(self._names)
        found = [
            warning(names[each.uid], each, at_ns=at_ns, wall_ns=wall_ns)
            for each in self._api.troubles()
            if each.uid in names and each.last
        ]
        return tuple(each for each in found if each.at_ns >= since_ns)

    def until(
        self, name: str, good: Callable[[PodState], bool], *, within_s: float, what: str, hopeless: bool = False
    ) -> PodState:
        """The pod once it is as wanted. hopeless: give up at once where waiting does not help.

        Raises DeploymentError then, and WaitTimeout after `within_s`.
        """

        def look() -> tuple[bool, str]:
            pod = self.pod(name)
            if pod is None:
                return False, self._with_trouble(f"no pod {name}")
            if hopeless and (reason := never_ready(pod)):
                raise DeploymentError(f"expected {what}; {reason}; {self._complaints(name)}")
            return good(pod), self._with_trouble(describe(pod))

        eventually(look, within_s=within_s, what=what)
        pod = self.pod(name)
        if pod is None:
            raise DeploymentError(f"expected {what}; pod {name} went away again")
        return pod

    def _complaints(self, name: str) -> str:
        try:
            pod = self.pod(name)
            said = self._api.troubles(pod.name_in_cluster if pod else name)
        except KubeError as error:
            return str(error)
        return "the cluster says: " + ("; ".join(map(str, said[-3:])) or "nothing")

    def _with_trouble(self, text: str) -> str:
        return f"{text} ({self.trouble})" if self.trouble else text

    def _run(self) -> None:
        version = ""
        while not self._over.is_set():
            try:
                if not version:
                    pods, version = self._api.pods()
                    self._take_all(pods)
                    self._listed.set()
                    self.trouble = ""
                for change in self._api.watch_pods(version, within_s=_WATCH_S):
                    if self._over.is_set():
                        return
                    version = change.pod.version or version
                    self._take(change.pod.name, None if change.kind == "DELETED" else change.pod)
            except KubeError as error:
                version = ""
                self.trouble = str(error)
                self._over.wait(_AGAIN_S)

    def _take_all(self, pods: tuple[PodState, ...]) -> None:
        for name in self._places.known() - {pod.name for pod in pods}:
            self._take(name, None)
        for pod in sorted(pods, key=lambda pod: (pod.created, pod.name)):
            self._take(pod.name, pod)

    def _take(self, name: str, found: PodState | None) -> None:
        """name: the cluster's. A pod's end may be the moment from which another one counts."""
        if found is not None:
            found = self._called(found)
        at_ns, wall_ns = time.monotonic_ns(), time.time_ns()
        with self._lock:
            for slot, pod in self._places.place(name, found):
                before = self._pods.pop(slot, None)
                if pod is not None:
                    self._pods[slot] = pod
                    self._names[pod.uid] = slot
                    if pod.address:
                        self._addresses[slot] = pod.address
                self._events += changes(before, pod, at_ns=at_ns, wall_ns=wall_ns)


def never_ready(pod: PodState) -> str:
    """Why waiting for it does not help, by its containers' states; "" where it may."""
    return never_started(pod) or crashes(pod)


def never_started(pod: PodState) -> str:
    """Why a container of it cannot be made; "" where all can."""
    for container in (*pod.init_containers, *pod.containers):
        if container.state == "waiting" and container.reason in _HOPELESS:
            return f"{pod.name}/{container.name}: {container.reason} {container.message}".strip()
    return ""


def crashes(pod: PodState) -> str:
    """Which container of it ends again and again, and how it did last; "" where none does."""
    for container in (*pod.init_containers, *pod.containers):
        if container.restarts >= _CRASHES and container.reason == "CrashLoopBackOff":
            return f"{pod.name}/{container.name} ended {container.restarts} times at its start"
    return ""
