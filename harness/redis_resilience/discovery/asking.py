"""A namespace read and its servers asked: by `kubectl get` and, in their own containers, by the engine's own client.

Nothing is created or changed. Passwords are read from the Secrets that the pods name, where that is allowed, and go to
the client's standard input only.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence

from redis_resilience.deployments.kube.objects.manifests import kubectl
from redis_resilience.deployments.kube.tools import Place
from redis_resilience.discovery import answers
from redis_resilience.discovery.instances import instances
from redis_resilience.discovery.system import Answer, Instance, System
from redis_resilience.discovery.systems import systems
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.model.errors import DeploymentError

_READ_WITHIN_S = 30.0
_ANSWERED_WITHIN_S = 10.0
_KINDS = "pods,services,configmaps"
_CLIENTS = ("redis-cli", "valkey-cli")


def discover(place: Place, secret: tuple[str, str] | None = None) -> tuple[System, ...]:
    """Every Redis in the namespace. secret: name and key of the password, where no pod names it.

    Raises DeploymentError where the cluster does not list its pods.
    """
    listed = json.loads(kubectl("get", _KINDS, "--output", "json", place=place, within_s=_READ_WITHIN_S))
    objects = Tree(listed).at("items").each()
    found = instances(objects)
    return systems(objects, found, ask(place, found, secret))


def ask(place: Place, found: Sequence[Instance], secret: tuple[str, str] | None = None) -> Mapping[str, Answer]:
    """By `Instance.place`."""
    known: dict[tuple[str, str], str] = {}

    def password(instance: Instance) -> str:
        for key in (secret, *_keys(instance)):
            if key is not None:
                if key not in known:
                    known[key] = _value(place, *key)
                return known[key]
        return ""

    return {each.place: _answer(place, each, password(each)) for each in found}


def _answer(place: Place, instance: Instance, password: str) -> Answer:
    first = _said(place, instance, answers.questions(instance, password=password))
    answer = answers.read(instance, first)
    names = [each.name for each in answer.monitored]
    if not names:
        return answer
    return answers.read(
        instance, _said(place, instance, answers.questions(instance, password=password, masters=names)), names
    )


def _said(place: Place, instance: Instance, questions: str) -> str:
    complaint = ""
    for program in _CLIENTS:
        words = ("exec", "--stdin", instance.pod, "--container", instance.container, "--")
        command = answers.command(instance, program)
        try:
            return kubectl(*words, *command, place=place, given=questions.encode(), within_s=_ANSWERED_WITHIN_S)
        except DeploymentError as error:
            complaint = str(error)
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
