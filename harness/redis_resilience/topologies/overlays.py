"""What a topology of the catalogue can have besides: "sidecar+tls+acl" is `sidecar` with TLS and ACL users."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace

from redis_resilience.model.errors import UsageError
from redis_resilience.topologies.security import Encryption, SentinelPassword
from redis_resilience.topologies.topology import Pod, System, Topology, Volume

SEPARATOR = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    name: str
    summary: str
    put: Callable[[Topology], Topology]


def overlaid(found: Topology, names: list[str]) -> Topology:
    """The topology with these overlays in turn; raises UsageError that lists the known ones and the nearest."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            f"expected each overlay once; got {SEPARATOR.join((found.name, *names))}: {', '.join(twice)} twice"
        )
    for name in names:
        overlay = _KNOWN.get(name)
        if overlay is None:
            near = difflib.get_close_matches(name.lower(), _KNOWN, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageError(
                f"expected {found.name}{SEPARATOR}OVERLAY with an overlay of {', '.join(_KNOWN)}; got {name!r}{hint}"
            )
        given = found
        found = overlay.put(found)
        found = replace(found, name=f"{given.name}{SEPARATOR}{name}", summary=f"{given.summary}; {overlay.summary}")
    return found


def _tls(found: Topology) -> Topology:
    return replace(found, security=replace(found.security, tls=Encryption.SERVER))


def _mtls(found: Topology) -> Topology:
    return replace(found, security=replace(found.security, tls=Encryption.MUTUAL))


def _acl(found: Topology) -> Topology:
    of_sentinels = "" if found.system is System.CLUSTER else "observer"
    security = replace(found.security, user="application", sentinel_user=of_sentinels, protected_mode=True)
    return replace(found, security=security)


def _passwords(found: Topology) -> Topology:
    security = replace(found.security, sentinel_password=SentinelPassword.OTHER, protected_mode=True)
    return replace(found, password=True, security=security)


def _ports(found: Topology) -> Topology:
    return replace(found, port=7379, sentinel_port=27379)


def _ipv6(found: Topology) -> Topology:
    return replace(found, ipv6=True)


def _apart(found: Topology) -> Topology:
    """The pods' own Sentinels go; five pods take their place, and quorum is the majority of five."""
    if found.system is System.CLUSTER:
        raise UsageError(f"expected a topology with Sentinels for the overlay apart; got {found.name}, which has none")
    servers = (replace(pod, containers=("redis",)) for pod in found.pods if "redis" in pod.containers)
    sentinels = (Pod(name=f"sentinel-{number}", containers=("sentinel",)) for number in range(5))
    return replace(found, pods=(*servers, *sentinels), quorum=3)


def _no_volume(found: Topology) -> Topology:
    pods = tuple(replace(pod, volume=None) for pod in found.pods)
    return replace(found, pods=pods, volume=Volume.CONTAINER)


OVERLAYS = (
    Overlay(name="tls", summary="TLS for clients, replication and Sentinels", put=_tls),
    Overlay(name="mtls", summary="the same, and every client needs a certificate", put=_mtls),
    Overlay(name="acl", summary="ACL users for clients, replicas and Sentinels, each with its password", put=_acl),
    Overlay(name="passwords", summary="a password at servers, another at Sentinels; protected mode", put=_passwords),
    Overlay(name="ports", summary="servers at port 7379, Sentinels at 27379", put=_ports),
    Overlay(name="ipv6", summary="IPv6 addresses, and no others", put=_ipv6),
    Overlay(name="apart", summary="five Sentinels in pods of their own", put=_apart),
    Overlay(name="no-volume", summary="no volumes: a server's data goes with its container", put=_no_volume),
)
_KNOWN = {overlay.name: overlay for overlay in OVERLAYS}
