"""Configuration files by themselves: their settings, but nothing of how many servers start with them and where."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from redis_resilience.lint.manifests.directives import KNOWN, Found, canonical, of_file, split
from redis_resilience.lint.manifests.sentinels import by_master, of_sentinel_file
from redis_resilience.lint.manifests.settings import settings_of
from redis_resilience.lint.setup import Sentinel, Server, Setup

_SENTINEL = re.compile(r"^\s*sentinel\s", re.MULTILINE | re.IGNORECASE)
Include = Callable[[str, str], str | None]
"""The text of a file that another one (the first word) includes; None where it cannot be read."""


def is_configuration(name: str, text: str) -> bool:
    """Whether a file is a redis.conf or a sentinel.conf, by its name or by its lines."""
    if name.endswith((".conf", ".conf.tpl", ".conf.template")):
        return True
    said = [line for line in map(split, text.splitlines()) if line]
    return bool(said) and all(len(line) > 1 and (line[0] == "sentinel" or canonical(line[0]) in KNOWN) for line in said)


def read_bare(files: Sequence[tuple[str, str]], subject: str, include: Include) -> Setup:
    """files: names and texts."""
    servers: list[Server] = []
    sentinels: list[Sentinel] = []
    for name, text in files:
        if _SENTINEL.search(text):
            for master, told in by_master(of_sentinel_file(text, name)):
                settings = settings_of(told, name, complete=True)
                host = settings.seen.get("monitored")
                sentinels.append(Sentinel(name=name, master=master, settings=settings, monitored=host))
        else:
            said = [(each, name) for each in of_file(text, partial(include, name))]
            if all(each.name != "protected-mode" for each, _ in said):
                said.append((Found(name="protected-mode", value=None), "the image or the build"))
            servers.append(Server(name=name, settings=settings_of(said, name, complete=True)))
    return Setup(subject=subject, servers=tuple(servers), sentinels=tuple(sentinels), counted=False)
