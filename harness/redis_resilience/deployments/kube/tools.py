"""Programs that this backend runs: docker, helm, kind, kubectl. Each has a deadline; a failure includes its output."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.model.errors import DeploymentError, Unavailable

_SAID_BYTES = 2000
_ASKED_WITHIN_S = 30.0
_FIXES = {
    "docker": "install Docker and start it (https://docs.docker.com/engine/install/)",
    "helm": "install Helm and put it on PATH (https://helm.sh/docs/intro/install/)",
    "kind": "install kind and put it on PATH (https://kind.sigs.k8s.io)",
    "kubectl": "install kubectl and put it on PATH (https://kubernetes.io/docs/tasks/tools/)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A namespace of a cluster, for commands."""

    kubeconfig: Path
    context: str
    namespace: str


def must_have(*programs: str) -> None:
    """Raise Unavailable, naming the fix, for the first that is not on PATH."""
    for program in programs:
        if shutil.which(program) is None:
            raise Unavailable(f"expected {program} on PATH; there is none; {_FIXES[program]}")


def must_have_docker() -> None:
    """Docker's command, and an engine that answers it. Raises Unavailable without them."""
    must_have("docker")
    try:
        run("docker", "version", "--format", "{{.Server.Version}}", within_s=_ASKED_WITHIN_S)
    except DeploymentError as error:
        raise Unavailable(
            f"expected Docker's engine to answer; {error}; start it, or let this user reach its socket"
        ) from error


def has_image(image: str) -> bool:
    return bool(run("docker", "images", "--quiet", image, within_s=_ASKED_WITHIN_S).strip())


def must_have_image(image: str) -> None:
    """Never pulled from here: the speed of a registry must not influence a measurement.

    Raises Unavailable where it is not there.
    """
    if not has_image(image):
        raise Unavailable(f"expected the image {image} in the local Docker; there is none; `docker pull {image}` first")


def run(*command: str, within_s: float, given: bytes = b"", kubeconfig: Path | None = None) -> str:
    """What the command wrote to stdout. Raises DeploymentError with the end of its stderr."""
    environment = dict(os.environ)
    if kubeconfig is not None:
        environment["KUBECONFIG"] = str(kubeconfig)  # never the user's own, nor kubectl's cache beside it
        environment["KUBECACHEDIR"] = str(kubeconfig.parent / "cache")
        environment |= {f"HELM_{each}_HOME": str(kubeconfig.parent / "helm") for each in ("CACHE", "CONFIG", "DATA")}
    shown = _shown(command)
    try:
        # A group of its own: Ctrl-C is for the harness, which has to undo with these very programs.
        program = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            process_group=0,
        )
    except FileNotFoundError as error:
        must_have(command[0])
        raise DeploymentError(f"expected {shown} to start; got: {error}") from error
    with program:
        try:
            out, err = program.communicate(given, timeout=within_s)
        except subprocess.TimeoutExpired as error:
            _end_group(program)
            raise DeploymentError(
                f"expected `{shown}` to end within {within_s:g} s; it did not; its last output: {_end(error.stderr)}"
            ) from error
        except BaseException:
            _end_group(program)
            raise
    if program.returncode != 0:
        raise DeploymentError(
            f"expected `{shown}` to succeed; it ended with exit status {program.returncode} with the output: "
            f"{_end(err or out)}"
        )
    return out.decode(errors="replace")


def _end_group(program: subprocess.Popen[bytes]) -> None:
    """With all that it started, which would hold its output open for ever."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)


def _shown(command: Sequence[str]) -> str:
    return " ".join(command)


def _end(said: bytes | None) -> str:
    return (said or b"")[-_SAID_BYTES:].decode(errors="replace").strip() or "nothing"
