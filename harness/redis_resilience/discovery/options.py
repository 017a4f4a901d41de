"""What a user would have to type to attach to a system that was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redis_resilience.discovery.system import Instance, Role, System


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """options: by the names in the settings, the words as they are typed. refusals: why it cannot be attached to."""

    options: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()


def options_for(system: System) -> Chosen:
    refusals = tuple(_refusals(system))
    if refusals:
        return Chosen(refusals=refusals)
    chosen = {"attach": system.selector}
    if system.sentinel_selector:
        chosen["sentinel_selector"] = system.sentinel_selector
    chosen |= _container("container", system.servers) | _container("sentinel_container", system.sentinels)
    chosen |= _port("port", system.servers, "6379") | _port("sentinel_port", system.sentinels, "26379")
    if len(system.masters) == 1:
        chosen["master_name"] = system.masters[0].name
    if secret := next((key for key in system.passwords if key.of is not Role.SENTINEL), None):
        chosen["password_secret"] = str(secret)
    if secret := next((key for key in system.passwords if key.of is Role.SENTINEL), None):
        chosen["sentinel_password_secret"] = str(secret)
    return Chosen(options=chosen)


def _container(option: str, several: tuple[Instance, ...]) -> dict[str, str]:
    names = {each.container for each in several}
    return {option: names.pop()} if len(names) == 1 else {}


def _port(option: str, several: tuple[Instance, ...], usual: str) -> dict[str, str]:
    """Nothing where it is the usual one."""
    ports = {each.port.value for each in several} - {usual}
    return {option: ports.pop()} if len(ports) == 1 else {}


def _refusals(system: System) -> list[str]:
    found = []
    if not system.selector:
        found.append(f"no labels choose exactly its pods: {', '.join(each.pod for each in system.servers) or 'none'}")
    if not system.sentinels:
        found.append(f"only what Sentinels monitor can be attached to; this is {system.kind}")
    found += [
        f"{each.place} speaks TLS ({each.tls.where}): name its CA with --redis-tls-secret=NAME or --redis-tls-ca=FILE"
        for each in system.instances
        if each.tls
    ]
    if len(system.masters) > 1:
        found.append(f"its Sentinels monitor several masters: {', '.join(each.name for each in system.masters)}")
    return found
