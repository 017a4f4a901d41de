"""Addresses for pods: each is given once, because a pod that is re-created comes back under a new one."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import tempfile
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from redis_resilience.model.errors import DeploymentError
from redis_resilience.topologies.topology import REDIS_PORT, SENTINEL_PORT

_PORTS = (REDIS_PORT, SENTINEL_PORT)
_NAMESPACE_BASE = IPv4Address("10.77.0.0")
_NAMESPACE_BASE_6 = IPv6Address("fd77::")
_NAMESPACE_FIRST = 10
_NAMESPACE_LAST = 0xFFFE
_LOOPBACK_BASE = IPv4Address("127.77.0.0")
_LOOPBACK_BLOCKS = 256
_BLOCK_ADDRESSES = 256
_BLOCK_LAST = 254


class Addresses:
    """The addresses base + first to base + last, given out in order; holds the block's lock where there is one."""

    def __init__(self, base: IPv4Address | IPv6Address, *, first: int, last: int, lock: int | None = None) -> None:
        self._base = base
        self._next = first
        self._last = last
        self._lock = lock

    @property
    def lock(self) -> tuple[int, ...]:
        """The descriptor that holds the lock, to be passed to the agent; empty where nothing is locked."""
        return () if self._lock is None else (self._lock,)

    @property
    def gateway(self) -> str:
        """The deployment's own address: the bridge's, where there is one."""
        return str(self._base + 1)

    def take(self) -> str:
        """Raises DeploymentError where all were given out."""
        if self._next > self._last:
            raise DeploymentError(
                f"expected a free address in the block of {self._base}; all up to {self._base + self._last} were "
                "given to pods already; begin a new deployment"
            )
        self._next += 1
        return str(self._base + self._next - 1)

    def release(self) -> None:
        """Let another deployment have the block; harmless when it was released already."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def namespace_addresses(*, ipv6: bool = False) -> Addresses:
    """A private network of a deployment's own: no other process can see it, so nothing is locked."""
    return Addresses(_NAMESPACE_BASE_6 if ipv6 else _NAMESPACE_BASE, first=_NAMESPACE_FIRST, last=_NAMESPACE_LAST)


def claim_loopback_block(pods: int, locks: Path | None = None, *, ports: Sequence[int] = _PORTS) -> Addresses:
    """The first block of 127.x.y.z that no other deployment has locked, with `pods` addresses free at these ports.

    Raises DeploymentError, with the reason for each block, where there is none.
    """
    folder = locks or Path(tempfile.gettempdir())
    reasons: list[str] = []
    for number in range(_LOOPBACK_BLOCKS):
        base = _LOOPBACK_BASE + number * _BLOCK_ADDRESSES
        try:
            lock = _lock(folder / f"redis-resilience-{base}.lock")
        except OSError as problem:
            reasons.append(f"{base}: locked ({problem.strerror})")
            continue
        busy = _first_busy(base, pods, ports)
        if not busy:
            return Addresses(base, first=1, last=_BLOCK_LAST, lock=lock)
        os.close(lock)
        reasons.append(busy)
    raise DeploymentError(
        f"expected a free block of loopback addresses from {_LOOPBACK_BASE} on; all {_LOOPBACK_BLOCKS} are taken; "
        f"first: {reasons[0]}; last: {reasons[-1]}; a server that listens on all addresses takes its port in every "
        "block: stop it, or use namespaces"
    )


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _first_busy(base: IPv4Address, pods: int, ports: Sequence[int]) -> str:
    for number in range(1, pods + 1):
        for port in ports:
            with socket.socket() as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    trial.bind((str(base + number), port))
                    trial.listen(1)
                except OSError as problem:
                    return f"{base + number}:{port} is {errno.errorcode.get(problem.errno or 0, str(problem))}"
    return ""
