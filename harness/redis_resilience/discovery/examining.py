"""Whether servers and Sentinels that a user chose are what a run could attach to, before a probe is there.

They are asked by the engine's own client in their containers, at the addresses where others reach them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from redis_resilience.deployments.kube.attachment import Attachment, Found, master_meant
from redis_resilience.deployments.kube.keys import TLS_KEYS
from redis_resilience.deployments.kube.refusals import advice, in_short
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.discovery.answers import NOTHING
from redis_resilience.discovery.asking import ask, listed
from redis_resilience.discovery.instances import instances
from redis_resilience.discovery.system import Answer, Instance, Role
from redis_resilience.lint.setup import Seen
from redis_resilience.model.access import Access
from redis_resilience.model.endpoint import Endpoint, pod_at
from redis_resilience.model.errors import DeploymentError, UsageError

_REFUSALS = ("NOAUTH", "NOPERM", "WRONGPASS", "DENIED", "Could not connect")
"""Of a server. Anything else says that it could not be asked: there may be no client in its container."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """clustered: None where that could not be asked. objections: why a run would be refused; of servers that do not
    answer, and of such Sentinels, by the first.
    """

    clustered: bool | None = None
    objections: tuple[str, ...] = ()


def examine(place: Place, attachment: Attachment, found: Found, access: Access) -> Examined:
    """Where clients need a certificate, each is shown the one that is in its container for its own connections; no key
    is taken there. Where a pod neither says where that is nor mounts the Secret of the user's, nothing is asked.
    """
    asked = tuple(_instances(found, access))
    if access.servers.tls and access.servers.tls.certificate:
        asked = _with_certificates(place, asked, attachment.keys.tls.secret if attachment.keys.tls else "")
        if not all(each.certificate for each in asked):
            return Examined()
    answers = ask(
        place,
        asked,
        lambda each: access.sentinels if each.role is Role.SENTINEL else access.servers,
        from_outside=True,
    )
    of_servers = {each.pod: answers[each.place] for each in asked if each.role is Role.REDIS}
    of_sentinels = {each.pod: answers[each.place] for each in asked if each.role is Role.SENTINEL}
    refusals = {each.role: (each, said) for each in reversed(asked) if (said := _refusal(answers[each.place]))}
    objections = [
        f"expected {each.place} to answer at {each.address}:{each.port.value}; got: {in_short(said)}; "
        f"{advice(said, sentinel=each.role is Role.SENTINEL)}"
        for each, said in refusals.values()
    ]
    answered = [answer for answer in of_servers.values() if not answer.refused]
    clustered = any(answer.clustered for answer in answered) if answered else None
    if clustered is False:
        objections += _of_sentinels(of_servers, of_sentinels, attachment, found)
    return Examined(clustered=clustered, objections=tuple(objections))


def _with_certificates(place: Place, several: Sequence[Instance], secret: str) -> tuple[Instance, ...]:
    try:
        seen = {each.place: each for each in instances(listed(place))}
    except DeploymentError:  # ConfigMaps may not be listed: attaching by labels does not need that
        return tuple(several)
    return tuple(
        replace(each, certificate=_certificate(seen[each.place], secret)) if each.place in seen else each
        for each in several
    )


def _certificate(instance: Instance, secret: str) -> tuple[str, str] | tuple[()]:
    folder = instance.secret_folders.get(secret)
    _, certificate, key = TLS_KEYS
    return instance.certificate or ((f"{folder}/{certificate}", f"{folder}/{key}") if folder else ())


def _refusal(answer: Answer) -> str:
    """In the words of the server, or of its client."""
    if answer.refused == NOTHING:
        return "Connection refused, or no answer"
    word = next((each for each in _REFUSALS if each in answer.refused), "")
    return word + answer.refused.partition(word)[2] if word else ""


def _instances(found: Found, access: Access) -> Iterator[Instance]:
    for pod in found.pods:
        for container, name in found.roles[pod.name].items():
            role = Role(name)
            tls = access.sentinels.tls if role is Role.SENTINEL else access.servers.tls
            yield Instance(
                pod=pod.name,
                container=container,
                role=role,
                address=pod.address,
                image="",
                port=Seen(value=str(found.ports[name]), where="--redis-port"),
                owner=pod.owner,
                labels={},
                tls=Seen(value="yes", where="--redis-tls") if tls else None,
            )


def _of_sentinels(
    servers: Mapping[str, Answer], sentinels: Mapping[str, Answer], attachment: Attachment, found: Found
) -> Iterator[str]:
    if found.without_sentinels:
        yield found.without_sentinels
        return
    answered = {pod: answer for pod, answer in sentinels.items() if not answer.refused}
    try:
        named = {pod: [each.name for each in answer.monitored] for pod, answer in answered.items()}
        meant = master_meant(named, attachment) if named else ""
    except UsageError as error:
        yield str(error)
        return
    endpoints = found.endpoints("redis")
    told: dict[str, list[str]] = {}
    for pod, answer in answered.items():
        for each in answer.monitored:
            if each.name == meant:
                told.setdefault(each.address, []).append(f"the Sentinel of {pod} names")
    for pod, answer in servers.items():
        if answer.follows:
            told.setdefault(answer.follows, []).append(f"{pod} follows")
    for address, several in told.items():
        if not _known(address, endpoints):
            yield _stranger(f"a pod of {attachment.selector!r} at {address}, which {', '.join(several)}", endpoints)


def _known(address: str, endpoints: Mapping[str, Endpoint]) -> bool:
    host, _, port = address.rpartition(":")
    return bool(pod_at(host, int(port or 0), endpoints))


def _stranger(what: str, endpoints: Mapping[str, Endpoint]) -> str:
    known = ", ".join(f"{name} at {endpoint}" for name, endpoint in endpoints.items())
    return (
        f"expected {what}; got {known}; choose labels of all its servers with --redis-attach; addresses of Services "
        "that pods announce are known to --redis-attach=auto"
    )
