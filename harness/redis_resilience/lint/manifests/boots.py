"""How a starting server finds its role, read from its scripts and from its configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from redis_resilience.lint.manifests.program import Program
from redis_resilience.lint.manifests.servers import FOLLOWS, is_master, own_starts
from redis_resilience.lint.manifests.shell import code, lines
from redis_resilience.lint.setup import Seen, Server, Service

_ASKS = re.compile(
    r"get-(?:master|primary)-addr-by-name|sentinel\s+(?:master|primary)\b|info\s+replication|role:master", re.IGNORECASE
)
"""The Sentinels, or the other servers themselves."""
_EMPTY = re.compile(r"""-z\s+["']?\$\{?(\w+)|["']x?\$\{?(\w+)[^"']*["']\s*==?\s*(?:x?["']{2}|x)\s*\]""")
_FULL = re.compile(
    r"""-n\s+["']?\$\{?(\w+)|["']?x?\$\{?(\w+)[^"'\s]*["']?\s*!=\s*(?:["']{2}|x)|\[\s+["']?\$\{?(\w+)\}?["']?\s+\]"""
)
_FOLLOWED = re.compile(r"(?:replicaof|slaveof)[\s\"']+\$\{?(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """kind: "asks", "asks-else-master", "by-role" (a script decides), "master", "follows", or "" where it is not seen.
    host: that it follows.
    """

    kind: str
    where: str
    workload: str
    count: int
    host: str = ""


def boot_of(program: Program, servers: Sequence[Server], where: str, *, workload: str, count: int) -> Boot:
    """Of one container."""

    def boot(kind: str, host: str = "") -> Boot:
        return Boot(kind=kind, where=where, workload=workload, count=count, host=host)

    if is_master(program):
        return boot("by-role")
    said = "\n".join(text.body if text.is_file else code(text.body) for text in program.texts)
    if _ASKS.search(said):
        return boot("asks-else-master" if _else_master(program) else "asks")
    followed = [server.settings.get("replicaof") for server in servers]
    if any(each is None for each in followed):
        return boot("by-role" if program.complete and FOLLOWS.search(said) else "")
    hosts = [each.value.split()[0] for each in followed if each and each.value and each.value != "no one"]
    if hosts and len(hosts) == len(followed):
        return boot("follows", hosts[0])
    return boot("by-role" if hosts else "master")


def _else_master(program: Program) -> bool:
    """Whether it starts a server that follows no other where the answer is empty, and a follower where it is not."""
    starts = {start.line for start in own_starts(program)}
    for text in program.texts:
        script = [line for line in lines(text.body) if line.text in starts] if not text.is_file else []
        answers = {match[1] for line in script for match in _FOLLOWED.finditer(line.text)}
        follows = False
        for line in script:
            if FOLLOWS.search(line.text):
                follows = follows or (len(line.conditions) == 1 and _is_given(line.conditions[0], answers))
            elif line.conditions and _is_empty(line.conditions[-1], answers):
                return bool(answers)
            elif follows and not line.conditions:
                return True
    return False


def _is_empty(condition: str, answers: set[str]) -> bool:
    """Whether this says that there was no answer."""
    if condition.startswith("! "):
        return _is_given(condition.removeprefix("! "), answers)
    return _about(_EMPTY, condition, answers)


def _is_given(condition: str, answers: set[str]) -> bool:
    if condition.startswith("! "):
        return _is_empty(condition.removeprefix("! "), answers)
    return _about(_FULL, condition, answers) or bool(_ASKS.search(condition) and "$(" not in condition)


def _about(test: re.Pattern[str], condition: str, answers: set[str]) -> bool:
    match = test.search(condition)
    return bool(match and {group for group in match.groups() if group} & answers)


def resolve(boots: Iterable[Boot], services: Iterable[Service], *, sentinels: bool) -> Seen | None:
    """Of a deployment: one pod that is always master is one too many, whatever the others ask."""
    known = tuple(boots)
    kinds = {boot.kind for boot in known}
    if "asks-else-master" in kinds:
        return _seen("asks-else-master", known, "asks-else-master")
    if "by-role" in kinds or {"follows", "master"} <= kinds:
        return _seen("first", known, "by-role", "follows")
    if "" in kinds:
        return None
    if "follows" in kinds:
        nowhere = "asks" not in kinds and _nowhere(known, services)
        return _seen("no-master" if nowhere else "first", known, "follows")
    if "asks" in kinds:
        return _seen("asks", known, "asks")
    many = sum(boot.count for boot in known) > 1 if sentinels else any(boot.count > 1 for boot in known)
    return _seen("alone", known, "master") if many else None


def _nowhere(known: Sequence[Boot], services: Iterable[Service]) -> bool:
    """Whether followers follow followers only."""
    followers = {boot.workload for boot in known}
    led_to = {service.name: set(service.selects) for service in services}
    return all(_among(boot, followers, led_to) for boot in known)


def _among(boot: Boot, followers: set[str], led_to: dict[str, set[str]]) -> bool:
    """Whether a follower's master is one of the followers themselves."""
    first, _, rest = boot.host.partition(".")
    own_pod = boot.workload.startswith("StatefulSet ") and re.fullmatch(
        rf"{re.escape(boot.workload.removeprefix('StatefulSet '))}-\d+", first
    )
    led = led_to.get(first, set())
    return bool(own_pod and rest) or (bool(led) and led <= followers)


def _seen(value: str, boots: Sequence[Boot], *kinds: str) -> Seen:
    places = [boot for kind in kinds for boot in boots if boot.kind == kind]
    shown = f" replicaof {places[0].host}" if places[0].host else ""
    return Seen(value=value, where=f"{places[0].where}{shown}")
