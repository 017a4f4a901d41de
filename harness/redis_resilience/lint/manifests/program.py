"""What runs in a container: the command, every script and file that it names, and what these are given.

Reads what is written and follows names; nothing is run. What an image brings along is not there to be read.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from redis_resilience.lint.manifests.directives import assigned, code, commands, expand, words
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import SECRET

_SHELLS = ("sh", "bash", "ash", "dash")
_STARTS = re.compile(r"(?<![\w.-])(?:redis|valkey)-(?:server|sentinel)(?=[\s\"')]|$)")
_LOOKED_UP = re.compile(r"^\s*(?:[A-Za-z_]\w*=|if\b|which\b|command\s+-v)")

ConfigMaps = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """kind: "configMap", "secret", "emptyDir", "claim" or another of Kubernetes' names. source: of a ConfigMap."""

    path: str
    kind: str
    name: str
    source: str = ""
    sub_path: str = ""

    def holds(self, path: str) -> bool:
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A file or an inline script. where: as a user finds it."""

    name: str
    where: str
    body: str

    @property
    def is_file(self) -> bool:
        """A configuration file rather than something that is run."""
        return self.name.endswith((".conf", ".conf.tpl"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A line that starts a server. sentinel: as Sentinel. replaces: whether it takes the shell's place."""

    line: str
    where: str
    sentinel: bool
    replaces: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """texts: that have a say. files: all that are mounted. complete: whether everything that decides about the settings
    was there to be read. shell: is the first process.
    """

    texts: tuple[Text, ...]
    files: tuple[Text, ...]
    starts: tuple[Start, ...]
    mounts: tuple[Mount, ...]
    shell: bool
    complete: bool
    environment: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    def mount_of(self, path: str) -> Mount | None:
        """The volume that this path is on: the one with the longest path."""
        return max((mount for mount in self.mounts if mount.holds(path)), key=lambda each: len(each.path), default=None)

    def file_at(self, path: str) -> Text | None:
        mount = self.mount_of(path)
        if mount is None or mount.kind != "configMap":
            return None
        name = mount.sub_path or posixpath.basename(path)
        return next((text for text in self.files if text.name == name and mount.source in text.where), None)


def read_program(container: Tree, pod: Tree, config_maps: ConfigMaps, where: str) -> Program:
    """The program of one container of a pod's spec; what its init containers do is part of it."""
    environment = _environment(container, config_maps)
    mounts = _mounts(container, pod)
    line = _command(container)
    inline = Text(name="command", where=f"{where}, command", body=_inline(line))
    files = list(_files(mounts, config_maps))
    texts = [inline]
    for init in pod.at("initContainers").each():
        body = _inline(_command(init))
        texts.append(Text(name="command", where=f"init container {init.at('name').text()}", body=body))
        files += [text for text in _files(_mounts(init, pod), config_maps) if text not in files]
    known = dict(environment)
    for text in texts:  # grows while it is read: a script names the next
        if not text.is_file:
            known = assigned(text.body, known)
        said = expand(text.body, known)
        texts += [file for file in files if file not in texts and _names(said, file)]
    scripts = [text for text in texts if not text.is_file]
    shell = bool(line) and posixpath.basename(line[0]) in _SHELLS
    return Program(
        texts=tuple(texts),
        files=tuple(files),
        starts=tuple(start for text in scripts for start in _starts(text, direct=text is inline and not shell)),
        mounts=mounts,
        shell=shell,
        complete=bool(line) and not _unread(texts, known) and not _by_image(container),
        environment=environment,
        variables=known,
    )


def _command(container: Tree) -> tuple[str, ...]:
    return tuple(word.text() for name in ("command", "args") for word in container.at(name).each())


def _by_image(container: Tree) -> bool:
    """Whether the image's own entrypoint has a say that is more than to run what it is given."""
    first = container.at("args").each()[:1]
    return not container.at("command") and not (first and _STARTS.search(first[0].text()))


def _inline(line: tuple[str, ...]) -> str:
    if line and posixpath.basename(line[0]) in _SHELLS:
        flag = next((number for number, word in enumerate(line) if re.fullmatch(r"-\w*c", word)), None)
        if flag is not None:
            return "\n".join(line[flag + 1 :])
    return " ".join(f'"{word}"' if " " in word else word for word in line)


def _environment(container: Tree, config_maps: ConfigMaps) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in container.at("envFrom").each():
        prefix = source.at("prefix").text()
        settings = config_maps.get(source.at("configMapRef", "name").text(), {})
        found |= {f"{prefix}{name}": value for name, value in settings.items()}
    for entry in container.at("env").each():
        name, given = entry.at("name").text(), entry.at("valueFrom")
        reference = given.at("configMapKeyRef")
        if not given:
            found[name] = entry.at("value").text()
        elif given.at("secretKeyRef"):
            found[name] = SECRET
        elif reference:
            settings = config_maps.get(reference.at("name").text(), {})
            if (key := reference.at("key").text()) in settings:
                found[name] = settings[key]
    return found


def _mounts(container: Tree, pod: Tree) -> tuple[Mount, ...]:
    volumes = {volume.at("name").text(): volume for volume in pod.at("volumes").each()}
    found = []
    for mount in container.at("volumeMounts").each():
        name = mount.at("name").text()
        volume = volumes.get(name)
        # A volume that the pod does not declare comes from the StatefulSet's claim templates.
        kind = "claim" if volume is None else next((key for key, _ in volume.items() if key != "name"), "emptyDir")
        found.append(
            Mount(
                path=mount.at("mountPath").text(),
                kind="claim" if kind == "persistentVolumeClaim" else kind,
                name=name,
                source="" if volume is None else volume.at("configMap", "name").text(),
                sub_path=mount.at("subPath").text(),
            )
        )
    return tuple(found)


def _files(mounts: tuple[Mount, ...], config_maps: ConfigMaps) -> tuple[Text, ...]:
    return tuple(
        Text(name=name, where=f"ConfigMap {mount.source}, {name}", body=body)
        for mount in mounts
        for name, body in config_maps.get(mount.source, {}).items()
        if mount.sub_path in ("", name)
    )


def _names(said: str, file: Text) -> bool:
    """Whether a text speaks of this file, by its name or as one of *.conf."""
    if re.search(rf"(?<![\w.-]){re.escape(file.name)}(?![\w-])", said):
        return True
    extension = posixpath.splitext(file.name)[1]
    return bool(extension) and f"*{extension}" in said


def _starts(text: Text, *, direct: bool) -> list[Start]:
    found = []
    for line in commands(text.body):
        match = _STARTS.search(line)
        if match is None or (_LOOKED_UP.match(line) and "exec " not in line):
            continue
        said = words(line)
        found.append(
            Start(
                line=line,
                where=text.where,
                sentinel="sentinel" in match[0] or "--sentinel" in said,
                replaces=direct or bool(re.search(r"(?:^|[;&|{\s])exec\s", line)),
            )
        )
    return found


def _unread(texts: list[Text], variables: Mapping[str, str]) -> bool:
    """Whether a script is named that is not here."""
    here = {text.name for text in texts}
    for text in texts:
        if text.is_file:
            continue
        for path in re.findall(r"[\w./${}-]+\.sh\b", expand(code(text.body), variables)):
            name = posixpath.basename(path)
            if name not in here and not name.startswith("$"):
                return True
    return False
