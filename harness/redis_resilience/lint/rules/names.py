"""How the parts find each other: names or addresses, and the Services in between."""

from __future__ import annotations

import ipaddress
import re

from redis_resilience.lint.rule import Answers, Hit, Missing, Needs, Rule, value
from redis_resilience.lint.setup import Sentinel, Service, Setup
from redis_resilience.model.lint import Severity

_VERSION = re.compile(r":v?(\d+)\.(\d+)")
_NAMES_SINCE = (6, 2)
_TILT_MS = 2000
_REDIS, _SENTINEL = 6379, 26379


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _names(sentinel: Sentinel) -> bool | None:
    """Whether it resolves names; None where that is not seen."""
    seen = sentinel.settings.get("resolve-hostnames")
    return None if seen is None else seen.value == "yes"


def _addresses(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        resolve, announce = (
            value(sentinel.settings, "resolve-hostnames"),
            value(sentinel.settings, "announce-hostnames"),
        )
        if isinstance(resolve, Missing):
            yield resolve
        elif resolve.value != "yes":
            yield Hit(seen="resolve-hostnames no: it remembers addresses", where=resolve.where)
        elif isinstance(announce, Missing):
            yield announce
        elif announce.value != "yes":
            yield Hit(seen="resolve-hostnames yes, announce-hostnames no", where=announce.where)


def _unresolved(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        if sentinel.monitored is None:
            yield Missing(text="the host of its monitor line is not seen", where=sentinel.name)
        elif not _is_address(sentinel.monitored.value) and not _is_before_names(setup, sentinel):
            resolve = value(sentinel.settings, "resolve-hostnames")
            if isinstance(resolve, Missing):
                yield resolve
            elif resolve.value != "yes":
                yield Hit(
                    seen=f"monitors {sentinel.monitored.value}, resolve-hostnames no", where=sentinel.monitored.where
                )


def _is_before_names(setup: Setup, sentinel: Sentinel) -> bool:
    """Whether its image's tag says that it is older than 6.2, which resolves a name once, at its start."""
    workload = setup.workload(sentinel.workload)
    images = [each.image for each in workload.containers if each.role == "sentinel"] if workload else []
    versions = [match for image in images if (match := _VERSION.search(image))]
    return bool(versions) and all((int(match[1]), int(match[2])) < _NAMES_SINCE for match in versions)


def _slow_resolver(setup: Setup) -> Answers:
    for sentinel in setup.sentinels:
        workload = setup.workload(sentinel.workload)
        named = _names(sentinel)
        if named is None:
            yield Missing(text=sentinel.settings.why_not("resolve-hostnames"), where=sentinel.name)
        elif named and workload and workload.resolver_ms >= _TILT_MS:
            yield Hit(
                seen=f"a name that does not resolve takes {workload.resolver_ms / 1e3:g} s",
                where=f"{workload.where}, dnsConfig",
            )


def _unpublished(setup: Setup) -> Answers:
    for workload in setup.workloads:
        for service in setup.services:
            if service.name == workload.service and not service.publishes_not_ready and _holds_redis(setup, service):
                yield Hit(
                    seen=f"pods of {workload.name} have a name only while they are ready",
                    where=f"{service.where}, publishNotReadyAddresses",
                )


def _no_service(setup: Setup) -> Answers:
    known = {service.name for service in setup.services}
    for workload in setup.workloads:
        if workload.kind == "StatefulSet" and workload.service not in known:
            yield Hit(
                seen=f"serviceName {workload.service or '(empty)'}, no such Service here",
                where=f"{workload.where}, serviceName",
            )


def _holds_redis(setup: Setup, service: Service) -> bool:
    homes = {server.workload for server in setup.servers} | {sentinel.workload for sentinel in setup.sentinels}
    return bool(homes & set(service.selects))


def _any_server(setup: Setup) -> Answers:
    for service in setup.services:
        pods = sum(server.count for server in setup.servers if server.workload in service.selects)
        if not service.headless and _REDIS in service.ports and pods > 1:
            yield Hit(seen=f"port {_REDIS} leads to any of {pods} servers", where=service.where)


def _one_way(setup: Setup) -> Answers:
    ways = [service for service in setup.services if _SENTINEL in service.ports]
    if ways and all(not service.headless for service in ways):
        yield Hit(
            seen=f"Sentinels are reached through {', '.join(service.name for service in ways)} alone",
            where=", ".join(service.where for service in ways),
        )


_BOTH = (Needs.SENTINELS, Needs.PODS)

RULES = (
    Rule(
        id="addresses-for-names",
        severity=Severity.WARNING,
        about="Sentinels that know pods by address",
        why="A recreated pod has another address. The Sentinels monitor the old one, count the pod as down, and "
        "keep it in their tables; where all pods were replaced, no peer is reachable.",
        source="redis#9625, bitnami#6320, #28168, OT#1793",
        fix="sentinel resolve-hostnames yes, announce-hostnames yes, announce-ip and replica-announce-ip the pod's "
        "name.",
        scenario="master-delete-now",
        needs=(Needs.SENTINELS,),
        check=_addresses,
    ),
    Rule(
        id="name-not-resolved",
        severity=Severity.ERROR,
        about="a name in the monitor line that Sentinel may not resolve",
        why="From 6.2 on Sentinel does not start: Can't resolve instance hostname.",
        source="redis#8540, #10146",
        fix="sentinel resolve-hostnames yes.",
        needs=(Needs.SENTINELS,),
        check=_unresolved,
    ),
    Rule(
        id="resolver-slow",
        severity=Severity.WARNING,
        about="DNS lookups that take longer to fail than Sentinel's event loop may stall",
        why="Sentinel resolves names in its event loop. After a stall of 2 s it is in TILT, and does nothing for 30 s, "
        "just when a node with a name on it is gone.",
        source="bitnami#9689, #36305",
        fix="dnsConfig options timeout:1 and attempts:1.",
        needs=_BOTH,
        check=_slow_resolver,
    ),
    Rule(
        id="names-only-when-ready",
        severity=Severity.WARNING,
        about="a Service that hides pods which are not ready",
        why="A pod's name is gone while it starts, loads or is about to go. Others that must find it then cannot, and "
        "pods that become ready only once they have found each other never do.",
        source="documents 000, 002, 004; Bitnami's chart sets it since 12.3.2",
        fix="publishNotReadyAddresses: true on the headless Service.",
        scenario="master-delete-now",
        needs=(Needs.PODS,),
        check=_unpublished,
    ),
    Rule(
        id="service-missing",
        severity=Severity.WARNING,
        about="a StatefulSet without its headless Service",
        why="Its pods have no names that others could find them by.",
        source="document 004: serviceName redis, which no file makes",
        fix="Add the headless Service, or name the one that there is.",
        needs=(Needs.PODS,),
        check=_no_service,
    ),
    Rule(
        id="service-any-server",
        severity=Severity.WARNING,
        about="a Service that balances over master and replicas",
        why="A write that reaches a replica is refused; one that reaches a stale master is lost.",
        source="document 001: Service redis",
        fix="Let clients ask the Sentinels; or select by a label that follows the master.",
        scenario="master-delete",
        needs=(Needs.PODS, Needs.SENTINELS),
        check=_any_server,
    ),
    Rule(
        id="sentinels-behind-one-service",
        severity=Severity.WARNING,
        about="Sentinels that are only reached through one balancing Service",
        why="A client is given one Sentinel by chance, and believes it even if it is the one that missed the switch. A "
        "pod that starts asks its own, perhaps, or a dead one.",
        source="redis#13335, bitnami#27161",
        fix="A headless Service, and all Sentinels in the client's list.",
        scenario="sentinel-delete",
        needs=_BOTH,
        check=_one_way,
    ),
)
