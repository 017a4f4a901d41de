"""Instances to systems: who shares a master by what Sentinels and servers answer, else by what owns their pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from redis_resilience.deployments.nodes import ShardSeen, shards_of
from redis_resilience.discovery.instances import pods_of
from redis_resilience.discovery.selectors import selector
from redis_resilience.discovery.system import Answer, Instance, Monitored, Role, System
from redis_resilience.lint.manifests.objects import read_objects
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.model.cluster import SLOTS, covered

_RELEASE = ("app.kubernetes.io/instance", "release")
_ASK_AS = {
    Role.REDIS: ("--redis-user", "--redis-password-secret"),
    Role.SENTINEL: ("--redis-sentinel-user", "--redis-sentinel-password-secret"),
}
_IN_FRONT = ("haproxy", "envoy", "predixy", "twemproxy", "nginx", "proxy")


def systems(objects: Iterable[Tree], found: Sequence[Instance], answers: Mapping[str, Answer]) -> tuple[System, ...]:
    """Every Redis of a namespace. answers: by `Instance.place`; an instance that was not asked has none."""
    known = tuple(objects)
    pods = {_name(each): each.at("metadata", "labels").texts() for each in known if each.at("kind").text() == "Pod"}
    groups = _grouped(found, answers)
    return tuple(_system(name, group, known, pods, answers) for name, group in sorted(groups.items()))


def _grouped(found: Sequence[Instance], answers: Mapping[str, Answer]) -> dict[str, list[Instance]]:
    """Those that know each other; the rest by release or controller."""
    groups: dict[str, list[Instance]] = {}
    for each in found:
        groups.setdefault(_home(each), []).append(each)
    for one, other in _acquainted(found, answers):
        if _home(one) != _home(other):
            _join(groups, one, other)
    data = [name for name, group in groups.items() if any(each.role is Role.REDIS for each in group)]
    alone = [name for name in groups if name not in data]
    if len(data) == 1:  # no other servers could be theirs
        for name in alone:
            groups[data[0]] += groups.pop(name)
    return groups


def _acquainted(found: Sequence[Instance], answers: Mapping[str, Answer]) -> Iterator[tuple[Instance, Instance]]:
    """A server and a Sentinel that named its run_id, or two nodes of a Redis Cluster, by their ids."""
    known: dict[str, Instance] = {}
    for each in found:
        if answer := answers.get(each.place):
            known |= {own: each for own in (answer.run_id, answer.node_id) if own}
    for each in found:
        if answer := answers.get(each.place):
            named = [run_id for monitored in answer.monitored for run_id in monitored.servers]
            yield from ((known[run_id], each) for run_id in named if run_id in known)
            yield from ((each, known[node.id]) for node in answer.table if node.id in known)


def _join(groups: dict[str, list[Instance]], one: Instance, other: Instance) -> None:
    ours = next(name for name, group in groups.items() if one in group)
    theirs = next(name for name, group in groups.items() if other in group)
    if ours != theirs:
        groups[ours] += groups.pop(theirs)


def _home(each: Instance) -> str:
    """Of pods without a release's label: their controller; a Deployment's ReplicaSet by its Deployment."""
    release = next((each.labels[name] for name in _RELEASE if each.labels.get(name)), "")
    kind, name = each.owner
    own = name.rpartition("-")[0] if kind == "ReplicaSet" and each.labels.get("pod-template-hash") else name
    return release or own or each.pod


def _system(
    name: str,
    group: Sequence[Instance],
    objects: Sequence[Tree],
    pods: Mapping[str, Mapping[str, str]],
    answers: Mapping[str, Answer],
) -> System:
    servers = tuple(each for each in group if each.role is Role.REDIS)
    sentinels = tuple(each for each in group if each.role is Role.SENTINEL)
    lasting = {_name(each): each.at("metadata", "labels").texts() for each in objects if _lasts(each)}
    watching = selector(pods_of(sentinels), lasting)
    asked = {each.place: answers[each.place] for each in group if each.place in answers}
    made = System(
        name=name,
        servers=servers,
        sentinels=sentinels,
        selector=selector(pods_of(servers), lasting),
        sentinel_selector="" if set(pods_of(sentinels)) <= set(pods_of(servers)) else watching,
        masters=_masters(asked),
        shards=_shards(servers, asked),
        fronts=tuple(_fronts(objects, servers, pods)),
        announced=_announced(objects, pods_of(group), pods, asked),
        boot=read_objects(_alone(objects, pods_of(group)), name).boot,
        answers=asked,
    )
    forming = tuple(_forming(made))
    return replace(made, not_known=(*_lasting(made), *forming), forming=forming)


def _lasts(each: Tree) -> bool:
    """A pod that has not ended, as those of a finished Job have."""
    return each.at("kind").text() == "Pod" and each.at("status", "phase").text() not in ("Succeeded", "Failed")


def _alone(objects: Sequence[Tree], ours: Sequence[str]) -> list[Tree]:
    """Without the pods of others."""
    return [each for each in objects if each.at("kind").text() != "Pod" or _name(each) in ours]


def _masters(asked: Mapping[str, Answer]) -> tuple[Monitored, ...]:
    found = {each.name: each for answer in asked.values() for each in answer.monitored}
    return tuple(found.values())


def _shards(servers: Sequence[Instance], asked: Mapping[str, Answer]) -> tuple[ShardSeen, ...]:
    told = {each.pod: asked[each.place] for each in servers if each.place in asked and asked[each.place].clustered}
    return shards_of((answer.table for answer in told.values()), {answer.node_id: pod for pod, answer in told.items()})


def _announced(
    objects: Sequence[Tree],
    ours: Sequence[str],
    pods: Mapping[str, Mapping[str, str]],
    asked: Mapping[str, Answer],
) -> dict[str, str]:
    """By pod, where Sentinels and replicas know servers by the addresses of Services that lead to one pod each."""
    named = {each.rpartition(":")[0] for answer in asked.values() for each in _addresses(answer)}
    alone: dict[str, list[str]] = {}
    for each in objects:
        wanted, address = each.at("spec", "selector").texts(), each.at("spec", "clusterIP").text()
        if each.at("kind").text() == "Service" and wanted and address not in ("", "None"):
            chosen = [name for name, has in pods.items() if wanted.items() <= has.items()]
            if len(chosen) == 1 and chosen[0] in ours:
                alone.setdefault(chosen[0], []).append(address)
    if not named & {address for several in alone.values() for address in several}:
        return {}
    return {pod: next((one for one in several if one in named), several[0]) for pod, several in alone.items()}


def _addresses(answer: Answer) -> Iterable[str]:
    yield answer.follows
    for each in answer.monitored:
        yield from (each.address, *each.replicas)


def _fronts(
    objects: Sequence[Tree], servers: Sequence[Instance], pods: Mapping[str, Mapping[str, str]]
) -> Iterable[str]:
    ours = {each.pod for each in servers}
    for each in objects:
        if each.at("kind").text() == "Service" and (wanted := each.at("spec", "selector").texts()):
            chosen = {name for name, has in pods.items() if wanted.items() <= has.items()}
            if chosen & ours:
                address = each.at("spec", "clusterIP").text()
                ports = ", ".join(port.at("port").text() for port in each.at("spec", "ports").each())
                kind = "headless" if address == "None" else address
                yield f"Service {_name(each)} ({kind}, ports {ports}) leads to {', '.join(sorted(chosen & ours))}"
        if each.at("kind").text() == "Pod":
            for container in each.at("spec", "containers").each():
                image = container.at("image").text().lower()
                if any(word in image for word in _IN_FRONT):
                    yield f"pod {_name(each)}, container {container.at('name').text()}: a proxy by its image {image}"


def _lasting(system: System) -> Iterable[str]:
    """What is not known, and stays so while the pods are as they are."""
    for each in system.instances:
        answer = system.answers.get(each.place)
        if answer is None:
            yield f"{each.place} was not asked"
        elif answer.not_let_in:
            yield (
                f"{each.place} was asked and refused: {answer.refused}; name who may ask "
                f"({', '.join(_ASK_AS[each.role])})"
            )
        elif answer.without_client:
            yield f"{each.place} could not be asked, as its image has no client: {answer.refused}"
    if system.servers and not system.selector:
        names = ", ".join(pods_of(system.servers))
        yield f"no labels choose {names} and no other pod; give them one that does, and name it with --redis-attach"
    if len(system.masters) > 1:
        names = ", ".join(each.name for each in system.masters)
        yield f"which master is meant: the Sentinels monitor {names}; name one with --redis-master-name"


def _forming(system: System) -> Iterable[str]:
    """What is not known yet: servers start, Sentinels learn of a master, nodes get slots."""
    for each in system.instances:
        answer = system.answers.get(each.place)
        if answer and answer.refused and not (answer.not_let_in or answer.without_client):
            yield f"{each.place} was asked and did not answer: {answer.refused}"
    if system.clustered:
        yield from _forming_of_cluster(system)
    asked = [answer for each in system.sentinels if (answer := system.answers.get(each.place))]
    if system.sentinels and not system.masters and not any(answer.without_client for answer in asked):
        yield "the name of the master: no Sentinel was asked, or none answered"


def _forming_of_cluster(system: System) -> Iterable[str]:
    ids = {answer.node_id for answer in system.answers.values()}
    nodes = {node.id: node for answer in system.answers.values() for node in answer.table}
    slots = sum(covered(shard.slots) for shard in system.shards)
    if slots != SLOTS and not system.locked:
        yield f"who serves all hash slots: {slots} of {SLOTS} have a master; is the cluster formed?"
    for node in nodes.values():
        if node.id not in ids:
            yield f"which pod is its node {node.id} at {node.address or 'no address'} ({', '.join(node.flags)})"


def _name(each: Tree) -> str:
    return each.at("metadata", "name").text()
