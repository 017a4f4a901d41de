"""The probe in its pod: started through the API, commanded over that stream, its history fetched when it is closed.

The history is on a volume of the pod: a broken stream loses nothing of it, because the end of its input makes
the probe close it, and `close` fetches it then too.
"""

from __future__ import annotations

import io
import shutil
import tarfile
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO

from redis_resilience.deployments.kube.interface import KubeApi, KubeError
from redis_resilience.deployments.kube.pods.moments import describe
from redis_resilience.deployments.kube.pods.stream import PodProgram, run_to_end
from redis_resilience.deployments.kube.undoing import patiently
from redis_resilience.deployments.probe_process import EXIT_S, ProbeProcess
from redis_resilience.model.errors import ProbeError, ResilienceError

POD = "probe"
CONTAINER = "probe"
HISTORY = PurePosixPath("/history")
_COMMAND = ("python", "-m", "redis_resilience.probe")
_SHORT_S = 20.0
_FETCHED_WITHIN_S = 300.0
_BACK_WITHIN_S = 120.0


class KubeProbe(ProbeProcess):
    """`Probe` whose files are in a pod. Its clock is measured, not assumed to be the harness's own."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self._program = PodProgram(api.run(POD, CONTAINER, _COMMAND), name="probe stream")
        self._opened = 0
        self._history: tuple[PurePosixPath, Path] | None = None
        super().__init__(
            self._program.reader,
            self._program.writer,
            on_stop=lambda: self._program.end(within_s=EXIT_S),
            last_words=self._last_words,
            same_clock=False,
        )

    def open(self, folder: Path, trial: str) -> None:
        self._opened += 1
        remote = HISTORY / f"{self._opened}-{trial}"
        self._run("mkdir", "-p", str(remote))
        super().open(Path(remote), trial)
        self._history = (remote, folder)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._fetch()

    def stop(self) -> None:
        super().stop()
        with suppress(ResilienceError):  # the pod may be what is broken
            self._fetch(within_s=0.0)

    def _fetch(self, *, within_s: float = _BACK_WITHIN_S) -> None:
        """Bring the history to the trial's folder, once."""
        if self._history is None:
            return
        remote, folder = self._history
        beside = folder / ".history.tar"
        try:
            with beside.open("w+b") as file:
                # The API, or the container, may still be recovering from what broke the stream.
                patiently(lambda: self._archive(remote, file), within_s=within_s)
                file.seek(0)
                with tarfile.open(fileobj=file) as archive:
                    _unpack(archive, folder)
        except tarfile.TarError as error:
            raise ProbeError(
                f"expected the complete history from {remote} of pod {POD}; got a broken archive: {error}; "
                "it is still in the pod"
            ) from error
        finally:
            beside.unlink(missing_ok=True)
        self._history = None
        self._run("rm", "-rf", str(remote))

    def _archive(self, remote: PurePosixPath, file: IO[bytes]) -> None:
        file.seek(0)
        file.truncate()
        channel = self._api.run(POD, CONTAINER, ("tar", "-C", str(remote), "-cf", "-", "."))
        run_to_end(channel, f"the history in {remote} of pod {POD}", within_s=_FETCHED_WITHIN_S, sink=file)

    def _last_words(self) -> str:
        """What the program wrote, and what became of its pod."""
        try:
            found = [describe(pod) for pod in self._api.pods()[0] if pod.name == POD]
            fate = f"pod {found[0]}" if found else f"there is no pod {POD} any more; was it deleted, or evicted?"
        except KubeError as error:
            fate = f"pod {POD}: {error}"
        return "\n".join(part for part in (self._program.complaints(), fate) if part)

    def _run(self, *command: str) -> None:
        what = f"{' '.join(command)} in pod {POD}"
        run_to_end(self._api.run(POD, CONTAINER, command), what, within_s=_SHORT_S, sink=io.BytesIO())


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Plain files, and only below `folder`. Done here: Python 3.11.0 to 3.11.3 have no extraction filters."""
    for member in archive:
        path = PurePosixPath(member.name)
        if not member.isfile() or path.is_absolute() or ".." in path.parts:
            continue
        source = archive.extractfile(member)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source is not None:
            with target.open("wb") as file:
                shutil.copyfileobj(source, file)
