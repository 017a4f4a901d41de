"""The server or the Sentinel in a container: what it starts with, where its data and its state are, who it follows."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from redis_resilience.lint.manifests.directives import (
    Found,
    code,
    commands,
    expand,
    of_file,
    of_flags,
    of_script,
    of_sentinel,
    words,
)
from redis_resilience.lint.manifests.program import Program, Start, Text
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import Seen, Sentinel, Server, Settings

_IMAGE_WITH_DATA = ("redis", "valkey")
"""Images whose working directory is /data."""
_ASKS = re.compile(r"get-(?:master|primary)-addr-by-name|sentinel\s+(?:master|primary)\b", re.IGNORECASE)
_FOLLOWS = re.compile(r"\b(?:replicaof|slaveof)\b", re.IGNORECASE)
_BY_ROLE = re.compile(r"\$\{?MASTER\b")


def servers_of(container: Tree, program: Program, where: str, *, workload: str, count: int) -> Iterator[Server]:
    """A server for each way in which the container may start one: the book's alpha.conf and beta.conf are two."""
    starts = _own_starts(program)
    lines = {start.line for start in program.starts}
    named = {start: _files_on(start, program) for start in starts}
    own = {text for files in named.values() for text in files}
    common: list[tuple[Found, str]] = []
    for text in program.texts:
        if text in own or _is_sentinels(text):
            continue
        if text.is_file:
            common += [(found, text.where) for found in of_file(text.body)]
        else:
            body = "\n".join(line for line in commands(text.body) if line not in lines)
            common += [(found, text.where) for found in of_script(body, program.variables)]
    ways: dict[str, list[tuple[Found, str]]] = {}
    for start, files in named.items():
        found = [(each, text.where) for text in files for each in of_file(text.body)]
        found += [(each, start.where) for each in of_flags(start.line, program.variables)]
        ways.setdefault(", ".join(text.name for text in files), []).extend(found)
    for way, found in (ways or {"": []}).items():
        settings = _settings([*common, *found], f"{where}, {way}" if way else where, complete=program.complete)
        yield Server(
            name=settings.where,
            settings=settings,
            count=count if len(ways) < 2 else 0,
            workload=workload,
            data=(data := _data(container, program, settings)),
            idle_volume=_idle_volume(program, settings) if data else "",
        )


def sentinel_of(container: Tree, program: Program, where: str, *, workload: str, count: int) -> Sentinel:
    found: list[tuple[Found, str]] = []
    for text in program.texts:
        if not text.is_file or _is_sentinels(text):
            found += [(each, text.where) for each in of_sentinel(text.body, program.variables)]
            found += [(each, text.where) for each in of_file(text.body) if text.is_file and each.name == "requirepass"]
    if any(re.search(r"\b(?:sed|awk|envsubst)\b.*\.conf", text.body) for text in program.texts if not text.is_file):
        # The file is rewritten on its way: a name in it may have become an address.
        found = [(each, place) for each, place in found if each.name != "monitored"]
    settings = _settings(found, where, complete=program.complete)
    start = next((start for start in program.starts if start.sentinel), None)
    path = _configuration(start, program, container) if start else ""
    return Sentinel(
        name=where,
        settings=settings,
        count=count,
        workload=workload,
        monitored=settings.seen.get("monitored"),
        state=_state(path, program, settings, where),
        read_only=_read_only(path, program, where),
    )


def boot_of(program: Program, where: str) -> Seen | None:
    """How a server finds its role, where its scripts are there to be read: "first" where it asks no Sentinel."""
    if is_master(program):
        return Seen(value="first", where=where)
    said = "\n".join(text.body if text.is_file else code(text.body) for text in program.texts)
    if _ASKS.search(said):
        return Seen(value="asks", where=where)
    return Seen(value="first", where=where) if program.complete and _FOLLOWS.search(said) else None


def is_master(program: Program) -> bool:
    return program.environment.get("MASTER") == "true"


def _own_starts(program: Program) -> list[Start]:
    """The lines that may start this container's server: one image may serve all roles, told apart by MASTER."""
    starts = [start for start in program.starts if not start.sentinel]
    following = [start for start in starts if _FOLLOWS.search(start.line)]
    if not following or not any(_BY_ROLE.search(text.body) for text in program.texts):
        return starts
    return [start for start in starts if start not in following] if is_master(program) else following


