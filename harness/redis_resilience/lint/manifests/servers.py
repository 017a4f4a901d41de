"""The server in a container: what it starts with, where its data is, which master it follows."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from redis_resilience.lint.manifests.directives import Found, of_file, of_flags
from redis_resilience.lint.manifests.images import is_official, may_be_official
from redis_resilience.lint.manifests.mounts import Text
from redis_resilience.lint.manifests.program import Program, Start
from redis_resilience.lint.manifests.scripts import of_script
from redis_resilience.lint.manifests.settings import settings_of
from redis_resilience.lint.manifests.shell import lines
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import Directives, Seen, Server

FOLLOWS = re.compile(r"\b(?:replicaof|slaveof)\b", re.IGNORECASE)
_BY_ROLE = re.compile(r"\$\{?MASTER\b")


def servers_of(container: Tree, program: Program, where: str, *, workload: str, count: int) -> Iterator[Server]:
    """A server for each way in which the container may start one: alpha.conf and beta.conf of `statefulset` are two."""
    starts = own_starts(program)
    own_lines = {start.line for start in program.starts}
    named = {start: _files_on(start, program) for start in starts}
    own = {text.where for files in named.values() for text in files}
    texts = [text for text in program.texts if text.where not in own and not is_sentinels(text)]
    common = _of_files([text for text in texts if text.is_file], program)
    for text in texts:
        if not text.is_file:
            script = [line for line in lines(text.body) if line.text not in own_lines]
            common += [(found, text.where) for found in of_script(script, program.variables)]
    ways: dict[str, list[tuple[Found, str]]] = {}
    seen: dict[str, bool] = {}
    for start, files in named.items():
        found = [(each, text.where) for text in files for each in of_file(text.body, program.included)]
        found += [(each, start.where) for each in of_flags(start.line, program.variables)]
        way = ", ".join(text.name for text in files)
        ways.setdefault(way, []).extend(found)
        seen[way] = seen.get(way, True) and program.is_seen(start)
    for way, found in (ways or {"": []}).items():
        settings = settings_of(
            [*common, *found],
            f"{where}, {way}" if way else where,
            complete=program.complete and seen.get(way, True),
            image=program.image,
        )
        yield Server(
            name=settings.where,
            settings=settings,
            count=count if len(ways) < 2 else 0,
            workload=workload,
            data=(data := _data(container, program, settings)),
            idle_volume=_idle_volume(program, settings) if data else "",
        )


def _of_files(files: Sequence[Text], program: Program) -> list[tuple[Found, str]]:
    """Directives of files that a script makes the server's own. Of several it may take one or all: where they differ,
    the value is not known, nor is a master that only some of them follow.
    """
    found = [(each, text.where) for text in files for each in of_file(text.body, program.included)]
    values: dict[str, set[str | None]] = {}
    for each, _ in found:
        values.setdefault(each.name, set()).add(each.value)
    followed = sum(each.name == "replicaof" for each, _ in found)
    unsure = {name for name, given in values.items() if len(given) > 1 and name not in ("rename-command", "include")}
    if 0 < followed < len(files):
        unsure.add("replicaof")
    return [(replace(each, value=None) if each.name in unsure else each, place) for each, place in found]


def own_starts(program: Program) -> list[Start]:
    """The lines that may start this container's server: one image may serve all roles, distinguished by MASTER."""
    starts = [start for start in program.starts if not start.sentinel]
    following = [start for start in starts if FOLLOWS.search(start.line)]
    if not following or not any(_BY_ROLE.search(text.body) for text in program.texts):
        return starts
    return [start for start in starts if start not in following] if is_master(program) else following


def is_master(program: Program) -> bool:
    return program.environment.get("MASTER") == "true"


def is_sentinels(text: Text) -> bool:
    return text.is_file and bool(re.search(r"^\s*sentinel\s", text.body, re.MULTILINE | re.IGNORECASE))


def absolute(container: Tree, folder: str) -> str | None:
    """The path of a folder or a file; None where it is relative and its base is not known."""
    if folder.startswith("/"):
        return folder
    image = container.at("image").text()
    known = is_official(image) or may_be_official(image)
    base = container.at("workingDir").text() or ("/data" if known else "")
    return posixpath.normpath(posixpath.join(base, folder)) if base else None


def _files_on(start: Start, program: Program) -> tuple[Text, ...]:
    text = program.file_at(start.file) if start.file else None
    return (text,) if text is not None and not is_sentinels(text) else ()


def _data(container: Tree, program: Program, settings: Directives) -> Seen | None:
    folder = settings.seen.get("dir")
    if folder is None and ("dir" in settings.unreadable or not settings.complete):
        return None
    path = absolute(container, folder.value if folder else ".")
    if path is None:
        return None
    mount = program.mount_of(path)
    where = folder.where if folder else settings.where
    if mount is None:
        return Seen(value="container", where=f"{where} {path}")
    kept = mount.kind not in ("emptyDir", "ephemeral")
    return Seen(value="kept" if kept else "emptyDir", where=f"{where} {path}, volume {mount.name}")


def _idle_volume(program: Program, settings: Directives) -> str:
    folder = settings.seen.get("dir")
    for mount in program.mounts:
        for_data = mount.kind == "claim" or (mount.kind == "emptyDir" and "data" in mount.path)
        if for_data and (folder is None or not mount.holds(folder.value)) and not _default_place(mount.path, folder):
            return mount.path
    return ""


def _default_place(path: str, folder: Seen | None) -> bool:
    return path == "/data" and (folder is None or not folder.value.startswith("/"))
