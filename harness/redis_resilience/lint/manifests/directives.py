"""Directives in configuration files, on command lines and in scripts.

A script is not run: a directive is read where a line says it with literal values, or with variables whose values are
literal too. One that a script names in any other way is known to be set, and not known to what.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from redis_resilience.lint.setup import DEFAULTS, SECRET

_ALIASES = {
    "min-slaves-max-lag": "min-replicas-max-lag",
    "min-slaves-to-write": "min-replicas-to-write",
    "primaryauth": "masterauth",
    "slave-priority": "replica-priority",
}
PASSWORDS = frozenset({"auth-pass", "masterauth", "requirepass"})
_OF_SENTINEL = frozenset(
    {
        "announce-hostnames",
        "auth-pass",
        "down-after-milliseconds",
        "failover-timeout",
        "myid",
        "parallel-syncs",
        "ping-period",
        "resolve-hostnames",
    }
)
_KNOWN = frozenset({*DEFAULTS, *_ALIASES, "dir"})
_VARIABLE = re.compile(r"\$\{(\w+)(?::?-([^}]*))?\}|\$(\w+)")
_ASSIGNED = re.compile(
    r"^\s*(?:export\s+)?([A-Za-z_]\w*)=(\"[^\"$`]*(?:\$\w+[^\"$`]*|\$\{\w+\}[^\"$`]*)*\"|[^\s;\"'`()]*)\s*$"
)
_FLAG = re.compile(r"--([a-z][a-z-]+)[\"']?[\s=]+(\"[^\"]*\"|'[^']*'|[^\s\"'()]+)")
_SAID = re.compile(r"^(?:echo|printf)?\s*[\"']?([a-z][a-z-]+)\s+([^\"'\\]+?)(?:\\n)?[\"']?(?:\s*>>?.*)?$")
_AT_RUN_TIME = re.compile(r"config\s+(?:set|get)\s+\S+(?:\s+\S+)?", re.IGNORECASE)
_LOOKED_FOR = re.compile(r"\bgrep\s+(?:-\S+\s+)*(?:'[^']*'|\"[^\"]*\")")
_MONITOR = re.compile(r"sentinel\s+monitor\s+(.*)", re.IGNORECASE)
_WORD = r"[\"']?([^\s\"'\\)]+)[\"']?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A directive in a text. value: None where it is set to what cannot be read."""

    name: str
    value: str | None


def expand(text: str, variables: Mapping[str, str]) -> str:
    """The text with variables that are known; what is not stays as it is."""

    def told(match: re.Match[str]) -> str:
        value = variables.get(match[1] or match[3])
        return (match[2] or match[0]) if value is None else value

    for _ in range(4):  # a variable may hold another
        if (after := _VARIABLE.sub(told, text)) == text:
            break
        text = after
    return text


def code(script: str) -> str:
    """A script without its comments, continued lines joined."""
    lines = script.replace("\\\n", " ").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))


def commands(script: str) -> tuple[str, ...]:
    """The commands of a script, as far as semicolons and ends of lines tell them apart."""
    return tuple(code(script).replace(";", "\n").splitlines())


def assigned(script: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a script sets to something literal, beside those that it is given.

    One that it sets to several things is not known.
    """
    found = dict(variables)
    own: dict[str, str] = {}
    for line in code(script).splitlines():
        if match := _ASSIGNED.match(line):
            name, value = match[1], expand(match[2].strip("\"'"), found)
            if own.get(name, value) != value:
                value = f"${name}"
            own[name] = found[name] = value
    return {name: value for name, value in found.items() if value != f"${name}"}


def of_file(text: str) -> Iterator[Found]:
    """The directives of a redis.conf."""
    points: list[str] = []
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        name = _ALIASES.get(name.lower(), name.lower())
        if name == "save":
            points.append(_plain(value))
        elif name and not name.startswith("#") and name != "sentinel":
            yield _found(name, _plain(value))
    if points:
        yield Found(name="save", value=" ".join(points).strip())


def of_flags(line: str, variables: Mapping[str, str]) -> Iterator[Found]:
    """The directives of a command line: --appendonly yes."""
    for name, value in _FLAG.findall(expand(line, variables)):
        if _ALIASES.get(name, name) in _KNOWN:
            yield _found(_ALIASES.get(name, name), _plain(value))


def of_script(script: str, variables: Mapping[str, str]) -> Iterator[Found]:
    """The directives that a script writes into a file or passes on, and those that it only names.

    One that it sets to several things is set to one of them, nobody knows which.
    """
    text = _LOOKED_FOR.sub("", _AT_RUN_TIME.sub("", code(script)))
    read: dict[str, str | None] = {}
    for line in text.splitlines():
        said = _SAID.match(expand(line.strip(), variables))
        found = [*of_flags(line, variables)]
        if said and (name := _ALIASES.get(said[1], said[1])) in _KNOWN:
            found.append(_found(name, said[2]))
        for each in found:
            read[each.name] = each.value if read.get(each.name, each.value) == each.value else None
    yield from (Found(name=name, value=value) for name, value in read.items())
    for name in sorted(_KNOWN - set(read) - _OF_SENTINEL):
        unmistakable = name in PASSWORDS or "-" in name or name.startswith("append")
        if unmistakable and re.search(rf"(?<![\w./-]){name}(?=[\s\"'=]|$)", text):
            yield Found(name=name, value=None)


def of_sentinel(text: str, variables: Mapping[str, str]) -> Iterator[Found]:
    """The directives of a sentinel.conf, or of a script that writes one or tells a Sentinel.

    monitor comes as `monitored` (its host) and `quorum`.
    """
    text = expand(_LOOKED_FOR.sub("", code(text)), variables)
    for arguments in _MONITOR.findall(text):
        words = [word.strip("\"'") for word in arguments.split()]
        port = next((number for number, word in enumerate(words) if word.isdecimal()), None)
        if port is None or port + 1 >= len(words):
            yield from (Found(name=name, value=None) for name in ("monitored", "quorum"))
            continue
        host = words[1] if port == 2 else ""
        yield Found(name="monitored", value=host if host and "$" not in host else None)
        quorum = words[port + 1].rstrip(");\"'")
        yield Found(name="quorum", value=quorum if quorum.isdecimal() else None)
    for name in ("down-after-milliseconds", "failover-timeout", "parallel-syncs", "ping-period"):
        for first, second in re.findall(rf"(?<![\w-]){name}\s+{_WORD}(?:\s+{_WORD})?", text):
            number = next((word for word in (first, second) if word.isdecimal()), None)
            yield Found(name=name, value=number)
    for name in ("announce-hostnames", "resolve-hostnames"):
        for word in re.findall(rf"(?<![\w-]){name}\s+{_WORD}", text):
            yield Found(name=name, value=word if word in ("yes", "no") else None)
    for name in ("auth-pass", "myid"):
        if re.search(rf"sentinel\s+(?:set\s+\S+\s+)?{name}\s+\S", text):
            yield Found(name=name, value=SECRET)


def words(line: str) -> tuple[str, ...]:
    """The words of a shell line, as far as it can be split."""
    try:
        return tuple(shlex.split(line, comments=True))
    except ValueError:
        return tuple(word.strip("\"'") for word in line.split())


def _found(name: str, value: str) -> Found:
    if name in PASSWORDS:
        return Found(name=name, value=SECRET if value else "")
    return Found(name=name, value=None if "$" in value or "`" in value else value)


def _plain(value: str) -> str:
    return value.strip().strip("\"'").strip()