def _is_sentinels(text: Text) -> bool:
    return text.is_file and bool(re.search(r"^\s*sentinel\s", text.body, re.MULTILINE))


def _files_on(start: Start, program: Program) -> tuple[Text, ...]:
    said = words(expand(start.line, program.variables))
    found = [program.file_at(word) for word in said if word.startswith("/")]
    return tuple(text for text in found if text is not None and not _is_sentinels(text))


def _settings(found: Iterable[tuple[Found, str]], where: str, *, complete: bool) -> Settings:
    """The last value wins, as in a file; one that cannot be read may come after it, and hides it."""
    seen: dict[str, Seen] = {}
    unreadable: dict[str, str] = {}
    for directive, place in found:
        name = directive.name
        if directive.value is None:
            unreadable.setdefault(name, place)
        elif name == "rename-command" and name in seen:
            seen[name] = Seen(value=f"{seen[name].value} {directive.value}", where=place)
        else:
            seen[name] = Seen(value=directive.value, where=f"{place}: {name}")
    readable = {name: value for name, value in seen.items() if name not in unreadable}
    return Settings(where=where, seen=readable, complete=complete, unreadable=unreadable)


def _data(container: Tree, program: Program, settings: Settings) -> Seen | None:
    folder = settings.seen.get("dir")
    if "dir" in settings.unreadable and folder is None:
        return None
    if folder is None and not settings.complete:
        return None
    path = _absolute(container, folder.value if folder else ".")
    if path is None:
        return None
    mount = program.mount_of(path)
    where = folder.where if folder else settings.where
    if mount is None:
        return Seen(value="container", where=f"{where} {path}")
    return Seen(value="emptyDir" if mount.kind == "emptyDir" else "kept", where=f"{where} {path}, volume {mount.name}")


def _absolute(container: Tree, folder: str) -> str | None:
    if folder.startswith("/"):
        return folder
    image = posixpath.basename(container.at("image").text()).partition(":")[0].partition("@")[0]
    base = container.at("workingDir").text() or ("/data" if image in _IMAGE_WITH_DATA else "")
    return posixpath.normpath(posixpath.join(base, folder)) if base else None


def _idle_volume(program: Program, settings: Settings) -> str:
    folder = settings.seen.get("dir")
    for mount in program.mounts:
        for_data = mount.kind == "claim" or (mount.kind == "emptyDir" and "data" in mount.path)
        if for_data and (folder is None or not mount.holds(folder.value)) and not _default_place(mount.path, folder):
            return mount.path
    return ""


def _default_place(path: str, folder: Seen | None) -> bool:
    return path == "/data" and (folder is None or not folder.value.startswith("/"))


def _configuration(start: Start, program: Program, container: Tree) -> str:
    """The path of the file that Sentinel starts on; "" where it cannot be read."""
    said = words(expand(start.line, program.variables))
    after = next((n for n, word in enumerate(said) if re.search(r"(?:redis|valkey)-(?:server|sentinel)", word)), 0)
    named = next((word for word in said[after + 1 :] if word.startswith("/") or word.endswith(".conf")), "")
    # Without a folder it is wherever the program runs: on no volume, as far as anybody can see.
    return (_absolute(container, named) or f"/{named}") if named and "$" not in named else ""


def _state(path: str, program: Program, settings: Settings, where: str) -> Seen | None:
    for known in (settings.seen, settings.unreadable):
        if "myid" in known:
            return Seen(value="kept", where=where)
    if not path:
        return None
    mount = program.mount_of(path)
    kept = mount is not None and mount.kind not in ("emptyDir", "configMap", "secret")
    return Seen(value="kept" if kept else "lost", where=f"{where}, {path}")


def _read_only(path: str, program: Program, where: str) -> Seen | None:
    mount = program.mount_of(path) if path else None
    if mount is None or mount.kind not in ("configMap", "secret", "projected"):
        return None
    return Seen(value=f"{path}, a volume of kind {mount.kind}", where=where)
