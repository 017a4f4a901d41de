"""Folders in the temporary directory that local deployments of killed runs have left; the kernel ended the rest."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from redis_resilience.model.errors import DeploymentError

_NAME = re.compile(r"redis-resilience-(\d+)-\w+-\d+")


def folder_name(worker: str, number: int) -> str:
    """For the deployment that this process makes as its `number`th."""
    return f"redis-resilience-{os.getpid()}-{worker}-{number}"


def hold(folder: Path) -> Callable[[], None]:
    """Lock the folder for as long as this process lives, so that no other takes it for left; returns how to let go."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return lambda: os.close(descriptor)


def left_folders(places: Path | None = None) -> tuple[Path, ...]:
    """Those of this user, of processes that are gone. places: the temporary directory."""
    among = places or Path(tempfile.gettempdir())
    return tuple(path for path in sorted(among.glob("redis-resilience-*")) if _is_left(path))


def remove(folder: Path) -> None:
    """Raises DeploymentError where something of it stays."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise DeploymentError(f"expected to remove {folder}; got: {error.strerror}: {error.filename}") from error


def _is_left(path: Path) -> bool:
    named = _NAME.fullmatch(path.name)
    if named is None or path.is_symlink() or not path.is_dir() or path.stat().st_uid != os.getuid():
        return False
    return not Path(f"/proc/{named[1]}").exists() and not _is_held(path)


def _is_held(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
