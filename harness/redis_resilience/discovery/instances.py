"""Pods as the API lists them to instances: by what each container runs, and what its settings say."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from redis_resilience.discovery.system import Instance, Role, SecretKey
from redis_resilience.lint.manifests.containers import container_of, role_of, serves
from redis_resilience.lint.manifests.mounts import ConfigMaps, Mount, mounts_of
from redis_resilience.lint.manifests.program import Program, read_program
from redis_resilience.lint.manifests.sentinels import sentinels_of
from redis_resilience.lint.manifests.servers import servers_of
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import Container, Directives, Seen

_USUAL = {Role.REDIS: 6379, Role.SENTINEL: 26379}
_PASSWORD = re.compile(r"PASSWORD|PASSWD|PASS$|AUTH$")
_TLS_FILES = ("TLS_CERT_FILE", "TLS_KEY_FILE")
_YES = ("1", "yes", "true", "on")


def instances(objects: Iterable[Tree]) -> tuple[Instance, ...]:
    """Every server and Sentinel in the pods that run; in the order of their names."""
    known = tuple(objects)
    config_maps = {_name(each): each.at("data").texts() for each in known if each.at("kind").text() == "ConfigMap"}
    pods = sorted((each for each in known if _runs(each)), key=_name)
    return tuple(found for pod in pods for found in _sharing(tuple(_of_pod(pod, config_maps))))


def _sharing(several: Sequence[Instance]) -> Iterator[Instance]:
    """Of one pod: a certificate that one of them is configured with is another's, too, that mounts its folder."""
    for each in several:
        shared = (
            other.certificate
            for other in several
            if other.certificate and any(other.certificate[0].startswith(f"{path}/") for path in each.volumes)
        )
        yield each if each.certificate else replace(each, certificate=next(shared, ()))


def _of_pod(pod: Tree, config_maps: ConfigMaps) -> Iterator[Instance]:
    spec = pod.at("spec")
    sidecars = [each for each in spec.at("initContainers").each() if each.at("restartPolicy").text() == "Always"]
    containers = (*sidecars, *spec.at("containers").each())
    for each in containers:
        own = each.at("name").text()
        where = f"pod {_name(pod)}, container {own}"
        program = read_program(each, spec, config_maps, where)
        others = (other for other in containers if other.at("name").text() != own)
        told = role_of(each, program, beside_server=any(serves(other) for other in others))
        if told in set(Role):
            mounts = mounts_of(each, spec, config_maps)
            yield replace(
                _instance(pod, each, program, container_of(each, program, told, where)),
                secrets=tuple(_secrets(each, spec, mounts, where)),
                volumes={mount.path: mount.kind for mount in mounts},
                secret_folders=_secret_folders(spec, mounts),
            )


def _instance(pod: Tree, container: Tree, program: Program, seen: Container) -> Instance:
    role, where = Role(seen.role), seen.where
    settings = _settings(container, program, role, where)
    owner = next(iter(pod.at("metadata", "ownerReferences").each()), Tree(None))
    clustered = settings.seen.get("cluster-enabled")
    return Instance(
        pod=_name(pod),
        container=seen.name,
        role=role,
        address=pod.at("status", "podIP").text(),
        image=seen.image,
        port=_port(seen, settings, role),
        tls=_tls(settings, program.environment, where),
        certificate=_certificate(settings, program.environment),
        clustered=clustered if clustered and clustered.value == "yes" else None,
        owner=(owner.at("kind").text(), owner.at("name").text()),
        labels=pod.at("metadata", "labels").texts(),
        subdomain=pod.at("spec", "subdomain").text(),
        disturbances=tuple(_disturbances(seen, where)),
    )


def _settings(container: Tree, program: Program, role: Role, where: str) -> Directives:
    """What it starts with; of several ways to start, the first."""
    if role is Role.REDIS:
        return next(servers_of(container, program, where, workload="", count=1)).settings
    return next(sentinels_of(container, program, where, workload="", count=1)).settings


