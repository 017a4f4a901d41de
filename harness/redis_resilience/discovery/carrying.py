"""A Redis that was found as a topology for processes of a host: its roles, settings and boot rule, and what is not
carried over. Nothing is asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from redis_resilience.discovery.answers import CARRIED, CARRIED_OF_CLUSTERS, NAMED_BY
from redis_resilience.discovery.guards import security_of
from redis_resilience.discovery.instances import pods_of
from redis_resilience.discovery.left_out import left_out
from redis_resilience.discovery.system import Answer, Instance, Monitored, Role, System
from redis_resilience.model.errors import UsageError
from redis_resilience.model.periods import PING_MS
from redis_resilience.topologies.topology import (
    SENTINEL_PORT,
    Boot,
    Controller,
    ControllerKind,
    Pod,
    Profile,
    Topology,
    Volume,
)
from redis_resilience.topologies.topology import System as Decides

_FAST = Profile(name="fast", down_after_ms=1000, failover_timeout_ms=3000, hello_ms=100, ping_ms=240)
_FAST_CLUSTER = Profile(name="fast", node_timeout_ms=1000)
_BOOTS: Mapping[str, tuple[Boot, str]] = {
    "first": (Boot.FIRST, ""),
    "asks": (Boot.ASK, ""),
    "asks-else-master": (
        Boot.ASK,
        "a server that no Sentinel answers is master there, whichever it is; here only the first pod's is",
    ),
    "alone": (Boot.MASTER, ""),
    "no-master": (Boot.FIRST, "every server starts as a replica there; here the first pod's starts as master"),
}
_NOT_SEEN = "how a starting server finds its role could not be read; here it asks the Sentinels (boot: ask)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """left_out: what is there and not in the topology, in words."""

    topology: Topology
    left_out: tuple[str, ...]


def carried(
    system: System, *, name: str, document: str, master_name: str = "", user: str = "", sentinel_user: str = ""
) -> Carried:
    """user, sentinel_user: with which it was asked, "" for the default user. Raises UsageError for what no topology can
    express, or what was not answered.
    """
    _must_be_expressible(system)
    answers = {each.pod: system.answers[each.place] for each in system.servers}
    monitored = None if system.clustered else _meant(system, master_name)
    order = _in_order(system, answers)
    first = next(answers[pod] for pod in order if pod in answers)
    boot, other_boot = _boot(system)
    volumes = {each.pod: _volume(each, system.answers[each.place]) for each in system.servers}
    usual = volumes[pods_of(system.servers)[0]]
    ports = {each.role: int(each.port.value) for each in system.instances}
    topology = Topology(
        name=name,
        document=document,
        summary=_summary(system),
        system=Decides.CLUSTER if system.clustered else Decides.SENTINEL,
        pods=tuple(_pod(pod, system, volumes, usual) for pod in order),
        service=next((each.subdomain for each in system.servers if each.subdomain), "redis"),
        master_name=monitored.name if monitored else "",
        quorum=monitored.quorum if monitored else 0,
        parallel_syncs=monitored.parallel_syncs if monitored else 0,
        shards=len(system.shards),
        boot=boot,
        volume=usual,
        fixed_addresses=bool(system.announced),
        ipv6=all(":" in each.address for each in system.servers),
        port=ports[Role.REDIS],
        sentinel_port=ports.get(Role.SENTINEL, SENTINEL_PORT),
        password=any(answer.guarded for answer in answers.values()) and not user,
        security=security_of(system, user=user, sentinel_user=sentinel_user),
        profiles=_profiles(system, monitored, first),
        redis_config=tuple(_redis_config(first, clustered=system.clustered)),
        sentinel_config=tuple(_sentinel_config(system)),
    )
    return Carried(topology=topology, left_out=tuple(left_out(system, monitored, answers, other_boot)))


def _must_be_expressible(system: System) -> None:
    what = f"expected a Redis that a topology can express; got {system.name}"
    if not (system.sentinels or system.clustered):
        raise UsageError(f"{what}: {system.kind}; a topology has Sentinels, or is a Redis Cluster")
    for word, several in (("servers", system.servers), ("Sentinels", system.sentinels)):
        names = [each.pod for each in several]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise UsageError(f"{what}, whose pod {twice[0]} has several {word}; a pod of a topology has one")
        if len(ports := sorted({each.port.value for each in several})) > 1:
            raise UsageError(f"{what}, whose {word} listen on the ports {', '.join(ports)}; a topology has one for all")
    refused = {each.place: system.answers[each.place].refused for each in system.servers}
    if said := next(((place, why) for place, why in refused.items() if why), None):
        raise UsageError(
            f"expected the servers of {system.name} to answer; got from {said[0]}: {said[1]}; name who may ask "
            "(--redis-user, --redis-password-secret, --redis-password-file)"
        )
    answered = [each for each in system.instances if not system.answers[each.place].refused]
    over_tls = {each.role: system.over_tls(each) for each in answered}
    if len(set(over_tls.values())) > 1:
        raise UsageError(f"{what}, of which only a part has TLS; a topology has it for servers and Sentinels, or none")
    if system.clustered and not system.shards:
        raise UsageError(f"{what}, whose nodes have no hash slots; wait until the cluster is formed and try again")


def _meant(system: System, wanted: str) -> Monitored:
    known = {each.name: each for each in system.masters}
    if not wanted and len(known) == 1:
        return next(iter(known.values()))
    if wanted in known:
        return known[wanted]
    raise UsageError(
        f"expected one master at the Sentinels of {system.name}, or {wanted or 'a name'!r} among several; they have: "
        f"{', '.join(known) or 'none'}; name it with --redis-master-name"
    )


def _in_order(system: System, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """Of a cluster its shards' masters first, then their replicas in turn; else the servers of the master's controller,
    the other servers, the Sentinels, each by their numbers.
    """
    if system.clustered:
        turns = zip_longest(*(shard.replicas for shard in system.shards))
        members = [*(shard.master for shard in system.shards), *(pod for turn in turns for pod in turn if pod)]
        return (*members, *sorted(set(answers) - set(members), key=_natural))
    leading = {each.owner for each in system.servers if answers[each.pod].role == "master"}
    leaders = {each.pod for each in system.servers if each.owner in leading}
    pods = pods_of(system.instances)
    return tuple(sorted(pods, key=lambda pod: (pod not in answers, pod not in leaders, _natural(pod))))


def _natural(name: str) -> list[tuple[int, str]]:
    """cache-10 after cache-9."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _pod(name: str, system: System, volumes: Mapping[str, Volume], usual: Volume) -> Pod:
    own = [each for each in system.instances if each.pod == name]
    volume = volumes.get(name, usual)
    return Pod(
        name=name,
        containers=tuple(str(role) for role in Role if any(each.role is role for each in own)),
        controller=_controller(own[0]),
        volume=None if volume is usual else volume,
    )


