"""Directives as Redis reads them: in a configuration file and on a command line.

Any white space separates words, names and yes/no are taken in any case, quotes may hold an empty word, `include` reads
another file at its place (src/config.c, loadServerConfigFromString; src/sds.c, sdssplitargs; 7.0).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from redis_resilience.lint.manifests.shell import expand, words
from redis_resilience.lint.setup import DEFAULTS, SECRET

_ALIASES = {
    "min-slaves-max-lag": "min-replicas-max-lag",
    "min-slaves-to-write": "min-replicas-to-write",
    "primaryauth": "masterauth",
    "slave-announce-ip": "replica-announce-ip",
    "slave-announce-port": "replica-announce-port",
    "slave-priority": "replica-priority",
    "slaveof": "replicaof",
}
PASSWORDS = frozenset({"auth-pass", "masterauth", "requirepass"})
_FILES = frozenset(f"tls-{of}{what}-file" for of in ("", "client-") for what in ("cert", "key"))
KNOWN = frozenset({*DEFAULTS, *_ALIASES, *_FILES, "aclfile", "dir", "include", "user"})
_WORDS = frozenset({"yes", "no", "always", "everysec"})
_PLACEHOLDER = re.compile(r"[$`]|%s|\{\{|__\w+__|@\w+@|<[\w-]+>")
_ENDS = ("&", "|", ";", "<", ">", "2>")
"""What ends a command in a shell's line."""

Included = Callable[[str], str | None]
"""The text of a file that another one includes; None where it is not there to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A directive in a text. value: None where it is set to what cannot be read. master: the one that a Sentinel's
    directive is about, "" where it is about none or about all.

    An `include` without a value hides whatever the file that it names may set.
    """

    name: str
    value: str | None
    master: str = ""


def canonical(name: str) -> str:
    """The name that a directive has today."""
    return _ALIASES.get(name.lower(), name.lower())


def split(line: str) -> tuple[str, ...]:
    """The words of a line of a configuration file; none of a comment."""
    if line.lstrip().startswith("#"):
        return ()
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
    try:
        return tuple(lexer)
    except ValueError:
        return tuple(word.strip("\"'") for word in line.split())


def of_file(text: str, included: Included = lambda _: None) -> Iterator[Found]:
    """The directives of a redis.conf, save points combined; those of a Sentinel are not among them."""
    points: list[str] | None = None
    for name, values in _lines(text, included):
        if name == "save":
            points = [] if values in ((), ("",)) else [*(points or []), *values]
        elif name == "include":
            yield Found(name=name, value=None)
        elif name != "sentinel":
            yield from of_words(name, values)
    if points is not None:
        yield Found(name="save", value=_readable(" ".join(points)))


def _lines(text: str, included: Included, depth: int = 0) -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in text.splitlines():
        said = split(line)
        if not said:
            continue
        name, values = canonical(said[0]), said[1:]
        if name != "include":
            yield name, values
            continue
        for path in values:
            body = included(path) if depth < 8 else None  # one that includes itself
            if body is None:
                yield name, (path,)
            else:
                yield from _lines(body, included, depth + 1)


def of_words(name: str, values: Sequence[str]) -> Iterator[Found]:
    """One directive. A user of an ACL file other than the default one is no directive of interest."""
    value = " ".join(values).strip()
    if name == "rename-command":
        value = " ".join(word or '""' for word in values)
    elif name == "user":
        if values[:1] == ("default",):
            yield Found(name="aclfile", value=SECRET)
        return
    if name in PASSWORDS:
        yield Found(name=name, value=SECRET if value else "")
    else:
        yield Found(name=name, value=_readable(value.lower() if value.lower() in _WORDS else value))


def of_flags(line: str, variables: Mapping[str, str]) -> Iterator[Found]:
    """The directives of a command line: --appendonly yes, --save "" --port 7000."""
    said: list[str] = []
    for word in words(expand(line, variables).replace("(", " ").replace(")", " ")):
        said += split(word) if word.startswith("--") and " " in word else (word,)  # "--port 7000" as one word
    points: list[str] | None = None
    for position, word in enumerate(said):
        name, equals, value = word.removeprefix("--").partition("=")
        name = canonical(name)
        if not word.startswith("--") or name not in KNOWN:
            continue
        values = [value] if equals else list(_values(said[position + 1 :]))
        if name == "save":
            points = [] if not any(values) else [*(points or []), *values]
        elif values:
            yield from of_words(name, tuple(values))
    if points is not None:
        yield Found(name="save", value=_readable(" ".join(points)))


def _values(said: Sequence[str]) -> Iterator[str]:
    for word in said:
        if word.startswith(("--", *_ENDS)) and word != SECRET:
            return
        yield word


def _readable(value: str) -> str | None:
    return None if is_placeholder(value) else value


def is_placeholder(value: str) -> bool:
    """Whether something must be substituted in this word first: by a shell, printf, sed, a template."""
    return bool(_PLACEHOLDER.search(value))
