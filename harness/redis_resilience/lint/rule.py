"""A rule: a question about a deployment, and all that a reader of its answer needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from redis_resilience.lint.setup import Directives, Seen, Setup
from redis_resilience.model.lint import Severity


class Needs(StrEnum):
    """What must be described at all for a rule to have a question."""

    SERVERS = "data servers"
    SENTINELS = "Sentinels"
    PODS = "Kubernetes objects"
    LIVE = "running Sentinels"
    CLUSTER = "a Redis Cluster"
    COUNT = "number of servers and Sentinels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """The rule found what it looks for."""

    seen: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The rule's question could not be answered."""

    text: str
    where: str


Answers = Iterator[Hit | Missing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """id: stable, kebab-case. about: the question in a few words. source: an incident, a document, a measurement.

    scenario: shows the damage; "" where no fault can. in_cluster: shows it of a Redis Cluster, where that is another
    one. check: yields an answer for each place that has one; nothing is clean.
    """

    id: str
    severity: Severity
    about: str
    why: str
    source: str
    fix: str
    needs: tuple[Needs, ...]
    check: Callable[[Setup], Answers]
    scenario: str = ""
    in_cluster: str = ""

    def shown_by(self, *, clustered: bool) -> str:
        return (clustered and self.in_cluster) or self.scenario


def value(settings: Directives, name: str) -> Seen | Missing:
    """A directive, or the answer that it was not seen."""
    return settings.get(name) or Missing(text=settings.why_not(name), where=settings.where)
