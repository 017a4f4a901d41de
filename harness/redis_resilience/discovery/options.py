"""What a user would have to type to attach to a system that was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redis_resilience.discovery.system import Instance, Role, System

_USUAL = {"port": "6379", "sentinel_port": "26379"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """options: by the names in the settings, the words as they are typed. refusals: why it cannot be attached to."""

    options: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()


def options_for(system: System, *, master_name: str = "") -> Chosen:
    """master_name: of several masters the one that is meant."""
    refusals = tuple(_refusals(system, master_name))
    if refusals:
        return Chosen(refusals=refusals)
    chosen = {"attach": system.selector}
    if system.sentinel_selector:
        chosen["sentinel_selector"] = system.sentinel_selector
    chosen |= _container("container", system.servers) | _container("sentinel_container", system.sentinels)
    if len(system.masters) == 1:
        chosen["master_name"] = system.masters[0].name
    chosen |= _port("port", system.servers) | _port("sentinel_port", system.sentinels)
    if secret := next((key for key in system.passwords if key.of is not Role.SENTINEL), None):
        chosen["password_secret"] = str(secret)
    if secret := next((key for key in system.passwords if key.of is Role.SENTINEL), None):
        chosen["sentinel_password_secret"] = str(secret)
    if any(each.tls for each in system.instances):
        chosen["tls"] = "yes"
    return Chosen(options=chosen)


def _container(option: str, several: tuple[Instance, ...]) -> dict[str, str]:
    names = {each.container for each in several}
    return {option: names.pop()} if len(names) == 1 else {}


def _port(option: str, several: tuple[Instance, ...]) -> dict[str, str]:
    ports = {each.port.value for each in several}
    return {option: ports.pop()} if len(ports) == 1 and ports != {_USUAL[option]} else {}


def _refusals(system: System, master_name: str) -> list[str]:
    found = []
    if not system.selector:
        found.append(f"no labels choose exactly its pods: {', '.join(each.pod for each in system.servers) or 'none'}")
    if not (system.sentinels or system.clustered):
        found.append(f"only what Sentinels monitor, or a Redis Cluster, can be attached to; this is {system.kind}")
    for role, several in (("servers", system.servers), ("Sentinels", system.sentinels)):
        if len(ports := sorted({each.port.value for each in several})) > 1:
            found.append(f"its {role} listen on different ports: {', '.join(ports)}")
    names = [each.name for each in system.masters]
    if len(names) > 1 and master_name not in names:
        found.append(f"its Sentinels monitor several masters: {', '.join(names)}; name one with --redis-master-name")
    return found
