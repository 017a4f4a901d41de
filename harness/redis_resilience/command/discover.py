"""What Redis runs in a namespace, on the terminal: what was found, by which evidence, and how to break it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from redis_resilience.command.chosen import settings_from
from redis_resilience.command.twins import LOGINS, in_commands_words
from redis_resilience.deployments.kube.tools import Place, must_have
from redis_resilience.discovery.asking import discover
from redis_resilience.discovery.options import options_for
from redis_resilience.discovery.system import Instance, System
from redis_resilience.model.cluster import ranges_text
from redis_resilience.model.errors import UsageError
from redis_resilience.trials.keeper import context_of, keys_of
from redis_resilience.trials.settings import AUTO, Settings

FORMATS = ("text", "json")
_STARTS = {
    "first": "is master or replica by its number or role",
    "asks": "asks the Sentinels for its master",
    "asks-else-master": "asks the Sentinels, and is master where none answers",
    "alone": "is master",
    "no-master": "is a replica",
}


def settings_of(chosen: Mapping[str, str]) -> Settings:
    """By the names of the plugin's options; without labels it is about all that runs there."""
    return settings_from({"redis_attach": AUTO, **chosen, "redis_backend": "context"})


def discovered(settings: Settings) -> tuple[System, ...]:
    """Every Redis in the namespace that was named. Raises UsageError where there is none."""
    from redis_resilience.deployments.kube.context import ContextSite  # noqa: PLC0415 - costs the Kubernetes client

    must_have("kubectl")
    cluster = ContextSite(context_of(settings), run_id="discover").acquire()
    place = Place(kubeconfig=cluster.kubeconfig, context=cluster.context, namespace=settings.namespace)
    found = discover(place, keys_of(settings))
    if not found:
        raise UsageError(
            f"expected pods that run a Redis server or a Sentinel in namespace {settings.namespace} of context "
            f"{settings.context}; there are none; `kubectl --context {settings.context} get pods --all-namespaces` "
            "shows where they may be"
        )
    return found


def as_json(found: Sequence[System]) -> str:
    return msgspec.json.format(msgspec.json.encode(found), indent=1).decode()


def as_text(found: Sequence[System], settings: Settings) -> str:
    only = len(found) == 1
    return "\n\n".join("\n".join((*_lines(system), *_next_step(system, settings, only=only))) for system in found)


def _lines(system: System) -> Iterable[str]:
    yield f"{system.kind}: {system.name}"
    yield from (f"  {_of_instance(each, system)}" for each in system.instances)
    for each in system.masters:
        yield (
            f"  monitored as {each.name!r} at {each.address}, quorum {each.quorum}, down-after-milliseconds "
            f"{each.down_after_ms}: SENTINEL MASTERS"
        )
    for shard in system.shards:
        yield f"  hash slots {ranges_text(shard.slots)}: {shard.master} of {', '.join(shard.replicas)}: CLUSTER NODES"
    yield from _once(
        (each, f"cluster_state {answer.state}, cluster-node-timeout {answer.node_timeout_ms} ms")
        for each in system.instances
        if (answer := system.answers.get(each.place)) and answer.clustered
    )
    if system.boot:
        yield f"  a server that starts {_STARTS[system.boot.value]}: {system.boot.where}"
    yield from _once((each, f"port {each.port.value}: {each.port.where}") for each in system.instances)
    yield from _once((each, f"TLS: {each.tls.where}") for each in system.instances if each.tls)
    yield from _once(
        (each, f"password in Secret {key}: {key.where}") for each in system.instances for key in each.secrets
    )
    yield from (f"  {pod} is known to the others as {address}" for pod, address in system.announced.items())
    yield from (f"  {front}" for front in system.fronts)
    yield from _once((each, f"may interfere: {said}") for each in system.instances for said in each.disturbances)
    yield from (f"  not known: {in_commands_words(each)}" for each in system.not_known)


def _of_instance(instance: Instance, system: System) -> str:
    answer = system.answers.get(instance.place)
    said = ""
    if answer and not answer.refused:
        role = {"slave": "replica", "sentinel": ""}.get(answer.role, answer.role)
        follows = f" of {answer.follows}, link {'up' if answer.linked else 'down'}" if answer.follows else ""
        said = ": " + ", ".join(filter(None, (answer.version, f"{role}{follows}")))
    owner = " ".join(instance.owner).strip() or "a bare pod"
    return f"{instance.role} {instance.place} at {instance.address}:{instance.port.value}, {owner}{said}"


def _once(told: Iterable[tuple[Instance, str]]) -> Iterable[str]:
    """What is the same for several pods in one line, with the number of the others."""
    pods: dict[str, list[str]] = {}
    for instance, line in told:
        pods.setdefault(line.replace(f"pod {instance.pod}, ", ""), []).append(instance.pod)
    for line, names in pods.items():
        yield f"  {line} (pod {names[0]})" if len(names) == 1 else f"  {line} ({len(names)} pods)"


def _next_step(system: System, settings: Settings, *, only: bool) -> Iterable[str]:
    """only: there is no other system, so nothing of it has to be named."""
    chosen = options_for(system)
    refusals = [*chosen.refusals]
    if system.announced and not only:
        refusals.append("its pods announce addresses of Services, and another Redis is in the namespace")
    if refusals:
        yield from (f"  cannot be attached to yet: {in_commands_words(each)}" for each in refusals)
        return
    if "tls" in chosen.options:
        yield "  TLS: name its CA with --tls-secret NAME or --tls-ca FILE"
    options = {"attach": AUTO} if only else {**chosen.options}
    place = ["--backend", "context", "--context", settings.context, "--namespace", settings.namespace]
    asked = {name: value for name in LOGINS if (value := getattr(settings, name))}
    options |= {name: "/".join(value) if isinstance(value, tuple) else str(value) for name, value in asked.items()}
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
    scenario = "cluster-master-lost" if system.clustered else "master-kill"
    yield f"  to preview a fault: {shlex.join(['redis-resilience', 'plan', scenario, *place, *words])}"
