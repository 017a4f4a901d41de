"""A namespace read and its servers asked: by `kubectl get` and, in their own containers, by the engine's own client.

Nothing is created or changed. Passwords are read from the Secrets that the pods name, where that is allowed, and go to
the client's standard input only.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial

from redis_resilience.deployments.kube.keys import Keys
from redis_resilience.deployments.kube.objects.manifests import kubectl
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.discovery import answers
from redis_resilience.discovery.instances import instances
from redis_resilience.discovery.system import NO_CLIENT, Answer, Instance, Role, System
from redis_resilience.discovery.systems import systems
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import Seen
from redis_resilience.model.access import NO_LOGIN, Login
from redis_resilience.model.errors import DeploymentError

_READ_WITHIN_S = 30.0
_ANSWERED_WITHIN_S = 30.0
_AT_ONCE = 8
_KINDS = "pods,services,configmaps"
_CLIENTS = ("redis-cli", "valkey-cli")
_BY_ANSWER = Seen(value="yes", where="its port closes connections without TLS")
_NO_KEYS = Keys()


def discover(place: Place, keys: Keys = _NO_KEYS) -> tuple[System, ...]:
    """Every Redis in the namespace. keys: users and passwords that the user named; the rest is what the pods name.

    Raises DeploymentError where the cluster does not list its pods.
    """
    objects = listed(place)
    found = instances(objects)
    return systems(objects, found, ask(place, found, _logins(place, keys)))


def listed(place: Place) -> tuple[Tree, ...]:
    """The pods, Services and ConfigMaps of the namespace. Raises DeploymentError where that is not allowed."""
    said = kubectl("get", _KINDS, "--output", "json", place=place, within_s=_READ_WITHIN_S)
    return Tree(json.loads(said)).at("items").each()


def ask(
    place: Place, found: Sequence[Instance], login: Callable[[Instance], Login], *, from_outside: bool = False
) -> Mapping[str, Answer]:
    """By `Instance.place`. from_outside: as in `answers.command`. Each answer takes the cluster about a second."""

    def answer(instance: Instance) -> Answer:
        return _answer(place, instance, login(instance), from_outside=from_outside)

    with ThreadPoolExecutor(_AT_ONCE) as several:
        return dict(zip((each.place for each in found), several.map(answer, found), strict=True))


def _logins(place: Place, keys: Keys) -> Callable[[Instance], Login]:
    """By the passwords that the user named, else by those in the Secrets that pods name; each Secret is read once."""
    value = cache(partial(_value, place))

    def login(instance: Instance) -> Login:
        of_sentinel = instance.role is Role.SENTINEL
        user = keys.sentinel_user if of_sentinel else keys.user
        if named := (of_sentinel and keys.sentinel_password) or keys.password:
            return Login(user=user, password=named.read(value))
        return next((Login(user=user, password=value(*key)) for key in _keys(instance)), NO_LOGIN)

    return login


def _answer(place: Place, instance: Instance, login: Login, *, from_outside: bool) -> Answer:
    def told(masters: Sequence[str] = ()) -> Answer:
        asked = answers.questions(instance, user=login.user, password=login.password, masters=masters)
        return answers.read(instance, _said(place, instance, asked, from_outside=from_outside), masters)

    answer = told()
    if answer.refused == answers.NOTHING and instance.certificate and not instance.tls:
        # A port that speaks TLS closes such a connection; which a script may decide that cannot be read.
        instance = replace(instance, tls=_BY_ANSWER)
        answer = replace(told(), tls=True)
    names = [each.name for each in answer.monitored]
    return replace(told(names), tls=answer.tls) if names else answer


def _said(place: Place, instance: Instance, questions: str, *, from_outside: bool) -> str:
    complaint = ""
    for program in _CLIENTS:
        words = ("exec", "--stdin", instance.pod, "--container", instance.container, "--")
        command = answers.command(instance, program, from_outside=from_outside)
        try:
            return kubectl(*words, *command, place=place, given=questions.encode(), within_s=_ANSWERED_WITHIN_S)
        except DeploymentError as error:
            complaint = str(error)
        if NO_CLIENT not in complaint:
            break
    return complaint


def _keys(instance: Instance) -> Iterator[tuple[str, str]]:
    """Of the Secrets that it names: those for its role before those for both."""
    for key in sorted(instance.secrets, key=lambda each: each.of is not instance.role):
        if key.of in (None, instance.role):
            yield key.name, key.key


def _value(place: Place, name: str, key: str) -> str:
    try:
        secret = kubectl("get", "secret", name, "--output", "json", place=place, within_s=_READ_WITHIN_S)
    except DeploymentError:
        return ""
    return base64.b64decode(json.loads(secret).get("data", {}).get(key, "")).decode(errors="replace")
