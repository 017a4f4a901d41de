"""Logs of containers through the API, each line once, also of the container before a restart.

A pod's log is deleted with the pod: `keep` fetches it before a deletion. Lines of a container's last moments
before the deletion are missed, and so is the log of a container that was followed by two more in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.deployments.kube.interface import KubeApi, KubeError
from redis_resilience.deployments.kube.pods.watch import PodWatch

_STAMP_DIGITS = 9


@dataclass(slots=True)
class _Read:
    """How far one container's log was read. id: of the container that it was read from."""

    id: str = ""
    stamp: str = ""
    kept: str = ""


class Logs:
    def __init__(self, api: KubeApi, watch: PodWatch) -> None:
        self._api, self._watch = api, watch
        self._read: dict[tuple[str, str], _Read] = {}

    def keep(self, pod: str, containers: Sequence[str]) -> None:
        """Read what is new; `save` will write it. What cannot be read now (no container yet) is left for later."""
        for container in containers:
            state = self._watch.pod(pod)
            now = state.container(container) if state else None
            if state is None or now is None or not now.id:
                continue
            name, called = state.name_in_cluster, now.name_in_cluster
            read = self._read.setdefault((pod, container), _Read())
            try:
                if read.id not in ("", now.id) and now.restarts:
                    self._take(read, self._api.logs(name, called, since=read.stamp, previous=True))
                self._take(read, self._api.logs(name, called, since=read.stamp))
            except KubeError as error:
                if error.status not in (400, 404):  # not started, or gone by now
                    raise
                continue
            read.id = now.id

    def save(self, folder: Path, names: Sequence[tuple[str, str]]) -> None:
        """Append what each logged since the last call to folder/POD-CONTAINER.log."""
        folder.mkdir(parents=True, exist_ok=True)
        for pod, container in names:
            self.keep(pod, (container,))
            read = self._read.get((pod, container))
            if read is None:
                continue
            text, read.kept = read.kept, ""
            with (folder / f"{pod}-{container}.log").open("a") as file:
                file.write(text)

    def last_words(self, pod: str, container: str, *, lines: int = 20) -> str:
        """The end of its log, or of its predecessor's where it has logged nothing."""
        state = self._watch.pod(pod)
        known = state.container(container) if state else None
        name = state.name_in_cluster if state else pod
        called = known.name_in_cluster if known else container
        for previous in (False, True):
            try:
                told = self._api.logs(name, called, previous=previous).splitlines()
            except KubeError:
                continue
            if told:
                return "\n".join(line.partition(" ")[2] for line in told[-lines:])
        return "(empty)"

    def _take(self, read: _Read, stamped: str) -> None:
        """The API treats the first timestamp as inclusive: what was read already comes again, and is skipped."""
        for line in stamped.splitlines():
            stamp, _, text = line.partition(" ")
            if _order(stamp) > _order(read.stamp):
                read.stamp = stamp
                read.kept += text + "\n"


def _order(stamp: str) -> str:
    """A timestamp that sorts: fractions of a second may come without their trailing zeros."""
    seconds, _, fraction = stamp.rstrip("Z").partition(".")
    return f"{seconds}.{fraction:0<{_STAMP_DIGITS}}" if stamp else ""
