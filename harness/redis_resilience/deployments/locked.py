"""A lock between processes, released by the kernel when one dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Locked:
    """Exclusive while the context lasts; the file stays."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def __enter__(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
