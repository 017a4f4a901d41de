"""The Sentinel in a container: what it starts with, which masters it watches, where its state is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from redis_resilience.lint.manifests.directives import Found, of_file, of_flags
from redis_resilience.lint.manifests.program import Program
from redis_resilience.lint.manifests.scripts import of_sentinel
from redis_resilience.lint.manifests.servers import absolute, is_sentinels
from redis_resilience.lint.manifests.settings import settings_of
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import DEFAULTS, Directives, Seen, Sentinel

_ALSO = ("bind", "port", "requirepass", "tls-port", "tls-replication")
"""Directives of a data server that a Sentinel has too."""


def sentinels_of(container: Tree, program: Program, where: str, *, workload: str, count: int) -> Iterator[Sentinel]:
    """One for each master that it watches."""
    found: list[tuple[Found, str]] = []
    for text in program.texts:
        if text.is_file and is_sentinels(text):
            found += of_sentinel_file(text.body, text.where)
        elif not text.is_file:
            found += [(each, text.where) for each in of_sentinel(text.body, program.variables)]
    starts = [start for start in program.starts if start.sentinel]
    for start in starts:
        found += [(each, start.where) for each in of_flags(start.line, program.variables) if each.name in _ALSO]
    if any(re.search(r"\b(?:sed|awk|envsubst)\b.*\.conf", text.body) for text in program.texts if not text.is_file):
        # The file is rewritten on its way: a name in it may have become an address.
        found = [(each, place) for each, place in found if each.name != "monitored"]
    complete = program.complete and bool(starts) and all(start.file and program.is_seen(start) for start in starts)
    path = _path(starts[0].file, container) if starts else ""
    for master, told in by_master(found):
        settings = settings_of([*_defaults(master, where, complete=complete), *told], where, complete=complete)
        yield Sentinel(
            name=where,
            master=master,
            settings=settings,
            count=count,
            workload=workload,
            monitored=settings.seen.get("monitored"),
            state=_state(path, program, settings, where),
            read_only=_read_only(path, program, where),
        )


def of_sentinel_file(body: str, where: str) -> list[tuple[Found, str]]:
    """All that a sentinel.conf says, with the place."""
    found = [(each, where) for each in of_file(body) if each.name in _ALSO]
    return found + [(each, where) for each in of_sentinel(body, {})]


def by_master(found: Sequence[tuple[Found, str]]) -> Iterator[tuple[str, list[tuple[Found, str]]]]:
    """What is set for each master, and for all; one master, or none that is named, has everything."""
    watched = dict.fromkeys(each.master for each, _ in found if each.name == "quorum" and _is_name(each.master))
    if len(watched) < 2:
        yield "", list(found)
        return
    for master in watched:
        yield (
            master,
            [
                (each, f"{place}, master {master}" if each.master else place)
                for each, place in found
                if each.master in ("", master) or not _is_name(each.master)
            ],
        )


def _defaults(master: str, where: str, *, complete: bool) -> list[tuple[Found, str]]:
    """Of one of several masters: what is not set for it, with its name."""
    if not master or not complete:
        return []
    names = ("auth-pass", "down-after-milliseconds", "failover-timeout", "parallel-syncs")
    return [(Found(name=name, value=DEFAULTS[name]), f"{where}, master {master}") for name in names]


def _is_name(master: str) -> bool:
    return bool(master) and "$" not in master


def _path(file: str, container: Tree) -> str:
    """The path of the file that Sentinel starts on; "" where it cannot be read."""
    if not file or "$" in file:
        return ""
    # Without a folder it is wherever the program runs: on no volume, as far as can be seen.
    return absolute(container, file) or f"/{file}"


def _state(path: str, program: Program, settings: Directives, where: str) -> Seen | None:
    if "myid" in settings.seen or "myid" in settings.unreadable:
        return Seen(value="kept", where=where)
    if not path:
        return None
    mount = program.mount_of(path)
    kept = mount is not None and mount.kind not in ("emptyDir", "ephemeral", "configMap", "secret", "projected")
    return Seen(value="kept" if kept else "lost", where=f"{where}, {path}")


def _read_only(path: str, program: Program, where: str) -> Seen | None:
    mount = program.mount_of(path) if path else None
    if mount is None or mount.kind not in ("configMap", "secret", "projected"):
        return None
    return Seen(value=f"{path}, a volume of kind {mount.kind}", where=where)
