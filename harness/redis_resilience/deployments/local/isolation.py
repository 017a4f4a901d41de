"""Which level of isolation this machine allows: tried, not guessed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import redis_resilience
from redis_resilience.model.errors import Unavailable, UsageError

_TRIAL_S = 5.0
_ROOT = Path(redis_resilience.__file__).resolve().parent.parent
_TRY = """
from pathlib import Path
from redis_resilience.deployments.local import world
try:
    world.enter(Path(sys.argv[2]), "10.77.0.1")
    world.add_pod("pod1", "10.77.0.2")
except OSError as problem:
    sys.exit(str(problem))
"""


class Level(StrEnum):
    """namespaces: a network of its own, a namespace a pod, names. loopback: a block of 127.x addresses, no names."""

    NAMESPACES = "namespaces"
    LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    level: Level
    because: str


def bare_python(code: str, *arguments: str) -> Sequence[str]:
    """A command line that runs `code` with this project and the standard library only: up in milliseconds."""
    entrance = "import sys; sys.path.insert(0, sys.argv[1])\n"
    return (sys.executable, "-I", "-S", "-c", entrance + code, str(_ROOT), *arguments)


def write_name_files(folder: Path, hosts: str) -> None:
    """The files that stand in for /etc/hosts and /etc/nsswitch.conf: unknown names fail at once, without DNS."""
    (folder / "hosts").write_text(hosts)
    (folder / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\n")


def try_namespaces() -> str:
    """Make a small world in a child and end it again. Empty when that worked, else what failed."""
    with tempfile.TemporaryDirectory(prefix="redis-resilience-") as folder:
        write_name_files(Path(folder), "")
        try:
            tried = subprocess.run(
                bare_python(_TRY, folder), capture_output=True, text=True, timeout=_TRIAL_S, check=False
            )
        except subprocess.TimeoutExpired:
            return f"creating namespaces took more than {_TRIAL_S:g} s"
    return "" if tried.returncode == 0 else (tried.stderr.strip().splitlines() or ["it failed without output"])[-1]


def choose_isolation(wanted: str = "auto") -> Isolation:
    """The level to use, and why; raises Unavailable where it is named and this machine cannot give it.

    Raises UsageError for a level that does not exist.
    """
    if wanted not in ("auto", *Level):
        known = ", ".join(("auto", *Level))
        raise UsageError(f"expected an isolation of {known}; got {wanted!r}")
    if sys.platform != "linux":
        raise Unavailable(f"expected Linux for the local backend; got {sys.platform}; use the kind backend there")
    if wanted == Level.LOOPBACK:
        return Isolation(level=Level.LOOPBACK, because="asked for")
    failed = try_namespaces()
    if not failed:
        return Isolation(level=Level.NAMESPACES, because="this user may create user, network and PID namespaces")
    if wanted == Level.NAMESPACES:
        raise Unavailable(
            f"expected a kernel that lets this user create namespaces; got: {failed}; "
            "allow unprivileged user namespaces (in a container: its seccomp or AppArmor profile), or use loopback"
        )
    return Isolation(level=Level.LOOPBACK, because=f"namespaces do not work here: {failed}")