def _controller(instance: Instance) -> Controller | None:
    kind, name = instance.owner
    if kind == ControllerKind.REPLICA_SET and (generation := instance.labels.get("pod-template-hash")):
        return Controller(kind=ControllerKind.DEPLOYMENT, name=name.removesuffix(f"-{generation}"))
    return Controller(kind=ControllerKind(kind), name=name) if kind in set(ControllerKind) else None


def _volume(instance: Instance, answer: Answer) -> Volume:
    """By what is mounted where the server itself says that it keeps its data."""
    folder = answer.settings.get("dir", "/data")
    inside = [path for path in instance.volumes if f"{folder}/".startswith(f"{path.rstrip('/')}/")]
    if not inside:
        return Volume.CONTAINER
    kind = instance.volumes[max(inside, key=len)]
    return Volume.EMPTY_DIR if kind in ("emptyDir", "ephemeral") else Volume.CLAIM


def _boot(system: System) -> tuple[Boot, str]:
    """The nearest rule, and how it differs."""
    if system.clustered:
        return Boot.MASTER, ""
    return _BOOTS[system.boot.value] if system.boot else (Boot.ASK, _NOT_SEEN)


def _profiles(system: System, monitored: Monitored | None, first: Answer) -> tuple[Profile, Profile]:
    """`documented` has the times as they are there."""
    if monitored is None:
        return Profile(name="documented", node_timeout_ms=first.node_timeout_ms), _FAST_CLUSTER
    told = next((answer.ping_period_ms for answer in system.answers.values() if answer.ping_period_ms), PING_MS)
    documented = Profile(
        name="documented",
        down_after_ms=monitored.down_after_ms,
        failover_timeout_ms=monitored.failover_timeout_ms,
        ping_ms=0 if told == PING_MS else told,
    )
    return documented, _FAST


def _redis_config(answer: Answer, *, clustered: bool) -> Iterator[tuple[str, str]]:
    for name in (*CARRIED, *(CARRIED_OF_CLUSTERS if clustered else ())):
        value = answer.settings.get(name)
        if name == "save" and value:
            words = value.split()
            yield from (("save", f"{words[at]} {words[at + 1]}") for at in range(0, len(words) - 1, 2))
        elif value is not None:
            yield name, value or '""'


def _sentinel_config(system: System) -> Iterator[tuple[str, str]]:
    told = [system.answers[each.place].settings for each in system.sentinels]
    for name in NAMED_BY:
        if any(settings.get(name) == "yes" for settings in told):
            yield name, "yes"


def _summary(system: System) -> str:
    if system.clustered:
        return f"{len(system.servers)} nodes of a Redis Cluster with {len(system.shards)} shards"
    return f"{len(system.servers)} servers, {len(system.sentinels)} Sentinels"
