"""One container of a pod as the rules see it: its role, its limits, and how it is kept alive and stopped."""

from __future__ import annotations

import re

from redis_resilience.lint.manifests.images import role_by_image
from redis_resilience.lint.manifests.program import STARTS, Program
from redis_resilience.lint.manifests.servers import is_master
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import Container, Probe

_MEMORY = re.compile(r"([\d.]+)([KMGTP]i?)?")
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_OWN = {6379, 26379}
"""The ports of servers and Sentinels."""
_SLEEPS = re.compile(r"\bsleep\s+(\d+)")


def serves(container: Tree) -> bool:
    """Whether a container says that it is a server or a Sentinel, by its ports or in its command."""
    said = " ".join(word.text() for name in ("command", "args") for word in container.at(name).each())
    return bool(_OWN & {number for _, number in _ports(container)} or STARTS.search(said))


def role_of(container: Tree, program: Program, *, beside_server: bool = False) -> str:
    """What a container is, in the terms of `Container`: by what it starts, and where an image or a script that is not
    here does that, by image, ports and variables. Never by its name. beside_server: whether another one serves.
    """
    sentinel = {start.sentinel for start in program.starts}
    if len(sentinel) == 1:
        return "sentinel" if sentinel.pop() else "redis"
    ports = tuple(number for _, number in _ports(container))
    declared = bool(_OWN & set(ports))
    may_start = declared or not beside_server if program.unread else declared and not program.shell
    if not sentinel and not program.own and not may_start:
        return "other"
    if program.environment.get("SENTINEL") == "true":
        return "sentinel"
    if is_master(program):
        return "redis"
    return role_by_image(program.image, ports)


def container_of(container: Tree, program: Program, role: str, where: str) -> Container:
    limits = container.at("resources", "limits")
    hook = container.at("lifecycle", "preStop")
    return Container(
        name=container.at("name").text(),
        role=role,
        image=container.at("image").text(),
        where=where,
        liveness=_probe(container, "livenessProbe", program),
        readiness=_probe(container, "readinessProbe", program),
        pre_stop=bool(hook),
        pre_stop_s=_slept(hook, program),
        ports=_ports(container),
        cpu_limit_m=_millis(limits.at("cpu").text()),
        memory_limit=_bytes(limits.at("memory").text()),
        swallows_signals=_swallows(program, role),
    )


def _ports(container: Tree) -> tuple[tuple[str, int], ...]:
    return tuple((port.at("name").text(), port.at("containerPort").number(0)) for port in container.at("ports").each())


def _swallows(program: Program, role: str) -> bool | None:
    if not program.shell:
        return False if program.starts else None
    starts = [start for start in program.starts if start.sentinel == (role == "sentinel")]
    if not starts:
        return None
    if all(start.replaces for start in starts):
        return False
    alone = len(program.texts) == 1 and program.texts[0].body.strip() == starts[0].line.strip()
    return None if alone else True  # one command alone: most shells let it take their place


def _slept(hook: Tree, program: Program) -> int:
    said = _run(hook.at("exec", "command"), program) or ""
    return max([hook.at("sleep", "seconds").number(0), *(int(number) for number in _SLEEPS.findall(said))])


def _run(command: Tree, program: Program) -> str | None:
    """A command with the scripts that it runs; None where one of them is not here."""
    text: str | None = " ".join(word.text() for word in command.each())
    for path in re.findall(r"/[\w./-]+\.sh\b", text or ""):
        script = program.file_at(path)
        text = f"{text}\n{script.body}" if script and text else None
    return text


def _probe(container: Tree, name: str, program: Program) -> Probe | None:
    probe = container.at(name)
    if not probe:
        return None
    return Probe(
        kind=next((name for name, _ in probe.items() if name in ("exec", "tcpSocket", "httpGet", "grpc")), "exec"),
        text=_run(probe.at("exec", "command"), program),
        first_after_s=probe.at("initialDelaySeconds").number(0),
        period_s=probe.at("periodSeconds").number(10),
        failures=probe.at("failureThreshold").number(3),
        startup_probe=bool(container.at("startupProbe")),
    )


def _millis(text: str) -> int | None:
    if not text:
        return None
    try:
        return int(text[:-1]) if text.endswith("m") else round(float(text) * 1000)
    except ValueError:
        return None


def _bytes(text: str) -> int | None:
    match = _MEMORY.fullmatch(text)
    if match is None:
        return None
    unit = match[2] or ""
    base = 1024.0 if unit.endswith("i") else 1000.0
    return round(float(match[1]) * float(base ** _POWERS.get(unit[:1], 0)))
