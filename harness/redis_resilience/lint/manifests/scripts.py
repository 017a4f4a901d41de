"""Directives in scripts that write a configuration file or pass them on; a Sentinel's in files and scripts alike.

A directive is read where a line says it with literal values, or with variables whose values are literal too. One that
a script names in any other way, or under a condition, is known to be set, but not to which value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from redis_resilience.lint.manifests.directives import (
    KNOWN,
    PASSWORDS,
    Found,
    canonical,
    is_placeholder,
    of_flags,
    of_words,
    split,
)
from redis_resilience.lint.manifests.shell import Line, code, expand, said
from redis_resilience.lint.setup import OF_SENTINEL, SECRET

_AT_RUN_TIME = re.compile(r"config\s+(?:set|get)\s+\S+(?:\s+\S+)?", re.IGNORECASE)
_LOOKED_FOR = re.compile(r"\bgrep\s+(?:-\S+\s+)*(?:'[^']*'|\"[^\"]*\"|[\w-]+)")
_MONITOR = re.compile(r"sentinel\s+monitor\s+(.*)", re.IGNORECASE)
_WORD = r"[\"']?([^\s\"'\\)]+)[\"']?"
_NUMBERS = ("down-after-milliseconds", "failover-timeout", "parallel-syncs", "ping-period")


def of_script(script: Iterable[Line], variables: Mapping[str, str]) -> Iterator[Found]:
    """The directives that a script writes into a file or passes on, and those that it only names.

    One that it sets to several things is set to one of them, and which is not known.
    """
    read: dict[str, str | None] = {}
    texts: list[str] = []
    for line in script:
        text = _LOOKED_FOR.sub("", _AT_RUN_TIME.sub("", line.text))
        texts.append(text)
        for each in _in_line(text, variables):
            value = each.value if line.sure else None
            if each.name in ("save", "rename-command") and read.get(each.name) and value:
                value = f"{read[each.name]} {value}"
                read[each.name] = value
            read[each.name] = value if read.get(each.name, value) == value else None
    yield from (Found(name=name, value=value) for name, value in read.items())
    whole = "\n".join(texts)
    for name in sorted({canonical(each) for each in KNOWN} - set(read) - OF_SENTINEL):
        unmistakable = name in PASSWORDS or "-" in name or name.startswith("append")
        if unmistakable and re.search(rf"(?<![\w./-]){name}(?=[\s\"'=]|$)", whole):
            yield Found(name=name, value=None)


def _in_line(text: str, variables: Mapping[str, str]) -> Iterator[Found]:
    yield from of_flags(text, variables)
    for written in said(text, variables) or (expand(text, variables),):
        line = split(written)
        if len(line) > 1 and canonical(line[0]) in KNOWN - {"include"}:
            yield from of_words(canonical(line[0]), line[1:])


def of_sentinel(text: str, variables: Mapping[str, str]) -> Iterator[Found]:
    """The directives of a sentinel.conf, or of a script that writes one or configures a Sentinel.

    monitor comes as `monitored` (its host) and `quorum`, and names the master.
    """
    text = expand(_LOOKED_FOR.sub("", code(text)), variables)
    for arguments in _MONITOR.findall(text):
        yield from _monitor(arguments)
    for name in _NUMBERS:
        for first, second in re.findall(rf"(?<![\w-]){name}\s+{_WORD}(?:\s+{_WORD})?", text, re.IGNORECASE):
            number = next((word for word in (first, second) if word.isdecimal()), None)
            yield Found(name=name, value=number, master="" if first.isdecimal() else first)
    for name in ("announce-hostnames", "resolve-hostnames"):
        for word in re.findall(rf"(?<![\w-]){name}\s+{_WORD}", text, re.IGNORECASE):
            yield Found(name=name, value=word.lower() if word.lower() in ("yes", "no") else None)
    for name in ("myid", "announce-ip"):
        for word in re.findall(rf"sentinel\s+{name}\s+{_WORD}", text, re.IGNORECASE):
            yield Found(name=name, value=None if is_placeholder(word) else word)
    for master in re.findall(rf"sentinel\s+(?:set\s+{_WORD}\s+)?auth-pass\s+{_WORD}", text, re.IGNORECASE):
        yield Found(name="auth-pass", value=SECRET, master=next(word for word in master if word))
    for master, old, new in re.findall(
        rf"sentinel\s+rename-command\s+{_WORD}\s+{_WORD}\s+{_WORD}", text, re.IGNORECASE
    ):
        yield Found(name="rename-command", value=f"{old} {new}", master=master)


def _monitor(arguments: str) -> Iterator[Found]:
    words = [word.strip("\"'") for word in arguments.split()]
    port = next((number for number, word in enumerate(words) if word.isdecimal()), None)
    if port is None or port + 1 >= len(words):
        yield from (Found(name=name, value=None) for name in ("monitored", "quorum"))
        return
    host = words[1] if port == 2 else ""
    yield Found(name="monitored", value=host if host and "$" not in host else None, master=words[0])
    quorum = words[port + 1].rstrip(");\"'\\n")
    yield Found(name="quorum", value=quorum if quorum.isdecimal() else None, master=words[0])
