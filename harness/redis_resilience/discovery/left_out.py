"""What is there and cannot be carried over to processes of a host, or is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from redis_resilience.discovery.answers import CARRIED, CARRIED_OF_CLUSTERS
from redis_resilience.discovery.system import Answer, Monitored, System
from redis_resilience.model.cluster import even_ranges


def left_out(
    system: System, monitored: Monitored | None, answers: Mapping[str, Answer], other_boot: str
) -> Iterator[str]:
    """In words. answers: of the servers. other_boot: how their boot rule differs, "" where it does not."""
    versions = ", ".join(dict.fromkeys(answer.version for answer in answers.values()))
    yield f"the engine: {versions} there; here the program of --redis-server"
    yield "a container that ends is restarted there; here it stays down until the fault is healed"
    yield "limits of CPU and memory, nodes, NetworkPolicies: processes share this host"
    yield "directives that are not in redis_config have the engine's defaults"
    if other_boot:
        yield other_boot
    yield from _differences(answers, clustered=system.clustered)
    if not all(answer.settings for answer in answers.values()):
        yield "directives of a server that does not report them: CONFIG GET is refused there"
    if modules := dict.fromkeys(module for answer in answers.values() for module in answer.modules):
        yield f"modules: {', '.join(modules)}"
    users = dict.fromkeys(user for answer in answers.values() for user in answer.users if user != "default")
    if users:
        yield f"ACL users and their rights: {', '.join(users)}"
    if monitored:
        yield from _of_sentinels(system, monitored)
    elif [shard.slots for shard in system.shards] != [(each,) for each in even_ranges(len(system.shards))]:
        yield "which node serves which hash slots: here they are dealt out evenly"
    yield from dict.fromkeys(said.partition(": ")[2] for each in system.instances for said in each.disturbances)
    yield from system.fronts
    yield from (f"not known: {each}" for each in system.not_known)


def _differences(answers: Mapping[str, Answer], *, clustered: bool) -> Iterator[str]:
    for name in (*CARRIED, *(CARRIED_OF_CLUSTERS if clustered else ())):
        values = {pod: answer.settings[name] for pod, answer in answers.items() if name in answer.settings}
        if len(set(values.values())) > 1:
            told = ", ".join(f"{pod} {value or 'nothing'}" for pod, value in values.items())
            yield f"{name} differs: {told}; here all have the first one's"


def _of_sentinels(system: System, monitored: Monitored) -> Iterator[str]:
    if others := [each.name for each in system.masters if each.name != monitored.name]:
        yield f"other masters that the same Sentinels monitor: {', '.join(others)}"
    known = len(monitored.sentinels) + 1
    if known != len(system.sentinels):
        yield f"stale entries: its Sentinels count {known}, and {len(system.sentinels)} run"
    if len(set(_settings_of(system, monitored.name))) > 1:
        yield "Sentinels differ in quorum, down-after-milliseconds or failover-timeout; here all have one's"


def _settings_of(system: System, name: str) -> Iterable[tuple[int, int, int]]:
    for answer in system.answers.values():
        for each in answer.monitored:
            if each.name == name:
                yield each.quorum, each.down_after_ms, each.failover_timeout_ms
