"""The server program: where it is, and whether it is new enough."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.model.errors import Unavailable

_PROGRAMS = ("redis-server", "valkey-server")
_OLDEST_REDIS = (6, 2)
_VERSION_S = 10.0
_VERSION = re.compile(r"\b(?P<name>Redis|Valkey) server v=(?P<version>\d+(?:\.\d+)+)")
_EXPECTED = "expected Redis 6.2 or newer or Valkey"
_FIX = "install one of them (Debian: apt-get install redis-server) or name another with --redis-server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """path: the program; it runs as data server and, with --sentinel, as Sentinel."""

    path: str
    name: str
    version: str

    @property
    def modern(self) -> bool:
        """Redis 7.0 and up, and every Valkey: has SENTINEL DEBUG and bind-source-addr."""
        return self.name == "Valkey" or _numbers(self.version) >= (7, 0)


def find_engine(wanted: str | None = None) -> Engine:
    """The program of that path or name, else the first known one on PATH; raises Unavailable with what was found."""
    names = (wanted,) if wanted else _PROGRAMS
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise Unavailable(f"{_EXPECTED}; got no program {' or '.join(names)}; {_FIX}")
    # Absolute, but not resolved: the usual name may link to one program with several roles that reads its own name.
    path = str(Path(found).absolute())
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_VERSION_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Unavailable(f"{_EXPECTED}; {path} --version could not be run: {problem}; {_FIX}") from problem
    version = _VERSION.search(said.stdout)
    if version is None:
        words = (said.stdout + said.stderr).strip()[:200]
        raise Unavailable(f"{_EXPECTED}; {path} --version said {words!r}; {_FIX}")
    engine = Engine(path=path, name=version["name"], version=version["version"])
    if engine.name == "Redis" and _numbers(engine.version) < _OLDEST_REDIS:
        raise Unavailable(f"{_EXPECTED}; got redis-server {engine.version} at {path}; {_FIX}")
    return engine


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
