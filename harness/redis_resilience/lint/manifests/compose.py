"""Docker Compose files: each service is read like a container of a pod; bound files come from beside the file."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Callable, Mapping

from redis_resilience.lint.manifests.boots import resolve
from redis_resilience.lint.manifests.images import is_official
from redis_resilience.lint.manifests.objects import Gathered, gather_container
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import Setup

Bound = Callable[[str], Mapping[str, str] | None]
"""The texts of the file, or of the files in the folder, at a path beside the compose file; None where there is none."""


def is_compose(tree: Tree) -> bool:
    services = [service for _, service in tree.at("services").items()]
    return not tree.at("kind") and any(service.at("image") or service.at("build") for service in services)


def read_compose(tree: Tree, subject: str, bound: Bound) -> Setup:
    gathered = Gathered()
    for name, service in tree.at("services").items():
        config_maps: dict[str, Mapping[str, str]] = {}
        container, spec = _container(name, service, bound, config_maps)
        count = service.at("deploy", "replicas").number(service.at("scale").number(1))
        own = f"service {name}"
        gather_container(gathered, container, spec, config_maps, own, workload=own, count=count)
    return Setup(
        subject=subject,
        servers=tuple(gathered.servers),
        sentinels=tuple(gathered.sentinels),
        boot=resolve(gathered.boots, (), sentinels=bool(gathered.sentinels)),
    )


def _container(name: str, service: Tree, bound: Bound, config_maps: dict[str, Mapping[str, str]]) -> tuple[Tree, Tree]:
    """The service as a container and its pod; the files that it binds become ConfigMaps."""
    mounts, volumes = [], []
    for number, (source, target) in enumerate(_volumes(service)):
        volume: dict[str, object] = {"name": f"v{number}"}
        mount = {"name": f"v{number}", "mountPath": target}
        if source.startswith((".", "/", "~", "$")):
            volume["hostPath"] = {"path": source}
            held = bound(source)
            if held is not None:
                config_maps[source] = held
            volume["configMap"] = {"name": source}
            if held is not None and list(held) == [posixpath.basename(source)]:
                file = posixpath.basename(target)
                volume["configMap"] = {"name": source, "items": [{"key": next(iter(held)), "path": file}]}
                mount["subPath"] = file
        else:
            volume["persistentVolumeClaim"] = {"claimName": source}
        mounts.append(mount)
        volumes.append(volume)
    image = service.at("image").text()
    if is_official(image) and all(mount["mountPath"].rstrip("/") != "/data" for mount in mounts):
        mounts.append({"name": "anonymous", "mountPath": "/data"})  # the image declares it; Compose keeps it
    container = {
        "name": name,
        "image": image,
        "command": _words(service.at("entrypoint")),
        "args": _words(service.at("command")),
        "env": [{"name": key, "value": value} for key, value in _environment(service)],
        "ports": [{"containerPort": port} for port in _ports(service)],
        "volumeMounts": mounts,
    }
    return Tree(container), Tree({"volumes": volumes})


def _words(value: Tree) -> list[str]:
    words = [word.text() for word in value.each()] or shlex.split(value.text())
    return [word.replace("$$", "$") for word in words]


def _environment(service: Tree) -> list[tuple[str, str]]:
    given = service.at("environment")
    listed = [entry.text().partition("=") for entry in given.each()]
    return [*((name, value) for name, equals, value in listed if equals), *given.texts().items()]


def _ports(service: Tree) -> list[int]:
    found = []
    for port in (*service.at("ports").each(), *service.at("expose").each()):
        text = (port.at("target").text() or port.text()).rpartition(":")[2].partition("/")[0]
        if text.isdecimal():
            found.append(int(text))
    return found


def _volumes(service: Tree) -> list[tuple[str, str]]:
    found = []
    for volume in service.at("volumes").each():
        if target := volume.at("target").text():
            found.append((volume.at("source").text(), target))
        else:
            source, colon, rest = volume.text().partition(":")
            found.append((source, rest.partition(":")[0]) if colon else ("", source))
    configs = service.at("configs").each()
    return found + [("/not-seen", config.at("target").text() or f"/{config.text()}") for config in configs]