def _port(container: Container, settings: Directives, role: Role) -> Seen:
    """As it is configured, else as the container declares it, else the usual one."""
    for name in ("port", "tls-port"):
        if (said := settings.seen.get(name)) and said.number > 0:
            return said
    usual = _USUAL[role]
    numbers = [number for _, number in container.ports]
    named = [number for name, number in container.ports if str(role) in name]
    if usual not in numbers and (likely := named or (numbers if len(numbers) == 1 else [])):
        return Seen(value=str(likely[0]), where=f"{container.where}: a port that it declares")
    where = "a port that it declares" if usual in numbers else "nothing names another"
    return Seen(value=str(usual), where=f"{container.where}: {where}")


def _tls(settings: Directives, environment: Mapping[str, str], where: str) -> Seen | None:
    said, plain = settings.seen.get("tls-port"), settings.seen.get("port")
    if said and said.number > 0:
        return None if plain and plain.number > 0 else said
    for name in sorted(environment):
        if name.endswith("TLS_ENABLED") and environment[name].lower() in _YES:
            return Seen(value=environment[name], where=f"{where}: variable {name}")
    return None


def _certificate(settings: Directives, environment: Mapping[str, str]) -> tuple[str, str] | tuple[()]:
    """As it is configured, else by the variables that the scripts of images read."""
    for kind in ("tls-client", "tls"):
        certificate, key = (settings.seen.get(f"{kind}-{what}-file") for what in ("cert", "key"))
        if certificate and key and certificate.value.startswith("/") and key.value.startswith("/"):
            return certificate.value, key.value
    by_end = {end: environment[name] for name in sorted(environment) for end in _TLS_FILES if name.endswith(end)}
    return (by_end[_TLS_FILES[0]], by_end[_TLS_FILES[1]]) if len(by_end) == len(_TLS_FILES) else ()


def _secret_folders(spec: Tree, mounts: Sequence[Mount]) -> dict[str, str]:
    """Of whole Secrets: one of which keys are picked may have other names there."""
    whole = {
        volume.at("name").text(): volume.at("secret", "secretName").text()
        for volume in spec.at("volumes").each()
        if volume.at("secret") and not volume.at("secret", "items")
    }
    return {whole[mount.name]: mount.path for mount in mounts if mount.name in whole}


def _secrets(container: Tree, spec: Tree, mounts: Sequence[Mount], where: str) -> Iterator[SecretKey]:
    """By the variables that hold a password, or the path of a file with one."""
    volumes = {volume.at("name").text(): volume for volume in spec.at("volumes").each()}
    for entry in container.at("env").each():
        name = entry.at("name").text()
        if not _PASSWORD.search(name):
            continue
        of = Role.SENTINEL if "SENTINEL" in name else None
        place = f"{where}: variable {name}"
        reference = entry.at("valueFrom", "secretKeyRef")
        if reference:
            yield SecretKey(name=reference.at("name").text(), key=reference.at("key").text(), where=place, of=of)
        elif (path := entry.at("value").text()).startswith("/"):
            mount = next((each for each in mounts if each.kind == "secret" and each.holds(path)), None)
            if mount is not None:
                secret = volumes[mount.name].at("secret")
                yield SecretKey(
                    name=secret.at("secretName").text(),
                    key=_key_of(secret, posixpath.relpath(path, mount.path)),
                    where=place,
                    of=of,
                )


def _key_of(secret: Tree, path: str) -> str:
    picked = {each.at("path").text(): each.at("key").text() for each in secret.at("items").each()}
    return picked.get(path, path)


def _disturbances(container: Container, where: str) -> Iterator[str]:
    """What the cluster itself may do to a server that is paused or stopped."""
    if container.liveness:
        after_s = container.liveness.failures * container.liveness.period_s
        yield f"{where}: the liveness probe restarts a server that has not answered for {after_s} s"
    if container.pre_stop:
        yield f"{where}: a preStop hook runs before a pod that is deleted gets its signal"


def _runs(each: Tree) -> bool:
    return (
        each.at("kind").text() == "Pod"
        and each.at("status", "phase").text() == "Running"
        and not each.at("metadata", "deletionTimestamp")
    )


def _name(each: Tree) -> str:
    return each.at("metadata", "name").text()


def pods_of(several: Sequence[Instance]) -> tuple[str, ...]:
    """Their names, once each."""
    return tuple(dict.fromkeys(each.pod for each in several))
