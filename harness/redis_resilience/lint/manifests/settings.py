"""Directives put together to the settings that a server or a Sentinel starts with."""

from __future__ import annotations

from collections.abc import Iterable

from redis_resilience.lint.manifests.directives import Found
from redis_resilience.lint.manifests.images import is_official, may_be_official
from redis_resilience.lint.setup import Directives, Seen

_ADD_UP = ("rename-command", "save")


def settings_of(found: Iterable[tuple[Found, str]], where: str, *, complete: bool, image: str = "") -> Directives:
    """The last value wins, as in a file; one that cannot be read may come after it, and hides it.

    A file that is included and not there to be read hides all that stands before it.
    """
    seen: dict[str, Seen] = {}
    unreadable: dict[str, str] = {}
    for directive, place in found:
        name = directive.name
        if name == "include":
            complete = False
            unreadable |= dict.fromkeys(seen, f"{place}: include")
            seen.clear()
        elif directive.value is None:
            unreadable.setdefault(name, place)
        elif name in _ADD_UP and name in seen and directive.value:
            seen[name] = Seen(value=f"{seen[name].value} {directive.value}".strip(), where=seen[name].where)
        else:
            seen[name] = Seen(value=directive.value, where=f"{place}: {name}")
            if unreadable.get(name, "").endswith(": include"):
                del unreadable[name]
    readable = {name: value for name, value in seen.items() if name not in unreadable}
    if "aclfile" in readable and "requirepass" not in readable:
        unreadable["requirepass"] = readable["aclfile"].where
    if "protected-mode" not in {**readable, **unreadable} and complete:
        if is_official(image):
            readable["protected-mode"] = Seen(value="no", where=f"image {image}")
        elif may_be_official(image):
            unreadable["protected-mode"] = f"the image {image}"
    return Directives(where=where, seen=readable, complete=complete, unreadable=unreadable)
