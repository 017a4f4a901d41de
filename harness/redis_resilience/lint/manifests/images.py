"""What is known of images by their names: those that are Redis, and how the official ones start and are built."""

from __future__ import annotations

import posixpath

_OFFICIAL = ("redis", "library/redis", "docker/library/redis", "valkey/valkey")
_SERVERS = ("keydb", "redis", "redis-cluster", "redis-server", "redis-stack", "redis-stack-server", "valkey")
_SENTINELS = ("redis-sentinel", "valkey-sentinel")
_OTHERS = (
    "backup",
    "benchmark",
    "cli",
    "commander",
    "envoy",
    "exporter",
    "haproxy",
    "insight",
    "metrics",
    "nginx",
    "operator",
    "predixy",
    "proxy",
    "sysctl",
    "test",
)
"""Words in the names of images of programs beside a server."""


def _path(image: str) -> tuple[str, str]:
    """The registry, "" for the one that needs no name, and the image in it without tag and digest."""
    name = image.partition("@")[0]
    head, slash, rest = name.partition("/")
    if not slash or not ("." in head or ":" in head or head == "localhost"):
        head, rest = "", name
    if ":" in posixpath.basename(rest):
        rest = rest.rpartition(":")[0]
    return ("" if head in ("docker.io", "index.docker.io", "registry-1.docker.io") else head), rest


def is_official(image: str) -> bool:
    """Docker's own redis and valkey/valkey, from a mirror too: their entrypoint runs redis-server with what it is
    given, their working directory is /data, and they are built with protected mode off (docker-library-redis,
    valkey-container: the sed on createBoolConfig("protected-mode")).
    """
    registry, path = _path(image)
    return path in _OFFICIAL and not (registry and path == "redis")


def may_be_official(image: str) -> bool:
    """One named plainly redis or valkey in a registry of somebody's own is often a copy of the official one."""
    return posixpath.basename(_path(image)[1]) in ("redis", "valkey")


def role_by_image(image: str, ports: tuple[int, ...]) -> str:
    """The role of an image that starts by itself, by its name and the ports that it declares."""
    path = _path(image)[1].lower()
    name = posixpath.basename(path)
    if any(word in path for word in _OTHERS):
        return "other"
    if name in _SENTINELS or (26379 in ports and 6379 not in ports):
        return "sentinel"
    return "redis" if name in _SERVERS or 6379 in ports else "other"
