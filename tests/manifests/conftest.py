"""A pod in which the manifests' own scripts run, with servers and Sentinels that answer what a test specifies."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

MANIFESTS = Path(__file__).parents[2] / "manifests"

# Called as `redis-cli -h HOST -p PORT COMMAND...`; a file is the reply, no file means that no server is there.
_REDIS_CLI = """#!/bin/sh
pod=${2%%.*} port=$4
[ "$2" != 127.0.0.1 ] || pod=$POD_NAME
shift 4
echo "$pod:$port $*" >> "$ASKED"
exec cat "$REPLIES/$pod:$port $*"
"""
_REDIS_SERVER = """#!/bin/sh
echo "$0 $*" >> "$STARTED"
"""
_GETENT = """#!/bin/sh
echo "10.0.0.1 $2"
"""
_HOSTNAME = """#!/bin/sh
echo "$POD_NAME"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a script ended. status is None where it waits."""

    status: int | None
    said: str


@dataclass(slots=True)
class PodStandIn:
    """name: of the pod whose script runs; the others exist only by their replies."""

    folder: Path
    name: str = "redis-0"
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part in ("bin", "replies", "data", "config"):
            (self.folder / part).mkdir()
        for command, text in (
            ("redis-cli", _REDIS_CLI),
            ("redis-server", _REDIS_SERVER),
            ("redis-sentinel", _REDIS_SERVER),
            ("hostname", _HOSTNAME),
            ("getent", _GETENT),
        ):
            path = self.folder / "bin" / command
            path.write_text(text)
            path.chmod(0o755)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def answers(self, pod: str, port: int, command: str, reply: str) -> None:
        (self.folder / "replies" / f"{pod}:{port} {command}").write_text(reply)

    def asked(self) -> list[str]:
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []

    def started(self) -> list[str]:
        """The programs that took the script's place, with their arguments; the first word without its folder."""
        path = self.folder / "started"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.removeprefix(f"{self.folder}/bin/") for line in lines]

    def run(self, script: Path) -> Ended:
        """Runs the script to its end, or until it says that it waits."""
        said: list[str] = []
        with self._start(script) as running:
            assert running.stdout is not None
            for line in running.stdout:
                said.append(line)
                if "waits: " in line:
                    running.kill()
                    return Ended(status=None, said="".join(said))
        return Ended(status=running.returncode, said="".join(said))

    def _start(self, script: Path) -> subprocess.Popen[str]:
        """As its manifest starts it, by `sh`."""
        environment = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "REPLIES": str(self.folder / "replies"),
            "ASKED": str(self.folder / "asked"),
            "STARTED": str(self.folder / "started"),
            "DATA": str(self.data),
            "CONFIG": str(self.folder / "config"),
            "POD_NAME": self.name,
            **self.settings,
        }
        return subprocess.Popen(
            ["sh", str(script)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )


@pytest.fixture
def pod(tmp_path: Path) -> PodStandIn:
    return PodStandIn(tmp_path)
