"""Settings with which servers and Sentinels never reach each other, or mistake each other for another."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from redis_resilience.lint.rule import Answers, Hit, Missing, Needs, Rule, value
from redis_resilience.lint.setup import Directives, Seen, Sentinel, Server, Setup
from redis_resilience.model.lint import Severity


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.lstrip("-")).is_loopback
    except ValueError:
        return address.lstrip("-") == "localhost"


def _loopback(setup: Setup) -> Answers:
    if setup.live or not setup.counted or setup.server_count + setup.sentinel_count < 2:
        return  # it was reached; or it may be a pod's own, for the program beside it
    for settings in _all(setup):
        bound = value(settings, "bind")
        if isinstance(bound, Missing):
            yield bound
        elif not settings.complete:
            yield Missing(text="whether bind is set again by what cannot be read is not seen", where=bound.where)
        elif bound.value and all(_is_loopback(address) for address in bound.value.split()):
            yield Hit(seen=f"bind {bound.value}", where=bound.where)


def _watches_loopback(setup: Setup) -> Answers:
    if setup.live or not setup.counted or setup.sentinel_count < 2:
        return
    for sentinel in setup.sentinels:
        host = sentinel.monitored
        if host is not None and _is_loopback(host.value):
            yield Hit(seen=f"sentinel monitor {host.value} on {setup.sentinel_count} Sentinels", where=host.where)


def _plain_port(setup: Setup) -> Answers:
    """`tls-replication yes` is for outgoing connections; TLS is accepted on `tls-port` only."""
    for settings in _all(setup):
        over_tls, port = value(settings, "tls-replication"), value(settings, "tls-port")
        if isinstance(over_tls, Missing) or isinstance(port, Missing):
            yield from (each for each in (over_tls, port) if isinstance(each, Missing))
        elif over_tls.value == "yes" and port.number == 0:
            yield Hit(seen="tls-replication yes, no tls-port", where=over_tls.where)
    closed = [seen for server in setup.servers if (seen := server.settings.get("port")) and seen.number == 0]
    for sentinel in setup.sentinels:
        over_tls = value(sentinel.settings, "tls-replication")
        if closed and isinstance(over_tls, Seen) and over_tls.value == "no" and setup.watches_here(sentinel):
            yield Hit(seen="servers have TLS only (port 0), the Sentinel tls-replication no", where=over_tls.where)


def _shared_name(setup: Setup) -> Answers:
    for name, instances in (
        ("replica-announce-ip", setup.servers),
        ("cluster-announce-ip", setup.servers),
        ("announce-ip", _once(setup.sentinels)),
    ):
        if name == "cluster-announce-ip" and not setup.clustered:
            continue
        places: dict[tuple[str, str], list[tuple[Seen, int]]] = {}
        for each in instances:
            announced = each.settings.get(name)
            if announced and announced.value:
                places.setdefault((announced.value, _port(each.settings)), []).append((announced, each.count))
        for (address, _), same in places.items():
            if sum(max(count, 1) for _, count in same) > 1:
                yield Hit(seen=f"{name} {address} on all of them", where=same[0][0].where)


def _port(settings: Directives) -> str:
    for name in ("replica-announce-port", "port"):
        seen = settings.get(name)
        if seen and seen.value not in ("", "0"):
            return seen.value
    return ""


def _shared_myid(setup: Setup) -> Answers:
    shared: dict[str, list[tuple[Seen, int]]] = {}
    for sentinel in _once(setup.sentinels):
        own = sentinel.settings.get("myid")
        if own and own.value:
            shared.setdefault(own.value, []).append((own, sentinel.count))
    for myid, found in shared.items():
        if (count := sum(count for _, count in found)) > 1:
            yield Hit(
                seen=f"sentinel myid {myid} on {count} Sentinels", where="; ".join(seen.where for seen, _ in found)
            )


def _not_announced(setup: Setup) -> Answers:
    if setup.servers and setup.boot is not None and setup.boot.value == "asks":
        return  # each start resolves the current address
    for sentinel in setup.sentinels:
        resolve, announce, own = (
            value(sentinel.settings, name) for name in ("resolve-hostnames", "announce-hostnames", "announce-ip")
        )
        if not isinstance(announce, Seen) or not isinstance(resolve, Seen) or "no" in (announce.value, resolve.value):
            continue  # another rule's
        if isinstance(own, Missing):
            yield own
        elif not own.value and not _announced(setup.servers):
            yield Hit(seen="announce-hostnames yes, no announce-ip, no replica-announce-ip", where=announce.where)


def _announced(servers: Iterable[Server]) -> bool:
    return any((seen := server.settings.get("replica-announce-ip")) is None or seen.value for server in servers)


def _all(setup: Setup) -> Iterable[Directives]:
    yield from (each.settings for each in setup.servers)
    yield from (each.settings for each in _once(setup.sentinels))


def _once(sentinels: Iterable[Sentinel]) -> tuple[Sentinel, ...]:
    """Each Sentinel once, however many masters it watches."""
    return tuple({sentinel.name: sentinel for sentinel in sentinels}.values())


RULES = (
    Rule(
        id="bind-loopback",
        severity=Severity.ERROR,
        about="a server or a Sentinel that listens on its own loopback address only",
        why="No other pod reaches it: no replica follows, no Sentinel sees another one or a server.",
        source="redis#7068; measured with 7.0.15: the Sentinels find no replica and no other Sentinel",
        fix="Leave `bind` out, or bind the pod's own address too.",
        needs=(Needs.COUNT,),
        check=_loopback,
    ),
    Rule(
        id="monitors-loopback",
        severity=Severity.ERROR,
        about="several Sentinels that each watch their own loopback address",
        why="Each watches whatever runs beside itself, or nothing: they watch different masters by one name, and agree "
        "on none.",
        source="Sentinel finds the others through the master that they all watch",
        fix="Monitor the master's name or address as the other pods reach it.",
        needs=(Needs.SENTINELS, Needs.COUNT),
        check=_watches_loopback,
    ),
    Rule(
        id="tls-on-plain-port",
        severity=Severity.ERROR,
        about="TLS on one side of a connection only",
        why="A Sentinel or a replica that opens TLS connections speaks to peers that listen in plain text, or the "
        "other way round: they never agree, and there is no failover.",
        source="redis#9952; measured with 7.0.15: NOQUORUM",
        fix="tls-replication yes and tls-port on every server and every Sentinel, port 0 where nothing plain is meant.",
        needs=(Needs.COUNT,),
        check=_plain_port,
    ),
    Rule(
        id="announced-name-shared",
        severity=Severity.ERROR,
        about="several instances that announce one address",
        why="Whoever reads it takes all of them for one: Sentinels know one replica instead of two, and promote "
        "whichever answers there.",
        source="redis#4405, #3416; measured with 7.0.15: knows 1 of 2 replicas",
        fix="Each pod its own name or address: set it at the start.",
        needs=(Needs.COUNT,),
        check=_shared_name,
    ),
    Rule(
        id="sentinel-myid-shared",
        severity=Severity.ERROR,
        about="one `sentinel myid` for several Sentinels",
        why="Each takes the others for itself and forgets them: it knows no other Sentinel, and there is never a "
        "quorum.",
        source="redis#5742; measured with 7.0.15: knows 0 of 2 other Sentinels",
        fix="Leave it out and keep the configuration on a claim, or set one for each, from the pod's name.",
        needs=(Needs.SENTINELS,),
        check=_shared_myid,
    ),
    Rule(
        id="hostnames-not-announced",
        severity=Severity.WARNING,
        about="Sentinels that are to announce names, where none is given",
        why="announce-hostnames only hands on the names that instances give. Without announce-ip and "
        "replica-announce-ip they give addresses, and those go with their pods.",
        source="redis#12753, CloudPirates#1565",
        fix="replica-announce-ip on every server and announce-ip on every Sentinel: the pod's own name.",
        scenario="master-delete-now",
        needs=(Needs.SENTINELS,),
        check=_not_announced,
    ),
)
