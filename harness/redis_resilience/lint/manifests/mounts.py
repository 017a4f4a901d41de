"""Volumes of a pod, and the files in them that are there to be read: those of ConfigMaps."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from redis_resilience.lint.manifests.tree import Tree

ConfigMaps = Mapping[str, Mapping[str, str]]

_WRITABLE = ("claim", "emptyDir", "ephemeral")
_COMMAND = re.compile(r"^\s*(?:if|then|do|for|while|case|set|exec|echo|export|\w+=|\w+\s*\(\))", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[A-Za-z][A-Za-z-]*[ \t]+\S", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """kind: "configMap", "secret", "emptyDir", "claim" or another of Kubernetes' names. seen: whether all that it holds
    is there to be read, or written by the pod's own scripts.
    """

    path: str
    kind: str
    name: str
    seen: bool = True

    def holds(self, path: str) -> bool:
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A file or an inline script. where: as a user finds it. path: of a mounted file."""

    name: str
    where: str
    body: str
    path: str = ""

    @property
    def is_file(self) -> bool:
        """A configuration file rather than something that is run."""
        if self.name.endswith((".conf", ".conf.tpl", ".conf.template")):
            return True
        if not self.path or self.name.endswith((".sh", ".bash")) or self.body.startswith("#!"):
            return False
        return bool(_DIRECTIVE.search(self.body)) and not _COMMAND.search(self.body)


def mounts_of(container: Tree, pod: Tree, config_maps: ConfigMaps) -> tuple[Mount, ...]:
    volumes = {volume.at("name").text(): volume for volume in pod.at("volumes").each()}
    return tuple(
        _mount(mount, volumes.get(mount.at("name").text()), config_maps)
        for mount in container.at("volumeMounts").each()
    )


def _mount(mount: Tree, volume: Tree | None, config_maps: ConfigMaps) -> Mount:
    # A volume that the pod does not declare comes from the StatefulSet's claim templates.
    kind = "claim" if volume is None else next((key for key, _ in volume.items() if key != "name"), "emptyDir")
    kind = "claim" if kind == "persistentVolumeClaim" else kind
    seen = kind in _WRITABLE
    if volume is not None and any(_sources(volume)):
        seen = all(name in config_maps for name, _ in _sources(volume))
    return Mount(path=mount.at("mountPath").text(), kind=kind, name=mount.at("name").text(), seen=seen)


def files_of(container: Tree, pod: Tree, config_maps: ConfigMaps) -> Iterator[Text]:
    volumes = {volume.at("name").text(): volume for volume in pod.at("volumes").each()}
    for mount in container.at("volumeMounts").each():
        volume = volumes.get(mount.at("name").text())
        path, only = mount.at("mountPath").text(), mount.at("subPath").text()
        for source, items in _sources(volume) if volume is not None else ():
            held = config_maps.get(source, {})
            paths = {each.at("path").text(): each.at("key").text() for each in items} or {name: name for name in held}
            for name, key in paths.items():
                if key not in held or only not in ("", name):
                    continue
                at = path if only else posixpath.join(path, name)
                named = posixpath.basename(at)
                yield Text(name=named, where=_place(source, key), body=held[key], path=posixpath.normpath(at))


def _place(source: str, key: str) -> str:
    """A key of a ConfigMap; or a file of the host, whose path begins like one."""
    if not source.startswith((".", "/", "~")):
        return f"ConfigMap {source}, {key}"
    return source if posixpath.basename(source) == key else posixpath.join(source, key)


def _sources(volume: Tree) -> Iterator[tuple[str, tuple[Tree, ...]]]:
    """The ConfigMaps of a volume, with the keys that are picked; "" stands for what is none."""
    if config_map := volume.at("configMap"):
        yield config_map.at("name").text(), config_map.at("items").each()
    for source in volume.at("projected", "sources").each():
        yield source.at("configMap", "name").text(), source.at("configMap", "items").each()
